// Is there enough content to personalise with? Topic by topic, for the readers who want it.
//
// In:   the log in commit order (LogConsumer), and a view of the catalogue when asked.
// Out:  SupplySummary: who wants each topic, what there is of it, how long that lasts the reader in
//       the middle, a verdict and remedies; what was asked for and is not there; what is forgotten.
//
// Nothing here knows how many people come by, and report/scale.h knows nothing of content: the two
// are never added. A topic's verdict is that of the reader in the middle of those who want it:
// how many deep items (report/inventory.h) they have not opened, and how many days those last at
// the pace they read the topic, if nothing new came. Counts of people are exact up to
// kSupplyReadersMax readers, and estimates with an interval beyond.
// consume() on the follower thread; the questions by any. docs/decisions/0074-supply.md.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/log_consumer.h"
#include "math/statistics.h"
#include "report/inventory.h"
#include "report/middle.h"
#include "report/supply_fold.h"

namespace ante {

inline constexpr double kUnseenMin = 5;    // items a reader must not have opened yet
inline constexpr double kLastsEnough = 7;  // days
inline constexpr double kLastsThin = 2;    // below: don't bet
inline constexpr std::size_t kSupplyTopicsListed = 200;
inline constexpr std::size_t kNeighbourTopicsMax = 256;  // most wanted topics that are compared
inline constexpr std::uint64_t kNeighbourSharedMin = 3;  // readers of both, before it is one
inline constexpr std::size_t kTypicalReadersMax = 500;   // asked for all of their topics together
inline constexpr std::uint64_t kWordsAskersMin = 3;      // fewer: words may be somebody's own
inline constexpr std::size_t kWordsLookedUp = 200;
inline constexpr std::size_t kUnmetNeedsListed = 20;
inline constexpr std::size_t kForgottenListed = 10;
inline constexpr DurationMs kSupplyGaugeMs = kMinuteMs;

enum class Depth : std::uint8_t {
  kUnknown = 0,  // nobody reads here yet
  kEnough = 1,
  kThin = 2,
  kDontBet = 3
};
const char* to_string(Depth depth);

struct PeopleCount {
  double value = 0;
  Interval interval;  // both ends the value where all were counted
};

struct TopicSupply {
  std::string topic;
  PeopleCount wanted, told, noticed;
  std::uint64_t fresh = 0, evergreen = 0, older = 0;
  std::array<std::uint64_t, kInventoryWeeks> published{};  // this week first
  Middle reads_a_day, unseen, lasts_days;
  bool keeps_up = false;  // what is published in a week covers what is read
  Depth depth = Depth::kUnknown;
  std::uint64_t missing = 0;  // evergreen items until it is enough
  std::string neighbour;      // with items, and most readers in common; empty = none
  std::uint64_t shared = 0;   // readers of both, of those that are kept
  std::vector<std::string> remedies;
};

// A reader with all of their topics together.
struct TypicalReader {
  Middle topics, reads_a_day, unseen, lasts_days;
  std::optional<double> red_share;  // of readers whose content lasts less than kLastsThin days
  Interval red_interval;
  Depth depth = Depth::kUnknown;
};

// Asked for, and nothing that can be shown answers it.
struct UnmetNeed {
  std::string text;
  bool topic = false;  // told as a topic; else searched only
  PeopleCount told, searched;
  double searches = 0;
};

struct SupplySummary {
  std::uint64_t readers = 0;   // kept, and seen in the last kInterestDays
  double each_stands_for = 1;  // 1: all readers were counted
  std::uint64_t items = 0;     // that can be shown
  std::uint64_t without_topic = 0;
  std::uint64_t wanted = 0, enough = 0, thin = 0, dont_bet = 0;  // topics that somebody wants
  std::uint64_t unwanted = 0;       // topics with items, wanted by none
  std::vector<TopicSupply> topics;  // most wanted first, at most kSupplyTopicsListed
  TypicalReader reader;
  std::vector<UnmetNeed> needs;     // most askers first
  std::uint64_t topics_by_few = 0;  // of no item, wanted by fewer than kWordsAskersMin; not counted
  std::uint64_t words_by_few = 0;   // searched by fewer than kWordsAskersMin; not named
  std::optional<std::uint64_t> forgotten;    // none: the log is younger than kForgottenDays
  std::vector<std::string> forgotten_items;  // ids, oldest first
  std::int32_t followed_days = 0;
  std::string sentence;
};

SupplySummary summarize(const SupplyFold& fold, const Inventory& inventory, TimeMs now_ms);
std::string to_json(const SupplySummary& summary);

class Supply final : public LogConsumer {
 public:
  Supply();
  ~Supply() override;

  SupplySummary summary(const CatalogView& catalog, TimeMs now_ms, CanBeShown can_be_shown) const;

  // True at most once a minute: time to count what is watched anew.
  bool gauge_due(TimeMs now_ms) const;

  std::string_view name() const override { return "supply"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante

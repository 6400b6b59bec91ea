// What do readers end up with? The mix after personalising, against the mix of who is left alone.
//
// In:   the log in commit order (LogConsumer), and a view of the catalogue when asked.
// Out:  AuditSummary of a slot or of all slots together: how varied each arm's mix is, how many of
//       the editor's must-reads reach a reader, how old the mix is, what serves and what sells, how
//       much of the catalogue nobody was shown, and who was narrowed to one topic for a week.
//
// The unit is the person, and intervals (95 %) are for one look. Only people with at least
// kMixPlacesMin places in the window count: of fewer a mix says nothing. In all slots together a
// person who is treated in one and held out in another is left out. What is shown of the catalogue
// grows with how much is shown: arms of different size are not compared by it.
// consume() on the follower thread; summary() by any. docs/decisions/0075-content-audit.md.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/log_consumer.h"
#include "report/content_audit_fold.h"
#include "report/estimate.h"
#include "report/inventory.h"

namespace ante {

inline constexpr std::uint32_t kMixPlacesMin = 10;
inline constexpr std::uint64_t kAuditPeopleMin = 25;  // in an arm, before anything is said of it
inline constexpr double kNarrowerBitsMin = 0.1;       // a smaller difference is not worth a word
inline constexpr std::size_t kNarrowedListed = 20;

struct AuditArm {
  std::uint64_t people = 0, people_few = 0;  // with enough places, and with fewer
  std::uint64_t places = 0;                  // of the former
  std::uint64_t serves = 0, sells = 0;       // of their places
  std::uint64_t narrowed = 0;                // of the former
  Estimate entropy_bits;                     // of the topics of one person's mix
  Estimate must_read_reach;                  // share of the must-reads that reached one person
  Estimate age_hours;                        // the middle of the middles
  Estimate serve_share, sell_share;          // of one person's places
  Estimate serve_to_sell;                    // places that serve, for each that sells
  Estimate never_shown;                      // share of what can be shown
  Estimate narrowed_share;                   // of people
};

struct NarrowedReader {
  PersonHash person;
  Arm arm = Arm::kTreated;
  std::string topic;
  std::int32_t since_day = 0;
  std::uint32_t places = 0;
};

struct AuditSummary {
  std::string slot;  // empty = all together
  double each_stands_for = 1;
  std::uint64_t mixed = 0;       // in different arms in different slots: left out
  std::uint64_t must_reads = 0;  // that can be shown now
  AuditArm treated, holdout;
  Estimate never_shown;                               // share of what can be shown, in neither arm
  Estimate entropy_difference, must_read_difference;  // treated less holdout
  std::vector<std::pair<std::string, std::uint64_t>> narrowed_topics;  // most readers first
  std::vector<NarrowedReader> narrowed;                                // the longest first
  std::string sentence;
};

// `slot` empty: all slots together.
AuditSummary summarize(const ContentAuditFold& fold, const Inventory& inventory,
                       std::string_view slot, TimeMs now_ms);
std::string to_json(const AuditSummary& summary);

class ContentAudit final : public LogConsumer {
 public:
  ContentAudit();
  ~ContentAudit() override;

  AuditSummary summary(const CatalogView& catalog, TimeMs now_ms, CanBeShown can_be_shown,
                       std::string_view slot) const;

  std::string_view name() const override { return "audit"; }
  void consume(const CommittedRecord& record) override;
  std::string save() const override;
  Result<void> load(std::string_view bytes) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante

// The fold behind the supply report: who wants which topics, what they opened, what was asked for.
//
// In:   the log in commit order: events, decisions, consents, links, erasures.
// Out:  readers with what they want, opened and searched; the day each item was last shown.
//
// Readers are whole people, exactly all of them up to kSupplyReadersMax; beyond that a fair half is
// kept, then a quarter (report/hash_sample.h), and every count says what it stands for. Who was not
// seen for kInterestDays goes, unless they told something: then they stay kToldKeepDays.
// An item counts as shown when it was answered to anybody, in any slot and arm.
// Words are kept while somebody who asked for them is; the least asked quarter goes when there are
// too many; an erased reader's go at once. One thread at a time. docs/decisions/0074-supply.md.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/decision.h"
#include "domain/event.h"
#include "domain/record.h"
#include "report/hash_sample.h"
#include "report/reader_interests.h"
#include "reward/person_links.h"

namespace ante {

inline constexpr std::size_t kSupplyReadersMax = 16'384;
inline constexpr std::size_t kReaderOpenedMax = 256;  // newest items of one reader
inline constexpr std::size_t kOpenedTopicsMax = 5;    // of one opened item; later ones do not count
inline constexpr std::size_t kReaderSearchesMax = 16;
inline constexpr std::size_t kSupplyWordsMax = 2000;
inline constexpr std::size_t kSupplyWordsBytesMax = 100;
inline constexpr std::size_t kTopicNamesMax = 2000;  // of topics that events named
inline constexpr std::size_t kShownItemsKept = 200'000;
inline constexpr std::int32_t kForgottenDays = 90;

struct OpenedItem {
  ItemKey item;
  std::int32_t day = 0;                                  // of the last time
  std::array<std::uint32_t, kOpenedTopicsMax> topics{};  // as they were then; 0 = none
};

struct SearchedWords {
  std::uint64_t words = 0;
  std::int32_t day = 0;  // of the last time
  std::uint32_t count = 0;
};

struct SupplyReader {
  std::int32_t first_day = 0, last_day = 0;
  ReaderInterests interests;
  std::vector<OpenedItem> opened;  // each item once
  std::vector<SearchedWords> searched;
  bool seen_lately(std::int32_t today) const { return last_day > today - kInterestDays; }
};

struct WordsAsked {
  std::uint64_t askers = 0, searches = 0;
};

class SupplyFold {
 public:
  void consume(const CommittedRecord& record);

  const std::map<PersonHash, SupplyReader>& readers() const { return readers_; }
  const HashSample& sample() const { return sample_; }
  // How often words were asked for by the readers that are kept, in the days before `today`.
  std::map<std::uint64_t, WordsAsked> asked(std::int32_t today) const;
  const std::map<std::uint64_t, std::string>& words() const { return words_; }
  // Names of topics that readers follow or came to pages of; no item may have them.
  const std::map<std::uint32_t, std::string>& topic_names() const { return topic_names_; }
  // The day an item was last shown; none: not in kForgottenDays.
  std::optional<std::int32_t> shown_day(ItemKey item) const;
  // Since when the log is followed; none: nothing came yet.
  std::optional<std::int32_t> since_day() const { return since_day_; }

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  void pass(TimeMs received_at);
  void expire();
  void happened(const CommittedRecord& record);
  void consented(PersonHash person, std::uint8_t bits, std::int32_t day);
  void shown(const Decision& decision);
  SupplyReader* reader(PersonHash person, std::int32_t day);
  void note_words(SupplyReader& reader, std::string_view query, std::int32_t day);
  void note_names(const Event& event);
  void join(const PersonLinks::Joined& joined);
  void forget(PersonHash person);
  void drop_least_asked();
  void drop_unused_names();
  void drop_names_of(const SupplyReader& gone);

  PersonLinks links_;
  HashSample sample_;
  std::map<PersonHash, SupplyReader> readers_;
  std::map<std::uint64_t, std::string> words_;
  std::map<std::uint32_t, std::string> topic_names_;
  std::unordered_map<ItemKey, std::int32_t> shown_;
  std::optional<std::int32_t> since_day_;
  TimeMs now_ms_ = 0;
};

}  // namespace ante

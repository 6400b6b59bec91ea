// The fold behind the content audit: the mix that each person ended up with, slot by slot.
//
// In:   the log in commit order: decisions, items, events, consents, links, erasures.
// Out:  of each person and slot the topics, ages and kinds of what was answered to them in the last
//       kAuditWeeks calendar weeks (UTC, from Monday; this one included: 22 to 28 days), the
//       editor's must-reads among it, and since when all of it has a topic in common.
//
// Answered is not seen: it is what the engine chose, before anybody turned away. Decisions that do
// not compare the arms (report/lift_fold.h) are left out, so both arms lose the same people, and so
// are the standing controls. A
// person who is answered in the other arm from some day on begins anew there.
// Whole people up to kAuditPeopleMax, then a fair half (report/hash_sample.h); the same for the
// (slot, item) pairs of what was shown at all. Items: kAuditItemsMax, the older half goes.
// One thread at a time. docs/decisions/0075-content-audit.md.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/decision.h"
#include "domain/item.h"
#include "domain/record.h"
#include "report/hash_sample.h"
#include "report/reader_interests.h"
#include "reward/person_links.h"

namespace ante {

inline constexpr std::size_t kAuditPeopleMax = 16'384;
inline constexpr std::size_t kPersonSlotsMax = 32;  // of one person; the one longest ago goes
inline constexpr std::int32_t kAuditWeeks = 4;
inline constexpr std::size_t kWeekTopicsMax = 64;  // of one mix and week; later ones are not told
inline constexpr std::size_t kAuditItemsMax = 200'000;
inline constexpr std::size_t kAuditShownMax = 131'072;  // (slot, item) pairs
inline constexpr std::size_t kMustReadsMax = 64;        // the one marked longest ago gives way
inline constexpr std::size_t kAgeClasses = 32;  // half a doubling each from an hour on, to 5 years
inline constexpr std::int32_t kNarrowDays = 7;
inline constexpr std::uint32_t kNarrowDaysSeen = 3;  // different days in it
inline constexpr std::uint32_t kNarrowPlaces = 10;

// What was answered in one calendar week.
struct WeekMix {
  std::int32_t week = 0;
  std::uint32_t places = 0;
  std::uint32_t serves = 0, sells = 0;  // the rest does neither
  std::array<std::uint32_t, kAgeClasses> ages{};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> topics;  // by topic: places that have it

  void add(const WeekMix& other);
};

// Since when everything answered has a topic in common.
struct NarrowRun {
  std::int32_t since_day = 0, last_day = 0;
  std::uint32_t days = 0, places = 0;
  std::vector<std::uint32_t> topics;  // sorted; empty = none in common
  bool narrow(std::int32_t today) const;
};

struct SlotMix {
  Arm arm = Arm::kTreated;
  std::int32_t last_day = 0;
  std::uint64_t must_reads = 0;  // bits: places in ContentAuditFold::must_reads()
  std::vector<WeekMix> weeks;    // oldest first
  NarrowRun run;

  // The same person in another slot, or under another id. REQUIRES the same arm.
  void merge(const SlotMix& other);
};

struct AuditPerson {
  std::int32_t last_day = 0;
  ReaderInterests interests;
  std::map<SlotKey, SlotMix> slots;
};

struct AuditItem {
  TimeMs date_ms = 0;  // publishedAt, else first sight
  bool sells = false;
};

// The day an item was last shown in each arm; kNeverNoticed: not at all.
using ShownInArms = std::array<std::int32_t, 2>;
inline std::size_t place_of(Arm arm) { return arm == Arm::kHoldout ? 1 : 0; }

inline std::int32_t week_of(std::int32_t day) { return (day + 3) / 7; }

class ContentAuditFold {
 public:
  void consume(const CommittedRecord& record);

  const std::map<PersonHash, AuditPerson>& people() const { return people_; }
  const HashSample& sample() const { return sample_; }
  const std::map<SlotKey, std::unordered_map<ItemKey, ShownInArms>>& shown() const {
    return shown_;
  }
  const HashSample& item_sample() const { return item_sample_; }
  // The items marked must-read, by bit; 0 = the bit is free.
  const std::array<ItemKey, kMustReadsMax>& must_reads() const { return must_reads_; }

  std::string save() const;
  Result<void> load(std::string_view bytes);

 private:
  void pass(TimeMs received_at);
  void expire();
  void changed(const Item& item, TimeMs received_at);
  void mark_must_read(const Item& item);
  void free_bit(std::size_t bit);
  void decided(const Decision& decision);
  void note_shown(const Decision& decision, std::int32_t day);
  AuditPerson* person(PersonHash person, std::int32_t day);
  SlotMix& mix_of(AuditPerson& person, const Decision& decision, std::int32_t day);
  void count(SlotMix& mix, const ReaderInterests& interests, const Decision& decision,
             std::int32_t day) const;
  void happened(const CommittedRecord& record);
  void join(const PersonLinks::Joined& joined);

  PersonLinks links_;
  HashSample sample_, item_sample_;
  std::map<PersonHash, AuditPerson> people_;
  std::map<SlotKey, std::unordered_map<ItemKey, ShownInArms>> shown_;
  std::size_t shown_pairs_ = 0;
  std::unordered_map<ItemKey, AuditItem> items_;
  std::array<ItemKey, kMustReadsMax> must_reads_{};
  std::array<std::uint64_t, kMustReadsMax> marked_{};  // in which order
  std::uint64_t marks_ = 0;
  TimeMs now_ms_ = 0;
};

// A product or anything with a price sells, whatever else it does; so does what says so.
bool sells(const Item& item);

}  // namespace ante

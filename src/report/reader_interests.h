// The topics one reader wants: told (followed, pinned, asked for more of), or noticed lately.
//
// In:   their events. Out: whether they want a topic, and how that is known.
//
// Told ones stay until they are taken back; noticed ones count for kInterestDays. Who allows no
// profile, and an event that may not be used, is not noticed; what is told acts all the same.
// At most kInterestTopicsMax: the one noticed longest ago gives way, told ones never do.
// Plain data; one thread.

#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/bytes.h"
#include "domain/event.h"
#include "domain/ids.h"

namespace ante {

inline constexpr std::size_t kInterestTopicsMax = 32;
inline constexpr std::int32_t kInterestDays = 28;
inline constexpr std::int32_t kToldKeepDays = 400;  // of somebody who does not come any more
inline constexpr std::int32_t kNeverNoticed = std::numeric_limits<std::int32_t>::min() / 2;

inline std::int32_t day_of(TimeMs at_ms) { return static_cast<std::int32_t>(at_ms / kDayMs); }

// The low half of a topic's key, as ItemCard has it: two of 10,000 topics fall together once in a
// hundred sites.
inline std::uint32_t short_key(TopicKey topic) { return static_cast<std::uint32_t>(topic.value); }

struct ReaderInterests {
  struct Topic {
    std::uint32_t topic = 0;
    std::int32_t noticed_day = kNeverNoticed;
    bool told = false;
    bool noticed(std::int32_t today) const { return noticed_day > today - kInterestDays; }
    friend bool operator==(const Topic&, const Topic&) = default;
  };
  std::vector<Topic> topics;  // by topic
  bool may_notice = true;

  void consume(const Event& event, std::int32_t day);
  void set_may_notice(bool allowed);
  bool wants(std::uint32_t topic, std::int32_t today) const;
  bool told_any() const;
  // Forgets what was noticed too long ago.
  void expire(std::int32_t today);
  // Two ids turned out to be one person: what either refuses is refused.
  void merge(const ReaderInterests& other);

  void save(ByteWriter& out) const;
  // False: the bytes are damaged.
  bool load(ByteReader& in);

 private:
  Topic* open(std::uint32_t topic);
  void tell(const std::vector<TopicKey>& keys);
  void notice(const std::vector<TopicKey>& keys, std::int32_t day);
  void drop(const std::vector<TopicKey>& keys);
};

// An item was opened: seen from near, not only listed.
bool opens_items(const Event& event);

}  // namespace ante

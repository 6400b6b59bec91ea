#include "report/reader_interests.h"

#include <algorithm>

namespace ante {

namespace {

bool notices(EventKind kind) {
  switch (kind) {
    case EventKind::kPage:
    case EventKind::kViewed:
    case EventKind::kClicked:
    case EventKind::kArticleRead:
    case EventKind::kAddedToCart:
    case EventKind::kPurchased:
    case EventKind::kSearched:
    case EventKind::kShared:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool opens_items(const Event& event) {
  return event.kind == EventKind::kViewed || event.kind == EventKind::kClicked ||
         event.kind == EventKind::kArticleRead;
}

// Null: there is no room.
ReaderInterests::Topic* ReaderInterests::open(std::uint32_t topic) {
  auto at = std::ranges::lower_bound(topics, topic, {}, &Topic::topic);
  if (at != topics.end() && at->topic == topic) return &*at;
  if (topics.size() >= kInterestTopicsMax) {
    const auto oldest = std::ranges::min_element(topics, [](const Topic& a, const Topic& b) {
      return a.told != b.told ? b.told : a.noticed_day < b.noticed_day;
    });
    if (oldest->told) return nullptr;
    topics.erase(oldest);
    at = std::ranges::lower_bound(topics, topic, {}, &Topic::topic);
  }
  return &*topics.insert(at, {topic, kNeverNoticed, false});
}

void ReaderInterests::tell(const std::vector<TopicKey>& keys) {
  for (const TopicKey key : keys) {
    if (Topic* topic = open(short_key(key))) topic->told = true;
  }
}

void ReaderInterests::notice(const std::vector<TopicKey>& keys, std::int32_t day) {
  for (const TopicKey key : keys) {
    if (Topic* topic = open(short_key(key))) topic->noticed_day = std::max(topic->noticed_day, day);
  }
}

void ReaderInterests::drop(const std::vector<TopicKey>& keys) {
  std::erase_if(topics, [&](const Topic& topic) {
    return std::ranges::find(keys, topic.topic, short_key) != keys.end();
  });
}

void ReaderInterests::consume(const Event& event, std::int32_t day) {
  if (event.consent) set_may_notice(event.consent->profile);
  switch (event.kind) {
    case EventKind::kTopicFollowed:
      tell(event.topics);
      break;
    case EventKind::kPinned:
    case EventKind::kMoreLikeThis:
      tell(event.topics);
      for (const EventItem& item : event.items) tell(item.topics);
      break;
    case EventKind::kTopicUnfollowed:
      for (Topic& topic : topics) {
        if (std::ranges::find(event.topics, topic.topic, short_key) != event.topics.end())
          topic.told = false;
      }
      break;
    case EventKind::kLessLikeThis:
      drop(event.topics);
      for (const EventItem& item : event.items) drop(item.topics);
      break;
    case EventKind::kNotForMe:
      if (event.reason != "topic") break;
      drop(event.topics);
      if (!event.topics.empty()) break;
      for (const EventItem& item : event.items) drop(item.topics);
      break;
    default:
      break;
  }
  if (!may_notice || !event.use_for_decisions || !notices(event.kind)) return;
  notice(event.topics, day);
  for (const EventItem& item : event.items) notice(item.topics, day);
}

void ReaderInterests::set_may_notice(bool allowed) {
  may_notice = allowed;
  if (allowed) return;
  std::erase_if(topics, [](const Topic& topic) { return !topic.told; });
  for (Topic& topic : topics) topic.noticed_day = kNeverNoticed;
}

bool ReaderInterests::wants(std::uint32_t topic, std::int32_t today) const {
  const auto at = std::ranges::lower_bound(topics, topic, {}, &Topic::topic);
  return at != topics.end() && at->topic == topic && (at->told || at->noticed(today));
}

bool ReaderInterests::told_any() const {
  return std::ranges::any_of(topics, [](const Topic& topic) { return topic.told; });
}

void ReaderInterests::expire(std::int32_t today) {
  std::erase_if(topics, [today](const Topic& t) { return !t.told && !t.noticed(today); });
}

void ReaderInterests::merge(const ReaderInterests& other) {
  for (const Topic& theirs : other.topics) {
    Topic* mine = open(theirs.topic);
    if (mine == nullptr) continue;
    mine->told = mine->told || theirs.told;
    mine->noticed_day = std::max(mine->noticed_day, theirs.noticed_day);
  }
  set_may_notice(may_notice && other.may_notice);
}

void ReaderInterests::save(ByteWriter& out) const {
  out.u8(may_notice ? 1 : 0);
  out.varint(topics.size());
  for (const Topic& topic : topics) {
    out.u32(topic.topic);
    out.svarint(topic.noticed_day);
    out.u8(topic.told ? 1 : 0);
  }
}

bool ReaderInterests::load(ByteReader& in) {
  may_notice = in.u8() != 0;
  topics.resize(in.count(6));
  for (Topic& topic : topics) {
    topic.topic = in.u32();
    topic.noticed_day = static_cast<std::int32_t>(in.svarint());
    topic.told = in.u8() != 0;
  }
  return in.ok() && topics.size() <= kInterestTopicsMax &&
         std::ranges::is_sorted(topics, std::ranges::less_equal{}, &Topic::topic);
}

}  // namespace ante

// The folds of supply and audit through random worlds: however often they are saved and loaded on
// the way, and from whatever record on, the state is the same.

#include <memory>

#include <gtest/gtest.h>

#include "base/random.h"
#include "report/content_audit.h"
#include "report/supply.h"

namespace ante {
namespace {

constexpr TimeMs kModelStart = 1'795'330'800'000;

class RandomLog {
 public:
  explicit RandomLog(std::uint64_t seed) : random_(seed) {}

  // The next record; its body lives until the next call.
  CommittedRecord next() {
    now_ += static_cast<TimeMs>(random_.below(90)) * kMinuteMs;
    RecordHeader header;
    header.person = person();
    header.received_at = now_;
    header.occurred_at = now_ - static_cast<TimeMs>(random_.below(3)) * kDayMs;
    header.kind = fill_body(header.person);
    const bool control = header.kind == RecordKind::kItem;
    ++sequence_;
    return {Commit{sequence_}, control ? kControlPartition : partition_of(header.person),
            Sequence{sequence_}, header, body_};
  }

 private:
  PersonHash person() {
    const std::uint64_t n = random_.below(60);
    return PersonHash{{mix64(n + 1), mix64(n + 7)}};
  }
  std::string item() { return "item-" + std::to_string(random_.below(80)); }
  std::vector<TopicKey> topics() {
    std::vector<TopicKey> topics;
    for (std::uint64_t i = random_.below(4); i > 0; --i)
      topics.push_back(topic_key("topic-" + std::to_string(random_.below(9))));
    return topics;
  }
  RecordKind fill_body(PersonHash who) {
    const std::uint64_t draw = random_.below(100);
    if (draw < 45) return fill_event();
    if (draw < 80) return fill_decision(who);
    if (draw < 92) return fill_item();
    if (draw < 95) {
      body_ = std::string(1, static_cast<char>(random_.below(32)));
      return RecordKind::kConsent;
    }
    if (draw < 97) {
      Link link;
      link.other = person();
      body_ = encode(link);
      return RecordKind::kLink;
    }
    body_ = draw == 97 ? "\xff" : "";
    return draw == 97 ? RecordKind::kEvent : RecordKind::kErase;
  }
  RecordKind fill_event() {
    constexpr EventKind kKinds[] = {EventKind::kViewed,       EventKind::kArticleRead,
                                    EventKind::kSearched,     EventKind::kTopicFollowed,
                                    EventKind::kLessLikeThis, EventKind::kTopicUnfollowed,
                                    EventKind::kPage,         EventKind::kPinned};
    Event event;
    event.kind = kKinds[random_.below(std::size(kKinds))];
    event.name = "Event";
    if (event.kind == EventKind::kSearched)
      event.query = "words " + std::to_string(random_.below(40));
    EventItem one;
    one.id = item();
    one.key = item_key(one.id);
    one.topics = topics();
    if (event.kind != EventKind::kSearched) event.items = {one};
    event.topics = topics();
    event.properties_json = "{\"topic\":\"topic-" + std::to_string(random_.below(9)) + "\"}";
    event.use_for_decisions = random_.below(20) != 0;
    body_ = encode(event);
    return RecordKind::kEvent;
  }
  RecordKind fill_decision(PersonHash who) {
    Decision decision;
    decision.people = {who};
    decision.slot = slot_key(random_.below(2) == 0 ? "home" : "end");
    decision.at_ms = now_;
    decision.arm = random_.below(5) == 0 ? Arm::kHoldout : Arm::kTreated;
    decision.outcome = random_.below(9) == 0 ? Outcome::kGeneral : Outcome::kBet;
    for (std::uint64_t i = random_.below(5); i > 0; --i) {
      Placement place;
      place.item_id = item();
      place.item = item_key(place.item_id);
      place.topics = topics();
      decision.served.push_back(place);
    }
    body_ = encode(decision);
    return RecordKind::kDecision;
  }
  RecordKind fill_item() {
    Item changed;
    changed.id = item();
    changed.key = item_key(changed.id);
    changed.must_read = random_.below(3) == 0;
    changed.withdrawn = random_.below(9) == 0;
    if (random_.below(2) == 0) changed.published_at_ms = now_ - 30 * kDayMs;
    body_ = encode(changed);
    return RecordKind::kItem;
  }

  Random random_;
  TimeMs now_ = kModelStart;
  std::uint64_t sequence_ = 0;
  std::string body_;
};

template <typename Fold>
void check_saved_on_the_way(std::uint64_t seed) {
  SCOPED_TRACE(seed);
  RandomLog log(seed);
  Random when(seed + 100);
  auto whole = std::make_unique<Fold>();
  auto interrupted = std::make_unique<Fold>();
  for (int i = 0; i < 3000; ++i) {
    const CommittedRecord record = log.next();
    whole->consume(record);
    interrupted->consume(record);
    if (when.below(200) != 0) continue;
    const std::string bytes = interrupted->save();
    ASSERT_EQ(bytes, whole->save()) << i;
    interrupted = std::make_unique<Fold>();
    ASSERT_TRUE(interrupted->load(bytes));
  }
  EXPECT_EQ(interrupted->save(), whole->save());
  EXPECT_GT(whole->save().size(), 2000u);  // there was something to keep
}

TEST(SupplyAuditModel, SavedOnTheWayTheyStayTheSame) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    check_saved_on_the_way<Supply>(seed);
    check_saved_on_the_way<ContentAudit>(seed);
  }
}

}  // namespace
}  // namespace ante

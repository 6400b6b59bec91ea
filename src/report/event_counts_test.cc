// Which events arrive, and what people allow: counted, bounded, and the same after a restart.

#include "report/event_counts.h"

#include <cmath>
#include <span>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "domain/decision.h"

namespace ante {
namespace {

constexpr TimeMs kMorning = 1'795'330'800'000;  // 2026-11-22T07:00:00Z
constexpr Purpose kProfileOnly[] = {Purpose::kProfile};
constexpr Purpose kMail[] = {Purpose::kProfile, Purpose::kEmail};

PersonHash someone(std::uint64_t n) { return PersonHash{{mix64(n + 1), n + 1}}; }

struct CountedLog {
  EventCounts counts;
  std::uint64_t sequence = 0;

  void put(RecordKind kind, PersonHash who, TimeMs at, const std::string& body) {
    ++sequence;
    counts.consume({Commit{sequence}, partition_of(who), Sequence{sequence},
                    RecordHeader{kind, kFirstTenant, who, at, at}, body});
  }
  void event(std::uint64_t who, const char* name, TimeMs at = kMorning,
             std::optional<Consent> consent = {}) {
    Event event;
    event.name = name;
    event.consent = consent;
    put(RecordKind::kEvent, someone(who), at, encode(event));
  }
  void consent(std::uint64_t who, Consent consent) {
    put(RecordKind::kConsent, someone(who), kMorning,
        std::string(1, static_cast<char>(consent_bits(consent))));
  }
  void link(std::uint64_t a, std::uint64_t b) {
    put(RecordKind::kLink, someone(a), kMorning, encode(Link{someone(b), 0, true}));
  }
  // What was saved comes back, and saves the same.
  void check_saved() {
    EventCounts again;
    ASSERT_TRUE(again.load(counts.save()));
    EXPECT_EQ(again.save(), counts.save());
    const auto check_same = [&](std::span<const Purpose> purposes) {
      EXPECT_EQ(again.people(purposes).people, counts.people(purposes).people);
      EXPECT_EQ(again.people(purposes).allowing, counts.people(purposes).allowing);
    };
    check_same(kProfileOnly);
    check_same(kMail);
  }
};

TEST(EventCounts, CountsByNameWhateverTheCaseAndByDay) {
  CountedLog log;
  EXPECT_FALSE(log.counts.find("Article Read"));
  log.event(1, "Article Read", kMorning - 10 * kDayMs);
  log.event(1, "article read", kMorning);
  log.event(2, "ARTICLE READ", kMorning + 1);
  Reward reward;
  reward.measure = "click";
  log.put(RecordKind::kReward, someone(1), kMorning, encode(reward));
  const auto read = log.counts.find("Article read");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "Article Read");
  EXPECT_EQ(read->total, 3u);
  EXPECT_EQ(read->last_ms, kMorning + 1);
  EXPECT_EQ(read->within(kMorning, 7), 2u);
  EXPECT_EQ(read->within(kMorning, 11), 3u);
  EXPECT_EQ(read->within(kMorning + 30 * kDayMs, 7), 0u);
  EXPECT_EQ(log.counts.find("Click")->total, 1u);
  log.put(RecordKind::kEvent, someone(1), kMorning, "not an event");  // of a later version
  EXPECT_EQ(log.counts.names(), (std::vector<std::string>{"Article Read", "click"}));
  log.check_saved();
}

TEST(EventCounts, KeepsAQuarterByDay) {
  CountedLog log;
  for (std::int32_t day = 0; day < 400; ++day) log.event(1, "a", kMorning + day * kDayMs);
  auto a = log.counts.find("a");
  EXPECT_EQ(a->total, 400u);
  EXPECT_EQ(a->days.size(), kEventDaysMax);
  EXPECT_EQ(a->within(kMorning + 399 * kDayMs, 7), 7u);
  log.event(1, "a", kMorning + 5000 * kDayMs);
  a = log.counts.find("a");
  EXPECT_EQ(a->days.size(), 1u);
  EXPECT_EQ(a->within(kMorning + 5000 * kDayMs, 7), 1u);
  log.event(1, "a", kMorning);  // another partition's clock is behind: counted, not lost
  EXPECT_EQ(log.counts.find("a")->total, 402u);
  log.check_saved();
}

TEST(EventCounts, AFloodOfNamesPushesOutNoneThatComesOften) {
  CountedLog log;
  for (int i = 0; i < 3; ++i) log.event(1, "Article Read");
  for (int i = 0; i < 5000; ++i) log.event(1, fmt::format("made up {}", i).c_str(), kMorning + i);
  EXPECT_EQ(log.counts.names().size(), kEventNamesMax);
  EXPECT_EQ(log.counts.names_dropped(), 5001 - kEventNamesMax);
  EXPECT_EQ(log.counts.find("Article Read")->total, 3u);
  EXPECT_TRUE(log.counts.find("made up 4999"));
  EXPECT_FALSE(log.counts.find("made up 0"));
  log.check_saved();
}

TEST(EventCounts, KnowsWhatPeopleAllow) {
  CountedLog log;
  EXPECT_EQ(log.counts.people(kProfileOnly).people, 0u);
  log.event(1, "a");
  log.event(2, "a", kMorning, Consent{.profile = false});
  log.consent(3, {.email = true});
  EXPECT_EQ(log.counts.people(kProfileOnly).people, 3u);
  EXPECT_EQ(log.counts.people(kProfileOnly).allowing, 2u);
  EXPECT_EQ(log.counts.people(kMail).allowing, 1u);
  EXPECT_EQ(log.counts.find("a")->sampled, 2u);
  EXPECT_EQ(log.counts.find("a")->allowed, 1u);
  log.link(1, 2);  // one person now, and one of the two said no
  EXPECT_EQ(log.counts.people(kProfileOnly).people, 2u);
  EXPECT_EQ(log.counts.people(kProfileOnly).allowing, 1u);
  log.consent(2, {.email = true});  // thought better of it; under the other id nothing was said
  EXPECT_EQ(log.counts.people(kProfileOnly).allowing, 2u);
  EXPECT_EQ(log.counts.people(kMail).allowing, 2u);
  log.check_saved();
  log.consent(1, {.profile = false});  // whichever id said no
  EXPECT_EQ(log.counts.people(kProfileOnly).allowing, 1u);
  log.consent(1, {});
  log.consent(2, {.profile = false});
  EXPECT_EQ(log.counts.people(kProfileOnly).allowing, 1u);
  log.check_saved();
  for (const std::uint64_t who : {1, 2}) log.put(RecordKind::kErase, someone(who), kMorning, "");
  EXPECT_EQ(log.counts.people(kProfileOnly).people, 1u);
  log.check_saved();
}

TEST(EventCounts, ASampleTellsTheShareOfMany) {
  CountedLog log;
  Random random(5);
  constexpr std::uint64_t kPeople = 100'000;
  std::uint64_t allowing = 0;
  for (std::uint64_t who = 0; who < kPeople; ++who) {
    const bool allows = random.uniform() < 0.3;
    allowing += allows ? 1 : 0;
    log.event(who, "a", kMorning, Consent{.profile = allows});
  }
  const ConsentCount count = log.counts.people(kProfileOnly);
  EXPECT_LE(count.people, kConsentPeopleMax);
  EXPECT_EQ(count.sample, 0.125);
  EXPECT_NEAR(static_cast<double>(count.people), count.sample * kPeople,
              4 * std::sqrt(kPeople / 8.0));
  const double share = static_cast<double>(count.allowing) / static_cast<double>(count.people);
  EXPECT_NEAR(share, static_cast<double>(allowing) / kPeople, 4 * 0.46 / std::sqrt(12'500.0));
  EXPECT_EQ(log.counts.find("a")->total, kPeople);
  log.check_saved();
}

TEST(EventCounts, RefusesADamagedCheckpoint) {
  CountedLog log;
  log.event(1, "a");
  log.consent(2, {});
  const std::string bytes = log.counts.save();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(EventCounts().load(bytes.substr(0, cut))) << cut;
  EventCounts second;  // the newest checkpoint is damaged, an older one is not
  EXPECT_FALSE(second.load(bytes.substr(0, bytes.size() - 1)));
  ASSERT_TRUE(second.load(bytes));
  EXPECT_EQ(second.save(), bytes);
  EXPECT_FALSE(EventCounts().load(bytes + "x"));
  std::string later = bytes;
  later[0] = 9;
  EXPECT_FALSE(EventCounts().load(later));
}

}  // namespace
}  // namespace ante

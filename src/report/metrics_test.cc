#include "report/metrics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "domain/bucketing.h"
#include "reward/joiner.h"

namespace ante {
namespace {

constexpr TimeMs kMetricsStart = 1'700'000'000'000;
constexpr DurationMs kMetricsWindow = 2 * kHourMs;
constexpr const char* kMetricsSalt = "salt";

PersonHash metric_person(std::uint64_t n) { return PersonHash{{mix64(n + 1), n + 1}}; }

class MetricsTest : public testing::Test {
 protected:
  MetricsTest() { put_slot("home", 0.3); }

  void put(RecordKind kind, PersonHash who, TimeMs occurred, TimeMs received,
           const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.person = who;
    header.occurred_at = occurred;
    header.received_at = received;
    ++sequence;
    const Partition partition = kind == RecordKind::kObject ? kControlPartition : partition_of(who);
    report->consume({Commit{sequence}, partition, Sequence{sequence}, header, body});
  }
  void put_object(std::string type, std::string id, std::string json, TimeMs at = kMetricsStart,
                  bool deleted = false) {
    Object object{std::move(type), std::move(id),  ++sequence, deleted, "me",
                  "test",          std::move(json)};
    put(RecordKind::kObject, PersonHash{}, at, at, encode(object));
  }
  void put_slot(const std::string& name, double holdout) {
    Slot slot;
    slot.name = name;
    slot.key = slot_key(name);
    slot.holdout = holdout;
    slot.goal_window_ms = kMetricsWindow;
    slot.waived_by = slot.waived_reason = "t";
    put_object("slot", name, slot_to_json(slot));
  }
  void define(const std::string& id, const std::string& json, TimeMs at = kMetricsStart) {
    const auto metric = metric_from_json(id, json);
    ASSERT_TRUE(metric) << metric.error().message;
    put_object("metric", id, metric_to_json(*metric), at);
  }
  Decision decision(std::uint64_t who, Arm arm, TimeMs at, const std::string& slot = "home") {
    Decision d;
    d.id = DecisionId{{static_cast<std::uint64_t>(at) << 16, ++sequence}};
    d.people = {metric_person(who)};
    d.slot = slot_key(slot);
    d.slot_name = slot;
    d.at_ms = at;
    d.arm = arm;
    d.outcome = arm == Arm::kHoldout   ? Outcome::kHoldout
                : is_list_control(arm) ? Outcome::kControl
                                       : Outcome::kBet;
    d.activated = true;
    return d;
  }
  void show(std::uint64_t who, Arm arm, TimeMs at, const std::string& asked = "") {
    Decision d = decision(who, arm, at);
    d.asked = asked;
    put(RecordKind::kDecision, metric_person(who), at, at, encode(d));
  }
  void happen(std::uint64_t who, const std::string& name, TimeMs occurred, TimeMs received,
              double value = 0, EventKind kind = EventKind::kOther, std::string properties = "",
              bool invited = false) {
    Event event;
    event.kind = kind;
    event.name = name;
    event.value = value;
    event.properties_json = std::move(properties);
    event.invited = invited;
    put(RecordKind::kEvent, metric_person(who), occurred, received, encode(event));
  }
  void pass(TimeMs until) { put(RecordKind::kFacts, PersonHash{}, until, until, ""); }
  MetricSummary of(const std::string& id, const std::string& slot = "home") {
    const auto card = report->scorecard_of(slot);
    EXPECT_TRUE(card);
    for (const MetricSummary& each : card->metrics) {
      if (each.metric.id == id) return each;
    }
    ADD_FAILURE() << "no metric " << id;
    return {};
  }

  std::unique_ptr<LiftReport> report = std::make_unique<LiftReport>(kMetricsSalt);
  std::uint64_t sequence = 0;
};

const char* kBoughtMetric = R"({"class":"business","count":{"event":"Bought"},"windowMs":7200000})";

TEST_F(MetricsTest, EachAggregationCountsWhatItSays) {
  define("share", kBoughtMetric);
  define("mean", R"({"class":"business","how":"mean","of":"value","cap":10,
                     "count":{"event":"Bought"},"windowMs":7200000})");
  define("ratio", R"({"class":"customer","how":"ratio","count":{"event":"Done"},
                      "per":{"event":"Begun"},"windowMs":7200000})");
  define("time", R"({"class":"customer","how":"time","count":{"event":"Done"},
                     "windowMs":7200000})");
  define("deep", R"({"class":"customer","count":{"event":"Read","where":[
                     {"property":"depth","atLeast":80},{"property":"kind","is":"long"}]},
                     "windowMs":7200000})");
  show(1, Arm::kTreated, kMetricsStart + 1);
  show(2, Arm::kTreated, kMetricsStart + 1);
  const TimeMs at = kMetricsStart + 1 + kHourMs;
  happen(1, "bought", at, at, 4);
  happen(1, "Bought", at, at, 9);  // together above the cap
  for (int i = 0; i < 4; ++i) happen(1, "Begun", at, at);
  happen(2, "Begun", at, at);
  happen(1, "Done", at + kHourMs / 2, at);
  happen(1, "Done", at, at);
  happen(2, "Read", at, at, 0, EventKind::kOther, R"({"depth":79.9,"kind":"long"})");
  happen(1, "Read", at, at, 0, EventKind::kOther, R"({"depth":80,"kind":"long"})");
  EXPECT_EQ(of("share").treated.n, 0U);
  pass(kMetricsStart + 2 + kMetricsWindow + 1);
  EXPECT_EQ(of("share").treated.n, 2U);
  EXPECT_EQ(of("share").treated.mean, 0.5);
  EXPECT_EQ(of("mean").treated.mean, 5);     // 10 and 0
  EXPECT_EQ(of("ratio").treated.mean, 0.4);  // 2 of 5
  EXPECT_EQ(of("time").treated.mean, 1.5);   // an hour, and the whole window of two
  EXPECT_EQ(of("deep").treated.conversions, 1U);
  EXPECT_EQ(of("deep").treated.mean, 0.5);
}

TEST_F(MetricsTest, AVisitBeginsAfterAPauseAndIsUninvitedWithoutACampaign) {
  show(1, Arm::kTreated, kMetricsStart + 1);
  happen(1, "Page", kMetricsStart + 5 * kMinuteMs,
         kMetricsStart + 5 * kMinuteMs);  // the same visit
  show(2, Arm::kTreated, kMetricsStart + 1);
  happen(2, "Page", kMetricsStart + kDayMs, kMetricsStart + kDayMs, 0, EventKind::kPage, "", true);
  show(3, Arm::kTreated, kMetricsStart + 1);
  happen(3, "Page", kMetricsStart + kDayMs, kMetricsStart + kDayMs);
  show(4, Arm::kTreated, kMetricsStart + 1);
  happen(4, "Email Opened", kMetricsStart + kDayMs, kMetricsStart + kDayMs, 0,
         EventKind::kChannelOutcome);
  pass(kMetricsStart + 8 * kDayMs);
  EXPECT_EQ(of("return-7d").treated.mean, 0.5);
  EXPECT_EQ(of("uninvited-return").treated.mean, 0.25);
}

TEST_F(MetricsTest, WhoCameBeforeItsDefinitionIsNotCounted) {
  show(1, Arm::kTreated, kMetricsStart + 1);
  define("share", kBoughtMetric, kMetricsStart + 10);
  show(2, Arm::kTreated, kMetricsStart + 20);
  happen(1, "Bought", kMetricsStart + 30, kMetricsStart + 30);
  happen(2, "Bought", kMetricsStart + 30, kMetricsStart + 30);
  pass(kMetricsStart + kMetricsWindow + 100);
  EXPECT_EQ(of("share").treated.n, 1U);
  define("share", R"({"title":"Another title","class":"business","count":{"event":"Bought"},
                      "windowMs":7200000})",
         kMetricsStart + kMetricsWindow + 200);
  EXPECT_EQ(of("share").treated.n, 1U);  // the same numbers
  define("share", R"({"class":"business","count":{"event":"Bought"},"windowMs":3600000})",
         kMetricsStart + kMetricsWindow + 300);
  EXPECT_EQ(of("share").treated.n, 0U);  // another definition begins anew
}

TEST_F(MetricsTest, LateOutcomesCorrectUntilTheLimit) {
  define("share", kBoughtMetric);
  show(1, Arm::kTreated, kMetricsStart + 1);
  pass(kMetricsStart + kMetricsWindow + kDayMs);
  EXPECT_EQ(of("share").treated.mean, 0);
  happen(1, "Bought", kMetricsStart + kHourMs, kMetricsStart + 20 * kDayMs);
  EXPECT_EQ(of("share").treated.mean, 1);
  EXPECT_EQ(of("share").treated.conversions, 1U);
  show(2, Arm::kTreated, kMetricsStart + 20 * kDayMs);
  const TimeMs late = kMetricsStart + 20 * kDayMs + kMetricsWindow + kRewardLateMaxMs + 1;
  happen(2, "Bought", kMetricsStart + 20 * kDayMs + 1, late);
  EXPECT_EQ(of("share").treated.n, 2U);
  EXPECT_EQ(of("share").treated.conversions, 1U);
}

TEST_F(MetricsTest, TwoIdsOfOnePersonInDifferentArmsAreTakenOutAgain) {
  define("share", kBoughtMetric);
  const auto link = [&](std::uint64_t a, std::uint64_t b, TimeMs at) {
    put(RecordKind::kLink, metric_person(a), at, at,
        encode(Link{metric_person(b), kMetricsStart, true}));
  };
  show(1, Arm::kTreated, kMetricsStart + 1);
  show(2, Arm::kHoldout, kMetricsStart + 1);
  show(3, Arm::kTreated, kMetricsStart + 1);
  show(4, Arm::kTreated, kMetricsStart + 2);
  happen(4, "Bought", kMetricsStart + 3, kMetricsStart + 3);
  link(3, 4, kMetricsStart + 4);
  pass(kMetricsStart + kMetricsWindow + 10);
  EXPECT_EQ(of("share").treated.n, 2U);
  EXPECT_EQ(of("share").treated.conversions, 1U);
  EXPECT_EQ(of("share").holdout.n, 1U);
  link(1, 2, kMetricsStart + kMetricsWindow + 20);
  EXPECT_EQ(of("share").treated.n, 1U);
  EXPECT_EQ(of("share").holdout.n, 0U);
}

TEST_F(MetricsTest, HeldOutEverywhereIsHeldOutInEverySlot) {
  put_slot("end", 0.1);  // home holds out .3 of people, and these among them
  define("share", kBoughtMetric);
  const PersonHash first = metric_person(9999);
  put(RecordKind::kDecision, first, kMetricsStart + 1, kMetricsStart + 1,
      encode(decision(9999, arm_of(kMetricsSalt, first, 0.1), kMetricsStart + 1, "end")));
  int everywhere = arm_of(kMetricsSalt, first, 0.1) == Arm::kHoldout ? 1 : 0;
  for (std::uint64_t who = 0; who < 2000; ++who) {
    const PersonHash person = metric_person(who);
    put(RecordKind::kDecision, person, kMetricsStart + 1, kMetricsStart + 1,
        encode(decision(who, arm_of(kMetricsSalt, person, 0.3), kMetricsStart + 1)));
    if (arm_of(kMetricsSalt, person, 0.1) == Arm::kHoldout) ++everywhere;
  }
  pass(kMetricsStart + kMetricsWindow + 10);
  EXPECT_EQ(of("share", "").holdout.n, static_cast<std::uint64_t>(everywhere));
  EXPECT_EQ(of("share", "").treated.n, static_cast<std::uint64_t>(2001 - everywhere));
  EXPECT_GT(of("share", "home").holdout.n, of("share", "").holdout.n);
}

// A slot that nobody meets draws no arm, however few it would hold out.
TEST_F(MetricsTest, ArmsAreDrawnByTheSlotsThatPeopleMeet) {
  put_slot("unseen", 0.01);
  put_slot("none", 0);
  define("share", kBoughtMetric);
  std::uint64_t held_out = 0;
  for (std::uint64_t who = 0; who < 1000; ++who) {
    const Arm arm = arm_of(kMetricsSalt, metric_person(who), 0.3);
    show(who, arm, kMetricsStart + 1);
    held_out += arm == Arm::kHoldout ? 1 : 0;
  }
  const std::string saved = report->save();
  report = std::make_unique<LiftReport>(kMetricsSalt);
  ASSERT_TRUE(report->load(saved));
  show(1000, arm_of(kMetricsSalt, metric_person(1000), 0.3), kMetricsStart + 2);
  pass(kMetricsStart + kMetricsWindow + 10);
  EXPECT_EQ(of("share", "").holdout.n + of("share", "").treated.n, 1001U);
  EXPECT_LE(of("share", "").holdout.n - held_out, 1U);
  EXPECT_EQ(of("share", "").holdout.n, of("share", "home").holdout.n);
}

TEST_F(MetricsTest, WhoWasInAControlUnderAnotherIdIsTakenOutToo) {
  define("share", kBoughtMetric);
  show(1, Arm::kTreated, kMetricsStart + 1);
  show(2, Arm::kTrending, kMetricsStart + 1);
  show(3, Arm::kTreated, kMetricsStart + 1);
  put(RecordKind::kLink, metric_person(1), kMetricsStart + 4, kMetricsStart + 4,
      encode(Link{metric_person(2), kMetricsStart, true}));
  const std::string saved = report->save();
  report = std::make_unique<LiftReport>(kMetricsSalt);
  ASSERT_TRUE(report->load(saved));
  EXPECT_EQ(report->save(), saved);
  pass(kMetricsStart + kMetricsWindow + 10);
  EXPECT_EQ(of("share").treated.n, 1U);
  EXPECT_EQ(report->lift("home")->treated.n, of("share").treated.n);
}

TEST_F(MetricsTest, WhatIsRefundedIsNotEarned) {
  show(1, Arm::kTreated, kMetricsStart + 1);
  show(2, Arm::kTreated, kMetricsStart + 1);
  happen(1, "Order Completed", kMetricsStart + 2, kMetricsStart + 2, 30, EventKind::kPurchased);
  happen(1, "Order Refunded", kMetricsStart + 3, kMetricsStart + 3, 10, EventKind::kRefunded);
  happen(2, "Order Refunded", kMetricsStart + 3, kMetricsStart + 3, 6, EventKind::kRefunded);
  pass(kMetricsStart + 31 * kDayMs);
  EXPECT_EQ(of("revenue").treated.mean, 7);  // (30 - 10 - 6) / 2
  EXPECT_EQ(of("revenue").treated.conversions, 1U);
  happen(1, "Order Refunded", kMetricsStart + 4, kMetricsStart + 31 * kDayMs, 20,
         EventKind::kRefunded);
  EXPECT_EQ(of("revenue").treated.mean, -3);
}

TEST_F(MetricsTest, OnlyAnswersThatWereOfferedCount) {
  define("done", R"({"class":"customer","ask":{"text":"Done?"},"windowMs":7200000})");
  const auto answer = [&](std::uint64_t who, const char* value) {
    happen(who, "Question Answered", kMetricsStart + 5, kMetricsStart + 5, 0, EventKind::kAnswered,
           std::string(R"({"questionId":"done","value":)") + value + "}");
  };
  for (std::uint64_t who = 0; who < 6; ++who) show(who, Arm::kTreated, kMetricsStart + 1, "done");
  EXPECT_EQ(of("done").sentence, "Nobody has been asked here yet, or no window has closed.");
  answer(0, "1e12");
  answer(1, "-1");
  answer(2, "\"perhaps\"");
  answer(3, "0.5");
  answer(4, "true");
  pass(kMetricsStart + kMetricsWindow + 10);
  EXPECT_EQ(of("done").treated.asked, 6U);
  EXPECT_EQ(of("done").treated.answered, 2U);
  EXPECT_EQ(of("done").treated.mean, 0.75);
}

TEST_F(MetricsTest, WhereNobodyAnswersThatIsSaid) {
  define("done", R"({"class":"customer","ask":{"text":"Done?"},"windowMs":7200000})");
  for (std::uint64_t who = 0; who < 6; ++who) show(who, Arm::kTreated, kMetricsStart + 1, "done");
  pass(kMetricsStart + kMetricsWindow + 10);
  EXPECT_EQ(of("done").sentence, "Of 6 who were asked nobody has answered yet.");
}

TEST_F(MetricsTest, WhatNeverArrivesIsNamedWithWhatItMustSay) {
  show(1, Arm::kTreated, kMetricsStart + 1);
  pass(kMetricsStart + 8 * kDayMs);
  EXPECT_NE(of("job-done").sentence.find("is 'Job Done' with result \"done\" sent at all?"),
            std::string::npos)
      << of("job-done").sentence;
}

TEST_F(MetricsTest, AnswersCountOfThoseWhoWereAskedAndUnequalResponseIsVoid) {
  define("done", R"({"class":"customer","ask":{"text":"Done?"},"windowMs":7200000})");
  const auto answer = [&](std::uint64_t who, const char* value, TimeMs at) {
    happen(who, "Question Answered", at, at, 0, EventKind::kAnswered,
           std::string(R"({"questionId":"done","value":)") + value + "}");
  };
  for (std::uint64_t who = 0; who < 400; ++who) {
    const Arm arm = who % 2 == 0 ? Arm::kTreated : Arm::kHoldout;
    show(who, arm, kMetricsStart + 1, who < 300 ? "done" : "");
    if (who >= 300) answer(who, "\"yes\"", kMetricsStart + 5);  // nobody asked
    const bool answers = arm == Arm::kTreated ? who < 200 : who < 60;
    if (answers && who < 300)
      answer(who, who % 4 < 2 ? "\"yes\"" : "\"partly\"", kMetricsStart + 5);
    if (answers && who < 300) answer(who, "\"no\"", kMetricsStart + 6);  // the first one counts
  }
  pass(kMetricsStart + kMetricsWindow + 10);
  const MetricSummary done = of("done");
  EXPECT_EQ(done.treated.asked, 150U);
  EXPECT_EQ(done.treated.answered, 100U);
  EXPECT_EQ(done.holdout.answered, 30U);
  EXPECT_EQ(done.treated.mean, 0.75);
  EXPECT_LT(*done.response_p, kResponseAlarm);
  EXPECT_TRUE(done.sentence.starts_with("Void:")) << done.sentence;
  EXPECT_EQ(done.verdict, Verdict::kUnproven);
}

// Against the obvious model: all records kept, everything counted anew.
TEST_F(MetricsTest, TheFoldEqualsBruteForceAndSurvivesSaving) {
  define("share", kBoughtMetric);
  define("value", R"({"class":"business","how":"mean","of":"value","cap":7,
                      "count":{"event":"Bought"},"windowMs":5400000,"afterMs":600000})");
  Random random(5);
  std::map<std::uint64_t, std::pair<TimeMs, Arm>> first;
  std::vector<std::tuple<std::uint64_t, TimeMs, TimeMs, double>> bought;
  std::set<std::uint64_t> erased;
  TimeMs now = kMetricsStart;
  for (int i = 0; i < 4000; ++i) {
    now += static_cast<TimeMs>(random.below(static_cast<std::uint64_t>(kMinuteMs)));
    const std::uint64_t who = random.below(300);
    if (random.below(3) == 0) {
      const Arm arm = who % 5 == 0 ? Arm::kHoldout : Arm::kTreated;
      show(who, arm, now);
      first.emplace(who, std::pair{now, arm});
    } else {
      const TimeMs occurred =
          now - static_cast<TimeMs>(random.below(static_cast<std::uint64_t>(kHourMs)));
      const auto value = static_cast<double>(random.below(5));
      happen(who, "Bought", occurred, now, value);
      bought.emplace_back(who, occurred, now, value);
    }
    if (i % 800 != 799) continue;
    PairSums value_sums[2];
    OutcomeSums share_sums[2];
    for (const auto& [each, entry] : first) {
      const auto& [at, arm] = entry;
      const int side = arm == Arm::kHoldout ? 1 : 0;
      double value = 0;
      bool any = false;
      for (const auto& [buyer, occurred, received, paid] : bought) {
        if (buyer != each || received < at || occurred < at) continue;
        if (occurred <= at + kMetricsWindow) any = true;
        if (occurred >= at + 600'000 && occurred <= at + 6'000'000) value += paid;
      }
      if (at + kMetricsWindow < now) share_sums[side].add(any ? 1'000'000 : 0);
      if (at + 6'000'000 < now)
        value_sums[side].add(static_cast<std::int64_t>(std::min(value, 7.0) * 1e6), 0);
    }
    EXPECT_EQ(of("share").treated.n, share_sums[0].n);
    EXPECT_EQ(of("share").treated.mean, share_sums[0].mean());
    EXPECT_EQ(of("share").holdout.mean, share_sums[1].mean());
    EXPECT_EQ(of("value").treated.n, value_sums[0].n);
    EXPECT_EQ(of("value").treated.mean, value_sums[0].mean_first());
    EXPECT_EQ(of("value").holdout.mean, value_sums[1].mean_first());
    const std::string saved = report->save();
    auto copy = std::make_unique<LiftReport>(kMetricsSalt);
    ASSERT_TRUE(copy->load(saved));
    EXPECT_EQ(copy->save(), saved);
    report = std::move(copy);  // and goes on from there
  }
}

// Clicks rise for everybody treated and go with nothing; returning goes with being helped.
TEST_F(MetricsTest, AUselessProxyIsStruckOutAndAUsefulOneIsNot) {
  define("helped", R"({"class":"customer","count":{"event":"Helped"},"windowMs":7200000})");
  define("taps", R"({"class":"proxy","how":"mean","count":{"event":"Tapped"},
                     "windowMs":7200000})");
  define("looks", R"({"class":"proxy","how":"mean","count":{"event":"Looked"},
                      "windowMs":7200000})");
  Random random(9);
  for (std::uint64_t who = 0; who < 3000; ++who) {
    const Arm arm = who % 2 == 0 ? Arm::kTreated : Arm::kHoldout;
    show(who, arm, kMetricsStart + 1);
    const bool helped = random.uniform() < 0.3;
    const double taps = arm == Arm::kTreated ? 0.8 : 0.4;
    if (helped) happen(who, "Helped", kMetricsStart + 5, kMetricsStart + 5);
    if (random.uniform() < taps) happen(who, "Tapped", kMetricsStart + 6, kMetricsStart + 6);
    if (random.uniform() < (helped ? 0.8 : 0.3))
      happen(who, "Looked", kMetricsStart + 7, kMetricsStart + 7);
  }
  pass(kMetricsStart + 40 * kDayMs);  // every window has closed
  std::map<std::string, ProxyValidity::State> states;
  for (const ProxyValidity& each : report->proxies()) {
    if (each.outcome == "helped") states[each.proxy] = each.state;
  }
  EXPECT_EQ(states["taps"], ProxyValidity::State::kStruckOut);
  EXPECT_EQ(states["looks"], ProxyValidity::State::kHolds);
  EXPECT_EQ(states["clicks"], ProxyValidity::State::kUnknown);  // there were none
  const auto card = report->scorecard_of("home");
  ASSERT_TRUE(card);
  EXPECT_EQ(of("taps").verdict, Verdict::kPaying);
  EXPECT_EQ(card->person, Verdict::kUnproven);
  EXPECT_EQ(card->sentence.find("taps"), std::string::npos) << card->sentence;
}

// So many people with a proxy and an outcome that go with each other by `r`, very nearly: what is
// left to chance is there twice, once each way.
ProxyPair pair_with(double r, int people) {
  Random random(4);
  ProxyPair pair;
  pair.proxy = "clicks";
  pair.outcome = "buy";
  const auto normal = [&random] {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += random.uniform();
    return sum;
  };
  for (int i = 0; i < people / 2; ++i) {
    const double x = normal(), rest = std::sqrt(1 - r * r) * normal();
    PairSums& arm = i % 4 < 2 ? pair.treated : pair.holdout;
    for (const double y : {r * x + rest, r * x - rest})
      arm.add(static_cast<std::int64_t>(1e6 * x), static_cast<std::int64_t>(1e6 * y));
  }
  return pair;
}

TEST(ProxyWords, AgreeWithTheIntervalTheyStandBeside) {
  const auto says = [](const ProxyPair& pair, std::string_view words,
                       std::span<const EffectPair> effects = {}) {
    const ProxyValidity found = validity(pair, effects);
    EXPECT_NE(found.sentence.find(words), std::string::npos) << found.sentence;
  };
  says(pair_with(0.05, 20'000), "who has more 'clicks' has hardly more 'buy': too little to go by");
  says(pair_with(0, 20'000), "has no more, or hardly more, 'buy'");
  says(pair_with(-0.2, 20'000), "Struck out: who has more 'clicks' has less 'buy' (correlation -0");
  says(pair_with(0.05, 600),
       "May go with it, or not: who has more 'clicks' may or may not have more");
  says(pair_with(0.5, 20'000), "Goes with it: who has more 'clicks' has more 'buy'");
  // It goes with people, and comparisons moved it apart.
  std::vector<EffectPair> effects(kProxyTrialsMin);
  for (EffectPair& each : effects) each = {.proxy = 1, .outcome = -1};
  says(pair_with(0.5, 20'000),
       "Struck out: in only 0 of 10 comparisons did 'clicks' and 'buy' move one way (correlation "
       "+0.5",
       effects);
}

// Bets bring money and cost people their job.
TEST_F(MetricsTest, MoneyMadeAtThePeoplesExpenseIsTaking) {
  define("helped", R"({"class":"customer","count":{"event":"Helped"},"windowMs":7200000})");
  define("paid", R"({"class":"business","how":"mean","of":"value","count":{"event":"Paid"},
                     "windowMs":7200000})");
  Random random(11);
  for (std::uint64_t who = 0; who < 3000; ++who) {
    const bool treated = who % 2 == 0;
    show(who, treated ? Arm::kTreated : Arm::kHoldout, kMetricsStart + 1);
    if (random.uniform() < (treated ? 0.3 : 0.5))
      happen(who, "Helped", kMetricsStart + 5, kMetricsStart + 5);
    if (random.uniform() < (treated ? 0.4 : 0.2))
      happen(who, "Paid", kMetricsStart + 6, kMetricsStart + 6, 10);
  }
  pass(kMetricsStart + 40 * kDayMs);
  const auto card = report->scorecard_of("home");
  ASSERT_TRUE(card);
  EXPECT_EQ(card->person, Verdict::kLosing);
  EXPECT_EQ(card->business, Verdict::kPaying);
  EXPECT_EQ(card->metrics.front().metric.metric_class, MetricClass::kPerson);
  EXPECT_TRUE(
      card->sentence.starts_with("For the people: worse. For us: better. Taking, not "
                                 "serving"))
      << card->sentence;
}

TEST_F(MetricsTest, WhatWearsOffIsSaidAndLessCanBeBetter) {
  define("visits", R"({"class":"business","how":"mean","count":{"event":"Came"},
                       "windowMs":7200000})");
  define("effort", R"({"class":"customer","how":"mean","count":{"event":"Step"},
                       "windowMs":7200000,"better":"less"})");
  Random random(3);
  for (std::uint64_t who = 0; who < 2000; ++who) {
    const Arm arm = who % 2 == 0 ? Arm::kTreated : Arm::kHoldout;
    const bool treated = arm == Arm::kTreated;
    show(who, arm, kMetricsStart + 1);
    if (random.uniform() < (treated ? 0.6 : 0.2))
      happen(who, "Came", kMetricsStart + 9, kMetricsStart + 9);
    if (random.uniform() < 0.2) {
      const TimeMs late = kMetricsStart + kMetricsWindow - kMinuteMs;
      happen(who, "Came", late, late);
    }
    for (int i = 0; i < (treated ? 1 : 2); ++i)
      happen(who, "Step", kMetricsStart + 10, kMetricsStart + 10);
  }
  pass(kMetricsStart + kMetricsWindow + 10);
  const MetricSummary visits = of("visits");
  ASSERT_TRUE(visits.novelty && visits.novelty->changed_low);
  EXPECT_GT(*visits.novelty->changed_low, 0);
  EXPECT_TRUE(visits.novelty->sentence.starts_with("it wears off")) << visits.novelty->sentence;
  // The same for everybody leaves nothing to be unsure of: no interval, no verdict.
  EXPECT_EQ(of("effort").treated.mean, 1);
  EXPECT_FALSE(of("effort").low);
  EXPECT_EQ(visits.verdict, Verdict::kPaying);
}

TEST(MetricJson, ReadsWhatItWritesAndRefusesWhatCannotBe) {
  for (const Metric& metric : built_in_metrics()) {
    auto read = metric_from_json(metric.id, metric_to_json(metric));
    ASSERT_TRUE(read) << metric.id << ": " << read.error().message;
    read->built_in = true;
    EXPECT_EQ(*read, metric);
  }
  const auto refused = [](const std::string& json) {
    const auto metric = metric_from_json("m", json);
    return metric ? std::string("taken") : metric.error().message;
  };
  EXPECT_NE(refused(R"({"count":{"event":"x"}})").find("#/class"), std::string::npos);
  EXPECT_NE(refused(R"({"class":"customers","count":{"event":"x"}})").find("customer"),
            std::string::npos);
  EXPECT_NE(refused(R"({"class":"customer","count":{"event":"Click"}})").find("must be proxy"),
            std::string::npos);
  EXPECT_NE(refused(R"({"class":"business"})").find("#/count"), std::string::npos);
  EXPECT_NE(refused(R"({"class":"business","how":"ratio","count":{"event":"x"}})").find("#/per"),
            std::string::npos);
  EXPECT_NE(refused(R"({"class":"business","count":{"event":"x"},"cap":3})").find("#/cap"),
            std::string::npos);
  EXPECT_NE(refused(R"({"class":"business","ask":{"text":"Done?"}})").find("customer"),
            std::string::npos);
  EXPECT_NE(refused(R"({"class":"business","count":{"event":"x"},"windowMs":1})").find("windowMs"),
            std::string::npos);
  EXPECT_NE(refused(R"({"class":"business","count":{"event":"x","where":[{"property":"a"}]}})")
                .find("either"),
            std::string::npos);
  EXPECT_NE(refused("[]").find("object"), std::string::npos);
  EXPECT_FALSE(metric_from_json("No Id", R"({"class":"proxy","count":{"event":"click"}})"));
}

}  // namespace
}  // namespace ante

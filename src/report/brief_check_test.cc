// Does a brief hold? Each check with evidence that speaks for it, against it, and not at all.

#include "report/brief_check.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "math/statistics.h"
#include "report/needs.h"
#include "report/scale.h"

namespace ante {
namespace {

constexpr TimeMs kNow = 1'795'330'800'000;  // 2026-11-22T07:00:00Z

Brief a_brief() {
  Brief brief;
  brief.id = "evening";
  brief.title = "Evening long reads";
  brief.purpose = "one good thing before sleep";
  brief.person = {"she finishes something", "finish", 0.02};
  brief.business = {"fewer cancellations", "purchase", {}};
  brief.promise = "long reads, not news";
  brief.share = 0.3;
  brief.need = "one good thing before sleep";
  brief.decision = "end";
  brief.events = {"Article Read"};
  brief.sources.push_back({"hour", "the request", "", true, true, Purpose::kProfile, 0.01, ""});
  brief.horizon_days = 90;
  brief.registered_at_ms = kNow - 10 * kDayMs;
  return brief;
}

MeasuredMetric metric(const char* id, MetricClass of, double value, double low, double high,
                      Verdict verdict) {
  return {id, of, value, low, high, 5000, verdict};
}

EventCount came(const char* name, TimeMs last_ms) {
  EventCount count;
  count.name = name;
  count.total = 40;
  count.last_ms = last_ms;
  count.first_day = static_cast<std::int32_t>(last_ms / kDayMs);
  count.days = {40};
  count.sampled = 40;
  count.allowed = 30;
  return count;
}

Estimate share(std::uint64_t hits, std::uint64_t n) {
  return {static_cast<double>(hits) / static_cast<double>(n), wilson_interval(hits, n, 0.05), n,
          ""};
}

BriefEvidence good_evidence() {
  BriefEvidence e;
  e.now_ms = kNow;
  e.slot_exists = e.slot_uses_it = true;
  e.holdout_share = 0.2;
  e.people = 10'000;
  e.has_base = true;
  e.smallest_lift = 0.01;
  e.days_to_know = 40;
  e.different = share(400, 1000);
  e.arrivals = {came("article read", kNow - kDayMs)};
  e.known_events = {"article read"};
  e.consent = {1000, 800, 1};
  e.metrics = {metric("finish", MetricClass::kPerson, 0.03, 0.01, 0.05, Verdict::kPaying),
               metric("purchase", MetricClass::kBusiness, 0.01, -0.01, 0.03, Verdict::kUnproven)};
  return e;
}

// The lines of that name.
std::vector<BriefCheckLine> lines(const BriefCheck& check, std::string_view name) {
  std::vector<BriefCheckLine> found;
  std::ranges::copy_if(check.lines, std::back_inserter(found),
                       [name](const BriefCheckLine& line) { return line.name == name; });
  return found;
}
BriefCheckLine line(const BriefCheck& check, std::string_view name) {
  const auto found = lines(check, name);
  EXPECT_EQ(found.size(), 1u) << name;
  return found.empty() ? BriefCheckLine{} : found.front();
}
bool says(const BriefCheckLine& line, std::string_view text) {
  return (line.sentence + " " + line.todo).find(text) != std::string::npos;
}

TEST(BriefCheck, AGoodOneHolds) {
  Brief brief = a_brief();
  brief.impact = brief.behaviour = brief.decided = "said";
  brief.links.fill({LinkEvidence::kObserved, "seen"});
  brief.registered_at_ms = kNow - 90 * kDayMs;  // a day before its quarter is over
  brief.renewed_at_ms = kNow;
  const BriefCheck checked = check(brief, good_evidence());
  for (const BriefCheckLine& each : checked.lines)
    EXPECT_TRUE(each.state == CheckState::kOk || each.name == "came true")
        << each.name << ": " << each.sentence;
  EXPECT_EQ(line(checked, "came true").state, CheckState::kWarn);  // 1 to 5 % is not surely 2 %
  EXPECT_EQ(checked.answered, 3u);
}

TEST(BriefCheck, AnEmptyOneSaysWhatIsMissingAndJudgesNothing) {
  Brief brief;
  brief.id = "b";
  const BriefCheck checked = check(brief, {});
  EXPECT_EQ(checked.answered, 0u);
  EXPECT_EQ(line(checked, "answers").state, CheckState::kWarn);
  EXPECT_TRUE(says(line(checked, "answers"), "different/share"));
  for (const BriefCheckLine& each : checked.lines) EXPECT_NE(each.state, CheckState::kFail);
  EXPECT_NE(to_json(brief, checked).find("0 of 3 answered"), std::string::npos);
}

TEST(BriefCheck, WarnsOfAPromiseThatTheTrafficCannotShow) {
  BriefEvidence e = good_evidence();
  e.smallest_lift = 0.051;
  e.days_to_know = 400;
  const BriefCheckLine told = line(check(a_brief(), e), "detectable");
  EXPECT_EQ(told.state, CheckState::kWarn);
  EXPECT_TRUE(says(told, "promises +2 % in 90 days")) << told.sentence;
  EXPECT_TRUE(says(told, "is +5.1 %") && says(told, "400 days")) << told.sentence;
  e.smallest_lift = 0.02;  // just enough
  EXPECT_EQ(line(check(a_brief(), e), "detectable").state, CheckState::kOk);
  e.smallest_lift.reset();
  EXPECT_TRUE(says(line(check(a_brief(), e), "detectable"), "not even a tenfold"));
  e.holdout_share = 0;
  EXPECT_TRUE(says(line(check(a_brief(), e), "detectable"), "Nobody is held out"));
  e.people = 0;
  EXPECT_EQ(line(check(a_brief(), e), "detectable").state, CheckState::kWaiting);
  Brief brief = a_brief();
  brief.smallest_worth = 0.05;
  EXPECT_TRUE(says(line(check(brief, good_evidence()), "worth"), "less than +5 % is not worth"));
}

// The same traffic twice as long shows smaller lifts; and a planted lift of that size is seen.
TEST(BriefCheck, TheSmallestLiftIsThatOfTheScale) {
  std::vector<std::uint32_t> days(30, 100);
  ScaleQuestion q;
  q.holdout_share = 0.2;
  q.new_people = days;
  for (int i = 0; i < 2400; ++i) q.treated.add(i % 5 == 0 ? 1'000'000 : 0);
  for (int i = 0; i < 600; ++i) q.holdout.add(i % 5 == 0 ? 1'000'000 : 0);
  const Scale known = scale(q);
  EXPECT_EQ(smallest_lift(q, 30), known.month);
  EXPECT_EQ(smallest_lift(q, 90), known.quarter);
  EXPECT_GT(*smallest_lift(q, 45), *known.quarter);
  q.lift = *smallest_lift(q, 45);
  EXPECT_NEAR(*scale(q).days_to_know, 45, 0.5);
  EXPECT_FALSE(smallest_lift(q, 0));
  q.holdout_share = 0;
  EXPECT_FALSE(smallest_lift(q, 90));
}

TEST(BriefCheck, AnEventThatNeverCameIsARedLineWithTheCallThatSendsIt) {
  BriefEvidence e = good_evidence();
  Brief brief = a_brief();
  brief.events = {"Article Raed", "it's \"odd\""};
  auto told = lines(check(brief, e), "event");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].state, CheckState::kFail);
  EXPECT_TRUE(says(told[0], "never arrived. Did you mean 'article read'?")) << told[0].sentence;
  EXPECT_EQ(told[0].todo, R"(curl -s 'http://localhost:8080/v1/track' -u "$ANTE_KEY:" -d )"
                          R"('{"anonymousId":"test-1","event":"Article Raed"}')");
  EXPECT_TRUE(says(told[1], R"('{"anonymousId":"test-1","event":"it'\''s \"odd\""}')"))
      << told[1].todo;
  brief.events = {"Article Read"};
  EXPECT_EQ(line(check(brief, e), "event").state, CheckState::kOk);
  EXPECT_TRUE(says(line(check(brief, e), "event"), "came 40 times in 7 days"));
  EXPECT_TRUE(says(line(check(brief, e), "event"), "75 % from people who allow a profile"));
  e.arrivals = {came("article read", kNow - 30 * kDayMs)};
  EXPECT_EQ(line(check(brief, e), "event").state, CheckState::kWarn);
  EXPECT_TRUE(says(line(check(brief, e), "event"), "no longer arrives"));
}

TEST(BriefCheck, PromisedDifferentAndServedTheSameFails) {
  BriefEvidence e = good_evidence();
  e.different = share(40, 1000);
  const BriefCheck checked = check(a_brief(), e);
  const BriefCheckLine told = line(checked, "difference");
  EXPECT_EQ(told.state, CheckState::kFail);
  EXPECT_TRUE(says(told, "You promised 30 % different; 96 % saw the same")) << told.sentence;
  EXPECT_EQ(checked.status, CheckState::kFail);
  EXPECT_TRUE(checked.sentence.find("96 % saw the same") != std::string::npos);
  e.different = share(0, 99);  // too few to judge by
  EXPECT_EQ(line(check(a_brief(), e), "difference").state, CheckState::kWaiting);
  e.different = share(290, 1000);  // within what chance may do
  EXPECT_EQ(line(check(a_brief(), e), "difference").state, CheckState::kWaiting);
  e.different = Estimate::unknown(0, "nothing was decided yet");
  EXPECT_TRUE(says(line(check(a_brief(), e), "difference"), "nothing was decided yet"));
}

TEST(BriefCheck, ThePersonGatesTheBusiness) {
  BriefEvidence e = good_evidence();
  e.metrics = {metric("finish", MetricClass::kPerson, -0.05, -0.08, -0.02, Verdict::kLosing),
               metric("purchase", MetricClass::kBusiness, 0.2, 0.1, 0.3, Verdict::kPaying)};
  const BriefCheck checked = check(a_brief(), e);
  const BriefCheckLine told = line(checked, "customer first");
  EXPECT_EQ(told.state, CheckState::kFail);
  EXPECT_TRUE(says(told, "-5 %") && says(told, "whatever 'purchase' says")) << told.sentence;
  EXPECT_EQ(checked.status, CheckState::kFail);
  std::swap(e.metrics[0].verdict, e.metrics[1].verdict);  // only ours loses: said, and no more
  EXPECT_EQ(line(check(a_brief(), e), "customer first").state, CheckState::kWarn);
  e.metrics.clear();
  e.slot_lift = metric("click", MetricClass::kProxy, -0.1, -0.2, -0.05, Verdict::kLosing);
  EXPECT_EQ(line(check(a_brief(), e), "customer first").state, CheckState::kFail);
  Brief brief = a_brief();
  brief.guardrails = {"unsubscribe"};
  e = good_evidence();
  EXPECT_EQ(line(check(brief, e), "guardrails").state, CheckState::kWaiting);
  e.metrics.push_back(metric("unsubscribe", MetricClass::kPerson, -1, -2, -.5, Verdict::kLosing));
  EXPECT_EQ(line(check(brief, e), "guardrails").state, CheckState::kFail);
}

TEST(BriefCheck, OneNudgeWhereEveryMeasureIsOfOurPage) {
  BriefEvidence e = good_evidence();
  for (MeasuredMetric& each : e.metrics) each.metric_class = MetricClass::kProxy;
  Brief brief = a_brief();
  brief.guardrails = {"finish", "Finish", "purchase"};
  const auto nudges = lines(check(brief, e), "nudge");
  ASSERT_EQ(nudges.size(), 1u);
  EXPECT_EQ(nudges[0].sentence,
            "'finish' alone is a measure of our page, not of her. Add one thing she tells us.");
  e.metrics[1].metric_class = MetricClass::kBusiness;
  EXPECT_TRUE(lines(check(brief, e), "nudge").empty());
  e.metrics[1].metric_class = MetricClass::kProxy;
  e.metrics[0].metric_class = MetricClass::kPerson;
  EXPECT_TRUE(lines(check(brief, e), "nudge").empty());
}

TEST(BriefCheck, AMetricThatNobodyKnowsIsSaid) {
  Brief brief = a_brief();
  brief.person.metric = "finsh";
  const BriefCheckLine told = line(check(brief, good_evidence()), "metric");
  EXPECT_EQ(told.state, CheckState::kWarn);
  EXPECT_TRUE(says(told, "no such metric 'finsh'. Did you mean 'finish'?")) << told.sentence;
}

TEST(BriefCheck, AtTheHorizonItCameTrueOrNot) {
  Brief brief = a_brief();
  BriefEvidence e = good_evidence();
  EXPECT_EQ(line(check(brief, e), "came true").state, CheckState::kWaiting);
  e.now_ms = brief.horizon_ms();
  brief.renewed_at_ms = e.now_ms;
  e.metrics[0] = metric("finish", MetricClass::kPerson, 0.004, -0.01, 0.015, Verdict::kUnproven);
  EXPECT_EQ(line(check(brief, e), "came true").state, CheckState::kFail);
  EXPECT_TRUE(says(line(check(brief, e), "came true"), "did not come true"));
  e.metrics[0] = metric("finish", MetricClass::kPerson, 0.04, 0.03, 0.05, Verdict::kPaying);
  EXPECT_EQ(line(check(brief, e), "came true").state, CheckState::kOk);
  e.metrics[0].low = 0.01;
  EXPECT_EQ(line(check(brief, e), "came true").state, CheckState::kWarn);
  e.metrics[0].value = 0.015;  // below, but the truth may lie above
  EXPECT_EQ(line(check(brief, e), "came true").state, CheckState::kWarn);
  e.metrics.clear();
  EXPECT_TRUE(says(line(check(brief, e), "came true"), "nothing can be said"));
  // Another measure that does well keeps no promise of this one.
  e.slot_lift = metric("click", MetricClass::kProxy, 0.2, 0.1, 0.3, Verdict::kPaying);
  EXPECT_EQ(line(check(brief, e), "came true").state, CheckState::kFail);
  EXPECT_TRUE(says(line(check(brief, e), "came true"), "+20 %"));
  EXPECT_TRUE(says(line(check(brief, e), "customer first"), "by the slot's goal 'click'"));
  EXPECT_TRUE(says(line(check(brief, e), "detectable"), "Judged by the slot's goal 'click'"));
}

TEST(BriefCheck, ConsentOfPeople) {
  BriefEvidence e = good_evidence();
  e.consent = {1000, 300, 1};
  const BriefCheckLine told = line(check(a_brief(), e), "consent");
  EXPECT_EQ(told.state, CheckState::kWarn);
  EXPECT_TRUE(says(told, "30 % of people allow profile (95 %: 27.2 % to 32.9 %, n = 1000)"))
      << told.sentence;
  e.consent = {30, 0, 1};
  EXPECT_EQ(line(check(a_brief(), e), "consent").state, CheckState::kFail);
  e.consent = {3, 0, 1};  // may be chance
  EXPECT_EQ(line(check(a_brief(), e), "consent").state, CheckState::kOk);
  e.consent = {};
  EXPECT_EQ(line(check(a_brief(), e), "consent").state, CheckState::kWaiting);
}

TEST(BriefCheck, TheDayOfRenewalComesNearerAndIsOver) {
  Brief brief = a_brief();
  BriefEvidence e = good_evidence();
  EXPECT_TRUE(says(line(check(brief, e), "renewal"), "in 81 days"));
  e.now_ms = brief.due_ms() - kDayMs;
  EXPECT_EQ(line(check(brief, e), "renewal").state, CheckState::kWarn);
  EXPECT_TRUE(says(line(check(brief, e), "renewal"), "in 1 day,"));
  e.now_ms = brief.due_ms();
  EXPECT_EQ(line(check(brief, e), "renewal").state, CheckState::kFail);
  EXPECT_TRUE(says(line(check(brief, e), "renewal"), "ante brief renew evening --why"));
}

TEST(BriefCheck, ASlotThatIsNotThereOrNamesAnother) {
  BriefEvidence e = good_evidence();
  e.slot_uses_it = false;
  EXPECT_EQ(line(check(a_brief(), e), "slot").state, CheckState::kWarn);
  e.slot_exists = false;
  EXPECT_EQ(line(check(a_brief(), e), "slot").state, CheckState::kFail);
}

TEST(BriefCheck, LinksThatAreOnlyAssumed) {
  Brief brief = a_brief();
  EXPECT_TRUE(says(line(check(brief, good_evidence()), "chain"), "has gaps"));
  brief.impact = brief.behaviour = brief.decided = "said";
  brief.links[0] = brief.links[2] = {LinkEvidence::kTested, "a test"};
  EXPECT_TRUE(says(line(check(brief, good_evidence()), "chain"),
                   "1 of 3 links is only assumed: from what she does to her need."));
}

TEST(Needs, WhatMattersAndIsBadlyServedComesFirst) {
  Brief one = a_brief(), two = a_brief();
  two.id = "morning";
  one.opportunities = {{"well served", 9, 9, 200}, {"unmet", 9, 2, 50}};
  two.opportunities = {{"who cares", 1, 0, 500}, {"overserved", 2, 10, 0}, {"unmet too", 9, 2, 10}};
  const auto ranked = rank_needs(std::vector{one, two});
  ASSERT_EQ(ranked.size(), 5u);
  EXPECT_EQ(ranked[0].need.need, "unmet");  // the same opportunity, but more were asked
  EXPECT_EQ(ranked[0].opportunity, 16);
  EXPECT_EQ(ranked[1].need.need, "unmet too");
  EXPECT_EQ(ranked[2].need.need, "well served");
  EXPECT_EQ(ranked[2].opportunity, 9);
  EXPECT_EQ(ranked[3].need.need, "overserved");  // never below its importance
  const auto turned = rank_needs(std::vector{two, one});
  EXPECT_EQ(needs_to_json(ranked), needs_to_json(turned));
  EXPECT_NE(needs_to_json(ranked).find("Ulwick"), std::string::npos);
  EXPECT_NE(needs_to_json({}).find("No brief names a need"), std::string::npos);
}

TEST(DataGaps, WhatIsMissingAndWorthMostComesFirst) {
  Brief brief = a_brief();
  brief.sources = {{"hour", "", "", true, true, Purpose::kProfile, 9, ""},
                   {"reads", "", "Article Read", true, true, Purpose::kProfile, {}, ""},
                   {"glad", "", "Answer Given", true, true, Purpose::kProfile, 0.5, ""},
                   {"weather", "", "", false, false, Purpose::kProfile, {}, "little"},
                   {"plan", "the shop", "", false, true, Purpose::kEmail, 2, ""}};
  const auto data = data_needs(std::vector{brief}, [](std::string_view name) {
    return name == "Article Read" ? std::optional(came("Article Read", kNow)) : std::nullopt;
  });
  ASSERT_EQ(data.size(), 5u);
  EXPECT_EQ(data[0].source.name, "plan");
  EXPECT_EQ(data[0].state, DataState::kObtainable);
  EXPECT_EQ(data[1].source.name, "glad");
  EXPECT_EQ(data[1].state, DataState::kNeverArrived);
  EXPECT_EQ(data[2].state, DataState::kOutOfReach);
  EXPECT_EQ(data[3].source.name, "hour");
  EXPECT_EQ(data[4].state, DataState::kHad);
  EXPECT_EQ(data[4].last_ms, kNow);
  const std::string json = data_gaps_to_json(data);
  EXPECT_NE(json.find("3 of 5 pieces of data are missing. First: plan for end"), std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("worth":"little")"), std::string::npos);
}

}  // namespace
}  // namespace ante

// Briefs from JSON: what is taken, what is refused and in which words; what is registered, what is
// stamped, and when it is over.

#include "domain/brief.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

constexpr TimeMs kToday = 1'795'330'800'000;  // 2026-11-22T07:00:00Z

constexpr std::string_view kFull =
    R"({"title":"Evening long reads","owner":"priya","purpose":"one good thing before sleep",)"
    R"("impact":{"customer":{"change":"she finishes something","metric":"glad","target":0.02},)"
    R"("business":{"change":"fewer cancellations","metric":"cancel","target":0.01}},)"
    R"("different":{"promise":"long reads, not news","share":0.3},)"
    R"("needs":{"decision":"end","events":["Article Read"],)"
    R"("data":[{"name":"hour","have":true,"purpose":"profile","worth":0.01},)"
    R"({"name":"glad?","event":"Answer Given","obtainable":true,"purpose":"email","worth":"all"}],)"
    R"("consent":["profile"]},"smallestWorth":0.02,"horizonDays":90,"guardrails":["unsubscribe"],)"
    R"("chain":{"impact":"i","behaviour":"b","need":"n","decision":"d",)"
    R"("links":{"needDecision":{"known":"tested","evidence":"test of May"}}},)"
    R"("opportunities":[{"need":"n","importance":9,"satisfaction":3,"n":120}]})";

std::string with(std::string_view from, std::string_view to) {
  std::string text(kFull);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Brief full() { return *brief_from_json("evening", kFull); }

TEST(BriefJson, ReadsBackWhatItWrites) {
  for (const std::string& json :
       {std::string(kFull), std::string(R"({"title":"t","owner":"o","purpose":"p"})"),
        with(R"("horizonDays":90)", R"("horizonDays":1,"renewBy":"2027-01-31T00:00:00Z")")}) {
    const auto said = brief_from_json("evening", json);
    ASSERT_TRUE(said) << said.error().message;
    Brief brief = *said;
    brief.registered_at_ms = kToday + 123;
    brief.registered_by = "key_1";
    brief.stamp({kToday + 456, "priya", "it was too much", {"different/share"}});
    brief.stamp({kToday + 789, "priya", "still true", {"renewed"}});
    const auto back = stored_brief_from_json("evening", brief_to_json(brief));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, brief);
    EXPECT_EQ(back->renewed_at_ms, kToday + 789);
  }
}

TEST(BriefJson, RefusesWithThePointer) {
  const struct {
    std::string json;
    std::string_view message;
  } rows[] = {
      {"[]", "#: a brief must be an object, found an array"},
      {with(R"("title":"Evening long reads",)", ""), "#/title: is missing"},
      {with(R"("owner":"priya",)", ""), "#/owner: is missing"},
      {with(R"("purpose":"one good thing before sleep",)", ""), "#/purpose: is missing"},
      {with(R"("one good thing before sleep")", R"("")"), "#/purpose"},
      {with(R"("target":0.02)", R"("target":0)"), "#/impact/customer/target: must be above 0"},
      {with(R"("target":0.02)", R"("target":-0.02)"), "#/impact/customer/target: must be a number"},
      {with(R"("target":0.02)", R"("target":NaN)"), "JSON"},
      {with(R"("target":0.02)", R"("target":1e999)"), ""},
      {with(R"("target":0.02)", R"("target":"2 %")"), "#/impact/customer/target"},
      {with(R"("share":0.3)", R"("share":1.01)"),
       "#/different/share: must be a number from 0 to 1"},
      {with(R"("share":0.3)", R"("share":0)"), "#/different/share: must be above 0"},
      {with(R"(["Article Read"])", R"(["Article Read","article read"])"), "'article read' twice"},
      {with(R"(["Article Read"])", R"(["Article\u001b[2JRead"])"), "#/needs/events: must be lines"},
      {with(R"("priya")", R"("pri\u202eya")"), "#/owner: must be one line"},
      {with("long reads, not news", "long\\nreads"), "#/different/promise: must be one line"},
      {with("long reads, not news", std::string(501, 'x')), "#/different/promise: must have 1 to"},
      {with("long reads, not news", std::string(30'000, 'x')), "at most 20480 bytes"},
      {with(R"("purpose":"email")", R"("purpose":"fax")"), "#/needs/data/1/purpose"},
      {with(R"("purpose":"email",)", ""), "#/needs/data/1/purpose: is missing"},
      {with(R"("consent":["profile"])", R"("consent":["everything"])"), "#/needs/consent"},
      {with(R"("name":"glad?")", R"("name":"Hour")"), "#/needs/data/1/name: names 'Hour' twice"},
      {with(R"(,"evidence":"test of May")", ""), "#/chain/links/needDecision/evidence: is missing"},
      {with(R"("known":"tested")", R"("known":"sure")"), "must be assumed, observed or tested"},
      {with(R"("importance":9)", R"("importance":11)"), "#/opportunities/0/importance"},
      {with(R"("satisfaction":3,)", ""), "#/opportunities/0/satisfaction: is missing"},
      {with(R"("horizonDays":90)", R"("horizonDays":0)"), "#/horizonDays"},
      {with(R"("horizonDays":90)", R"("horizonDays":90,"renewBy":"soon")"), "#/renewBy"},
      {with(R"("horizonDays":90)", R"("horizonDays":90,"registeredAt":"2026-01-01T00:00:00Z")"),
       "#/registeredAt: is no field"},
      {with(R"("horizonDays":90)", R"("horizonDays":90,"changes":[])"), "#/changes: is no field"},
      {with(R"("guardrails":["unsubscribe"])", R"("guardrail":["x"])"),
       "Did you mean 'guardrails'"},
  };
  for (const auto& row : rows) {
    const auto brief = brief_from_json("evening", row.json);
    ASSERT_FALSE(brief) << row.json.substr(0, 300);
    EXPECT_EQ(brief.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(brief.error().message.find(row.message), std::string::npos)
        << brief.error().message << " instead of " << row.message;
  }
  for (const std::string_view id : {"No Id", "", "a/b"}) EXPECT_FALSE(brief_from_json(id, kFull));
  EXPECT_FALSE(brief_from_json(std::string(65, 'a'), kFull));
}

TEST(BriefJson, TheNeedComesBeforeTheDecisionAndBothBeforeAChannel) {
  const std::string head = R"({"title":"t","owner":"o","purpose":"p",)";
  const struct {
    std::string_view rest, message;
  } rows[] = {
      {R"("needs":{"decision":"end"}})", "#/needs/decision: comes after the need"},
      {R"("chain":{"need":"n"},"needs":{"data":[{"name":"a","purpose":"profile"}]}})",
       "#/needs/data: comes after the decision"},
      {R"("chain":{"need":"n"},"needs":{"consent":["email"]}})",
       "#/needs/consent: names a channel before there is a decision"},
  };
  for (const auto& row : rows) {
    const auto brief = brief_from_json("b", head + std::string(row.rest));
    ASSERT_FALSE(brief) << row.rest;
    EXPECT_NE(brief.error().message.find(row.message), std::string::npos) << brief.error().message;
  }
  EXPECT_TRUE(brief_from_json(
      "b", head + R"("chain":{"need":"n"},"needs":{"decision":"end","consent":["email"]}})"));
}

TEST(Brief, CountsTheQuestionsThatAreAnswered) {
  EXPECT_EQ(answered(Brief{}), 0u);
  EXPECT_EQ(answered(full()), 3u);
  Brief brief = full();
  brief.promise.clear();
  EXPECT_EQ(answered(brief), 2u);
  EXPECT_EQ(unanswered(brief)[1], std::vector<std::string>{"different/promise"});
  brief = full();
  brief.business.metric.clear();
  brief.horizon_days.reset();
  EXPECT_EQ(unanswered(brief)[0],
            (std::vector<std::string>{"impact/business/metric", "horizonDays"}));
  brief.business.target.reset();  // for us a direction is enough
  EXPECT_EQ(unanswered(brief)[0].size(), 2u);
  brief.sources.clear();
  brief.events.clear();
  EXPECT_EQ(unanswered(brief)[2], (std::vector<std::string>{"needs/events", "needs/data"}));
}

TEST(Brief, IsOverAfterAQuarterOrOnItsOwnEarlierDay) {
  Brief brief = full();
  EXPECT_EQ(brief.due_ms(), 0);
  EXPECT_FALSE(brief.is_overdue(kToday + 1000 * kDayMs));  // it never was registered
  brief.registered_at_ms = kToday;
  EXPECT_EQ(brief.due_ms(), kToday + 91 * kDayMs);
  brief.renew_by_ms = kToday + 30 * kDayMs;
  EXPECT_EQ(brief.due_ms(), kToday + 30 * kDayMs);
  EXPECT_FALSE(brief.is_overdue(kToday + 30 * kDayMs - 1));
  EXPECT_TRUE(brief.is_overdue(kToday + 30 * kDayMs));
  brief.stamp({kToday + 31 * kDayMs, "ines", "it pays", {"renewed"}});
  EXPECT_EQ(brief.due_ms(), kToday + (31 + 91) * kDayMs);  // its own day is behind it
  brief.renew_by_ms = kToday + 500 * kDayMs;               // later than a quarter: does not count
  EXPECT_EQ(brief.due_ms(), kToday + (31 + 91) * kDayMs);
  EXPECT_EQ(brief.horizon_ms(), kToday + 90 * kDayMs);  // a renewal moves no promise
}

TEST(Brief, SaysWhyItDoesNotOpenASlot) {
  Brief brief = full();
  brief.registered_at_ms = kToday;
  EXPECT_EQ(why_not_open(brief, "end", kToday), "");
  EXPECT_EQ(why_not_open(brief, "home", kToday),
            "brief 'evening' is for slot 'end', not for this one");
  EXPECT_EQ(why_not_open(brief, "end", kToday + 91 * kDayMs),
            "brief 'evening' was to be renewed by 2027-02-21, and nobody did");
  brief.share.reset();
  EXPECT_EQ(why_not_open(brief, "end", kToday), "2 of 3 questions of brief 'evening' are answered");
}

TEST(Brief, KnowsWhatOfTheRegisteredChanged) {
  const Brief before = full();
  EXPECT_TRUE(registered_changes(before, before).empty());
  Brief after = before;
  after.title = "another name";
  after.opportunities.clear();
  EXPECT_TRUE(registered_changes(before, after).empty());
  after.person.target = 0.01;
  after.horizon_days = 180;
  after.guardrails.clear();
  EXPECT_EQ(registered_changes(before, after),
            (std::vector<std::string>{"impact/customer/target", "horizonDays", "guardrails"}));
}

TEST(Brief, KeepsTheFirstAndTheNewestChangesAndFitsIntoTheLog) {
  Brief brief = full();
  brief.registered_at_ms = kToday;
  const std::string why(500, 'w');
  for (std::size_t i = 0; i < kBriefChangesMax + 5; ++i)
    brief.stamp({kToday + static_cast<TimeMs>(i), "somebody", why,
                 std::vector<std::string>(13, "impact/customer/change")});
  EXPECT_EQ(brief.changes.size(), kBriefChangesMax);
  EXPECT_EQ(brief.changes_dropped, 5u);
  EXPECT_EQ(brief.changes.front().at_ms, kToday);
  EXPECT_EQ(brief.changes.back().at_ms, kToday + static_cast<TimeMs>(kBriefChangesMax) + 4);
  EXPECT_LT(brief_to_json(brief).size() + 20 * 1024 - kFull.size(), 64u * 1024);
}

}  // namespace
}  // namespace ante

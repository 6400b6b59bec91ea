#include "report/control_lift.h"

#include <cmath>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "domain/bucketing.h"
#include "domain/event.h"
#include "report/lift.h"

namespace ante {
namespace {

constexpr TimeMs kControlsStart = 1'700'000'000'000;

PersonHash somebody(std::uint64_t n) { return PersonHash{{mix64(n + 1), n + 1}}; }

// So many of whom so many did it, once each.
OutcomeSums people_of(std::uint64_t n, std::uint64_t did) {
  OutcomeSums sums;
  for (std::uint64_t i = 0; i < n; ++i) sums.add(i < did ? 1'000'000 : 0);
  return sums;
}

SlotLift lift_of(OutcomeSums treated, OutcomeSums holdout, OutcomeSums shuffled) {
  SlotLift sums;
  sums.treated = treated;
  sums.holdout = holdout;
  ControlLift& of = sums.controls[control_index(Arm::kShuffled)];
  of.sums = shuffled;
  of.entered = shuffled.n;
  const std::uint64_t both = treated.n + shuffled.n;
  const std::uint64_t buckets = both == 0 ? 0 : shuffled.n * kBuckets / both;
  of.expected_buckets = buckets * both;
  of.variance_buckets = buckets * (kBuckets - buckets) * both;
  return sums;
}

TEST(ControlLift, TellsThePlaceFromTheMatch) {
  Slot slot;
  const struct {
    OutcomeSums treated, holdout, shuffled;
    std::string_view sentence;
  } rows[] = {
      {people_of(24, 24), people_of(900, 90), people_of(900, 90), "Too early to say whether"},
      {people_of(9000, 900), people_of(900, 24), people_of(900, 90), "Too early to say whether"},
      {people_of(9000, 900), people_of(900, 90), people_of(900, 24), "Too early to say whether"},
      {people_of(90000, 9000), people_of(9000, 900), people_of(9000, 900),
       "Too early to say whether"},
      {people_of(90000, 18000), people_of(9000, 900), people_of(9000, 1800),
       "Most of the gain is placement:"},
      {people_of(90000, 18000), people_of(9000, 900), people_of(9000, 900),
       "Most of the gain is the match"},
      {people_of(90000, 27000), people_of(9000, 900), people_of(9000, 2250),
       "Most of the gain is placement, and the match adds"},
      {people_of(90000, 9000), people_of(9000, 900), people_of(9000, 1800), "The match does harm"},
      {people_of(90000, 18000), people_of(9000, 1500), people_of(9000, 1400),
       "Most of the gain is the match"},
  };
  for (const auto& row : rows) {
    const ControlsSummary summary =
        summarize_controls(slot, lift_of(row.treated, row.holdout, row.shuffled));
    ASSERT_EQ(summary.controls.size(), 1U);
    EXPECT_EQ(summary.sentence.substr(0, row.sentence.size()), row.sentence);
    const ControlSummary& shuffled = summary.controls[0];
    if (shuffled.against_holdout.low) {
      EXPECT_LT(*shuffled.against_holdout.low, *shuffled.against_holdout.value);
      EXPECT_LT(*shuffled.against_holdout.value, *shuffled.against_holdout.high);
      EXPECT_EQ(shuffled.against_holdout.n, row.holdout.n + row.shuffled.n);
    }
  }
  EXPECT_TRUE(summarize_controls(slot, {}).controls.empty());
  EXPECT_EQ(summarize_controls(slot, {}).sentence, "");
  slot.controls.trending = 0.02;  // planned, and nobody yet
  EXPECT_EQ(summarize_controls(slot, {}).sentence,
            "Too early to say against what is looked at most now.");
}

TEST(ControlLift, ABrokenSplitSaysNothingElse) {
  SlotLift sums = lift_of(people_of(9000, 1800), people_of(900, 90), people_of(900, 180));
  sums.controls[control_index(Arm::kShuffled)].entered += 150;
  const ControlsSummary summary = summarize_controls({}, sums);
  EXPECT_TRUE(summary.sentence.starts_with("The control 'shuffled' has not as many people"));
  std::string text;
  JsonWriter json(text);
  write_controls(json, summary);
  EXPECT_NE(text.find(R"("matchEffect":null)"), std::string::npos) << text;
}

class ControlFoldTest : public testing::Test {
 protected:
  ControlFoldTest() {
    slot.name = "home";
    slot.key = slot_key("home");
    slot.safe_items = {"a"};
    slot.holdout = 0.2;
    slot.controls = {0.1, 0.2, 0.05};
    Object object{"slot", "home", ++sequence, false, "me", "test", slot_to_json(slot)};
    put(RecordKind::kObject, {}, kControlsStart, encode(object));
  }
  void put(RecordKind kind, PersonHash who, TimeMs at, const std::string& body) {
    RecordHeader header;
    header.kind = kind;
    header.person = who;
    header.occurred_at = header.received_at = at;
    ++sequence;
    report->consume({Commit{sequence}, partition_of(who), Sequence{sequence}, header, body});
  }
  Decision decision(std::uint64_t who, Arm arm) {
    Decision d;
    d.id = DecisionId{{static_cast<std::uint64_t>(kControlsStart) << 16, ++sequence}};
    d.people = {somebody(who)};
    d.slot = slot.key;
    d.slot_name = slot.name;
    d.at_ms = kControlsStart;
    d.arm = arm;
    d.outcome = arm == Arm::kHoldout ? Outcome::kHoldout
                : is_control(arm)    ? Outcome::kControl
                                     : Outcome::kBet;
    d.activated = true;
    return d;
  }
  void put(const Decision& d) { put(RecordKind::kDecision, d.people.front(), d.at_ms, encode(d)); }
  void close() { put(RecordKind::kFacts, {}, kControlsStart + kDayMs, ""); }
  SlotLift sums() { return *report->sums("home"); }

  Slot slot;
  std::unique_ptr<LiftReport> report = std::make_unique<LiftReport>();
  std::uint64_t sequence = 0;
};

TEST_F(ControlFoldTest, EachArmHasItsOwnSumsAndTheirPlannedShares) {
  constexpr std::uint64_t kPeople = 20'000;
  std::map<Arm, std::uint64_t> n;
  for (std::uint64_t i = 0; i < kPeople; ++i) {
    const Arm arm = arm_of(slot, "salt", "salt", somebody(i));
    ++n[arm];
    put(decision(i, arm));
  }
  const std::string early = report->save();
  close();
  const SlotLift found = sums();
  EXPECT_EQ(found.treated.n, n[Arm::kTreated]);
  EXPECT_EQ(found.holdout.n, n[Arm::kHoldout]);
  EXPECT_EQ(found.waiting, 0U);
  const LiftSummary lift = *report->lift("home");
  EXPECT_GT(lift.srm_p, 0.001);
  ASSERT_EQ(lift.controls.controls.size(), kListControlCount);
  for (const ControlSummary& control : lift.controls.controls) {
    EXPECT_EQ(control.n, n[control.control]);
    EXPECT_GT(control.srm_p, 0.001) << to_string(control.control);
  }
  // The same from a checkpoint and the log after it.
  const std::string late = report->save();
  report = std::make_unique<LiftReport>();
  ASSERT_TRUE(report->load(early));
  EXPECT_EQ(report->save(), early);
  close();
  EXPECT_EQ(report->save(), late);
  EXPECT_EQ(to_json(*report->lift("home")), to_json(lift));
}

TEST_F(ControlFoldTest, AMissingThirdOfAControlIsSeen) {
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const Arm arm = arm_of(slot, "salt", "salt", somebody(i));
    if (arm == Arm::kTrending && i % 3 == 0) continue;
    put(decision(i, arm));
  }
  close();
  const LiftSummary lift = *report->lift("home");
  EXPECT_GT(lift.srm_p, 0.001);  // the holdout is as planned all the same
  for (const ControlSummary& control : lift.controls.controls)
    EXPECT_EQ(control.srm_p < kSampleRatioAlarm, control.control == Arm::kTrending);
}

TEST_F(ControlFoldTest, WhoGotTheSafeDefaultAfterAllIsNoControl) {
  Decision none = decision(1, Arm::kShuffled);
  none.fallback = Fallback::kNoOtherLists;
  put(none);
  Decision waiting = decision(2, Arm::kTrending);  // the slot had fallen back
  waiting.outcome = Outcome::kAbstain;
  waiting.fallback = Fallback::kFellBack;
  put(waiting);
  Decision late = decision(3, Arm::kTrending);  // no candidates: it got its list all the same
  late.fallback = Fallback::kNoCandidates;
  put(late);
  close();
  const SlotLift found = sums();
  EXPECT_EQ(found.treated.n + found.holdout.n, 0U);
  EXPECT_EQ(found.controls[control_index(Arm::kShuffled)].entered, 0U);
  EXPECT_EQ(found.controls[control_index(Arm::kTrending)].sums.n, 1U);
}

TEST_F(ControlFoldTest, PeopleOfTwoArmsAreLeftOutAndSaidSo) {
  put(decision(1, Arm::kShuffled));
  put(decision(2, Arm::kTrending));
  put(RecordKind::kLink, somebody(1), kControlsStart,
      encode(Link{somebody(2), kControlsStart, true}));
  close();
  const LiftSummary lift = *report->lift("home");
  EXPECT_EQ(lift.mixed, 1U);
  EXPECT_NE(lift.sentence.find("Left out: 1 who came under two ids"), std::string::npos);
  EXPECT_NE(to_json(lift).find(R"("mixed":1)"), std::string::npos);
  for (const ControlSummary& control : lift.controls.controls) EXPECT_EQ(control.n, 0U);
}

}  // namespace
}  // namespace ante

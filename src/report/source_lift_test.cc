#include "report/source_lift.h"

#include <cmath>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/random.h"
#include "domain/bet.h"
#include "domain/bucketing.h"
#include "domain/event.h"

namespace ante {
namespace {

constexpr TimeMs kSourcesStart = 1'700'000'000'000;

// So many of whom so many did it, once each.
OutcomeSums clicks_of(std::uint64_t n, std::uint64_t did) {
  OutcomeSums sums;
  for (std::uint64_t i = 0; i < n; ++i) sums.add(i < did ? 1'000'000 : 0);
  return sums;
}

// The split as it was planned.
SlotLift sources_of(const OutcomeSums& treated, const OutcomeSums& without,
                    DataSource source = DataSource::kImported) {
  SlotLift sums;
  sums.treated = treated;
  ControlLift& of = sums.controls[control_index(arm_without(source))];
  of.sums = without;
  of.treated = treated;
  of.entered = without.n;
  const std::uint64_t both = treated.n + without.n;
  const std::uint64_t buckets = both == 0 ? 0 : without.n * kBuckets / both;
  of.expected_buckets = buckets * both;
  of.variance_buckets = buckets * (kBuckets - buckets) * both;
  return sums;
}

Slot slot_with_shares() {
  Slot slot;
  slot.name = "home";
  slot.controls.without_imported = 0.1;
  return slot;
}

TEST(SourceLift, SaysWhatItBoughtAndWhatToDo) {
  const struct {
    OutcomeSums treated, without;
    SourceVerdict verdict;
    std::string_view words;
  } rows[] = {
      {clicks_of(0, 0), clicks_of(0, 0), SourceVerdict::kTooEarly, "too early to say"},
      {clicks_of(9000, 900), clicks_of(900, 24), SourceVerdict::kTooEarly, "it takes 25 each"},
      {clicks_of(24, 24), clicks_of(900, 90), SourceVerdict::kTooEarly, "24 and 90 people"},
      {clicks_of(9000, 900), clicks_of(900, 90), SourceVerdict::kUnproven, "either way still"},
      {clicks_of(9000, 1800), clicks_of(900, 90), SourceVerdict::kPays, "pays: +100.0 %"},
      {clicks_of(9000, 900), clicks_of(900, 180), SourceVerdict::kHarms, "does harm: -50.0 %"},
      {clicks_of(900'000, 450'000), clicks_of(900'000, 450'000), SourceVerdict::kBuysNothing,
       "Proposed for deletion: stop the import and delete what came of it."},
      // Surely more than nothing, and surely not worth its keeping.
      {clicks_of(9'000'000, 4'518'000), clicks_of(9'000'000, 4'500'000),
       SourceVerdict::kBuysNothing, "Proposed for deletion"},
      {clicks_of(9'000'000, 4'700'000), clicks_of(9'000'000, 4'500'000), SourceVerdict::kPays,
       "pays: +4.4 %"},
  };
  for (const auto& row : rows) {
    const auto sources =
        summarize_sources(slot_with_shares(), sources_of(row.treated, row.without));
    ASSERT_EQ(sources.size(), 1U);
    const SourceLift& lift = sources[0];
    EXPECT_EQ(lift.source, DataSource::kImported);
    EXPECT_STREQ(to_string(lift.verdict), to_string(row.verdict)) << lift.sentence;
    EXPECT_NE(lift.sentence.find(row.words), std::string::npos) << lift.sentence;
    if (lift.low) {
      EXPECT_LT(*lift.low, *lift.value);
      EXPECT_LT(*lift.value, *lift.high);
      // Wider than one comparison alone would be.
      const Interval alone =
          sequence_interval(row.treated, row.without, kLiftAlpha, kPersonsPlanned);
      EXPECT_GT(*lift.high, alone.high);
    }
  }
  EXPECT_TRUE(summarize_sources({}, {}).empty());
}

// As many more as are said, with the same rates, and it is known.
TEST(SourceLift, SaysHowManyMorePeopleItTakes) {
  const auto lift_of = [](double scale, std::uint64_t did, std::uint64_t did_without) {
    const auto times = [&](std::uint64_t n) {
      return static_cast<std::uint64_t>(std::ceil(static_cast<double>(n) * scale));
    };
    return summarize_sources(slot_with_shares(),
                             sources_of(clicks_of(times(9000), times(did)),
                                        clicks_of(times(1000), times(did_without))))[0];
  };
  for (const auto& [did, without] : {std::pair<std::uint64_t, std::uint64_t>{1100, 110},
                                     {1000, 100},
                                     {990, 100},
                                     {900, 6},
                                     {9, 80}}) {
    const SourceLift now = lift_of(1, did, without);
    ASSERT_TRUE(now.more_people) << now.sentence;
    EXPECT_NE(now.sentence.find("more people"), std::string::npos);
    const double scale = 1 + *now.more_people / 10'000;
    const SourceLift then = lift_of(scale * 1.001, did, without);
    if (now.verdict == SourceVerdict::kTooEarly) {
      EXPECT_NE(then.verdict, SourceVerdict::kTooEarly);
    } else {
      EXPECT_NE(then.verdict, SourceVerdict::kUnproven) << now.sentence << then.sentence;
      EXPECT_EQ(lift_of(1 + (scale - 1) * 0.8, did, without).verdict, SourceVerdict::kUnproven);
    }
  }
  // Nobody did it: nothing can be said.
  EXPECT_FALSE(lift_of(1, 900, 0).more_people);
  EXPECT_NE(lift_of(1, 900, 0).sentence.find("it cannot be said how many more people"),
            std::string::npos);
  Slot ended = slot_with_shares();
  ended.controls = {};
  const auto sources = summarize_sources(ended, sources_of(clicks_of(9000, 900), clicks_of(9, 3)));
  EXPECT_NE(sources[0].sentence.find("nobody new is compared"), std::string::npos);
}

TEST(SourceLift, ABrokenSplitSaysNothingElse) {
  SlotLift sums = sources_of(clicks_of(9000, 1800), clicks_of(900, 90));
  sums.controls[control_index(Arm::kWithoutImported)].entered += 150;
  const SlotSources slot{"home", summarize_sources(slot_with_shares(), sums)};
  EXPECT_EQ(slot.sources[0].verdict, SourceVerdict::kUnproven);
  EXPECT_NE(slot.sources[0].sentence.find("the split is not as planned"), std::string::npos);
  const std::string json = to_json(std::span(&slot, 1));
  EXPECT_NE(json.find(R"("bought":null)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("proposedForDeletion":[])"), std::string::npos) << json;
}

TEST(SourceLift, WhatBuysNothingWhereverItIsComparedIsProposed) {
  const OutcomeSums half = clicks_of(900'000, 450'000);
  const Slot slot = slot_with_shares();
  std::vector<SlotSources> slots(3);
  slots[0] = {"home", summarize_sources(slot, sources_of(half, half))};
  slots[1] = {"cart", {}};
  slots[2] = {"end", summarize_sources(slot, sources_of(half, half))};
  std::string json = to_json(slots);
  EXPECT_NE(json.find(R"("proposedForDeletion":["imported"])"), std::string::npos) << json;
  EXPECT_NE(json.find("wherever it is compared: imported."), std::string::npos) << json;
  EXPECT_EQ(json.find("cart"), std::string::npos);
  slots[1].sources = summarize_sources(slot, sources_of(clicks_of(9000, 1800), clicks_of(900, 90)));
  json = to_json(slots);
  EXPECT_NE(json.find(R"("proposedForDeletion":[])"), std::string::npos) << json;
  EXPECT_NE(to_json(std::span<const SlotSources>{}).find("Nothing is compared"), std::string::npos);
}

// People of four sources and the treated come one by one, looked at all the time: how many slots
// ever say something wrong of any source? Promised are at most 5 of 100. `gain`: true, relative.
int slots_with_a_wrong_word(double gain, std::uint64_t first_seed, int* settled) {
  constexpr int kSlots = 400;
  constexpr std::uint64_t kPersons = 40'000;
  constexpr double kChance = 0.2;
  int wrong = 0;
  const Slot slot = [] {
    Slot all = slot_with_shares();
    all.controls = {0, 0, 0, 0.1, 0.1, 0.1, 0.1};
    return all;
  }();
  for (int s = 0; s < kSlots; ++s) {
    Random random(mix64(first_seed + static_cast<std::uint64_t>(s)));
    SlotLift sums;
    bool is_wrong = false;
    for (std::uint64_t n = 1; n <= kPersons; ++n) {
      const std::uint64_t arm = random.below(10);  // four of ten in an ablation
      const double chance = arm < kDataSourceCount ? kChance : kChance * (1 + gain);
      const std::int64_t outcome = random.uniform() < chance ? 1'000'000 : 0;
      if (arm < kDataSourceCount)
        sums.controls[kListControlCount + arm].sums.add(outcome);
      else
        for (std::size_t i = kListControlCount; i < kControlCount; ++i)
          sums.controls[i].treated.add(outcome);
      if (n % 250 != 0) continue;
      for (const SourceLift& lift : summarize_sources(slot, sums)) {
        const bool pays = lift.verdict == SourceVerdict::kPays;
        is_wrong = is_wrong || lift.verdict == SourceVerdict::kHarms || (gain == 0 && pays) ||
                   (gain > kNeutralShare && is_for_deletion(lift.verdict));
        if (n == kPersons && settled != nullptr) *settled += pays ? 1 : 0;
      }
    }
    wrong += is_wrong ? 1 : 0;
  }
  return wrong;
}

// Binomial(400, .05): 33 and more has a chance of .005. Seeds are fixed.
TEST(SourceLift, NothingWrongIsSaidOfNoiseWheneverOneLooks) {
  const int wrong = slots_with_a_wrong_word(0, 1, nullptr);
  RecordProperty("wrong", wrong);
  EXPECT_LE(wrong, 20);
}

TEST(SourceLift, ASourceThatIsWorthItIsFoundAndNotProposed) {
  int found = 0;
  const int wrong = slots_with_a_wrong_word(0.25, 10'001, &found);
  RecordProperty("wrong", wrong);
  RecordProperty("found", found);
  EXPECT_LE(wrong, 20);
  EXPECT_GT(found, 4 * 400 * 9 / 10);
}

class SourceFoldTest : public testing::Test {
 protected:
  SourceFoldTest() {
    slot.name = "home";
    slot.key = slot_key("home");
    slot.safe_items = {"a"};
    slot.holdout = 0.1;
    slot.controls = {0.1, 0, 0.05, 0.1, 0.2, 0, 0.05};
    Object object{"slot", "home", ++sequence, false, "me", "test", slot_to_json(slot)};
    put(RecordKind::kObject, {}, kSourcesStart, encode(object));
  }
  static PersonHash somebody(std::uint64_t n) { return PersonHash{{mix64(n + 1), n + 1}}; }
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
    d.id = DecisionId{{static_cast<std::uint64_t>(kSourcesStart) << 16, ++sequence}};
    d.people = {somebody(who)};
    d.slot = slot.key;
    d.slot_name = slot.name;
    d.at_ms = kSourcesStart;
    d.arm = arm;
    d.outcome = arm == Arm::kHoldout   ? Outcome::kHoldout
                : is_list_control(arm) ? Outcome::kControl
                                       : Outcome::kBet;
    d.activated = true;
    return d;
  }
  void put(const Decision& d) { put(RecordKind::kDecision, d.people.front(), d.at_ms, encode(d)); }
  void close() { put(RecordKind::kFacts, {}, kSourcesStart + kDayMs, ""); }

  Slot slot;
  std::unique_ptr<LiftReport> report = std::make_unique<LiftReport>();
  std::uint64_t sequence = 0;
};

TEST_F(SourceFoldTest, EachHasItsOwnSumsAndItsPlannedShare) {
  std::map<Arm, std::uint64_t> n;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const Arm arm = arm_of(slot, "salt", "salt", somebody(i));
    ++n[arm];
    put(decision(i, arm));
  }
  const std::string early = report->save();
  close();
  const LiftSummary lift = *report->lift("home");
  EXPECT_GT(lift.srm_p, 0.001);  // the holdout's split is of treated and held out alone
  EXPECT_EQ(lift.treated.n, n[Arm::kTreated]);
  EXPECT_EQ(lift.controls.controls.size(), 2U);  // the ablations have a report of their own
  for (const ControlSummary& control : lift.controls.controls) EXPECT_GT(control.srm_p, 0.001);
  const auto sources = summarize_sources(slot, *report->sums("home"));
  ASSERT_EQ(sources.size(), 3U);
  for (const SourceLift& source : sources) {
    EXPECT_EQ(source.without.n, n[arm_without(source.source)]);
    EXPECT_EQ(source.treated.n, n[Arm::kTreated]);
    EXPECT_GT(source.srm_p, 0.001);
  }
  const std::string late = report->save();
  report = std::make_unique<LiftReport>();
  ASSERT_TRUE(report->load(early));
  EXPECT_EQ(report->save(), early);
  close();
  EXPECT_EQ(report->save(), late);
}

// What people bring drifts: who came before there was a share is not compared with who came after.
TEST_F(SourceFoldTest, OnlyWhoCameWhileItHadAShareIsCompared) {
  for (const double share : {0.0, 0.1, 0.0}) {
    slot.controls = {};
    slot.controls.without_told = share;
    Object object{"slot", "home", ++sequence, false, "me", "test", slot_to_json(slot)};
    put(RecordKind::kObject, {}, kSourcesStart, encode(object));
    for (std::uint64_t i = 0; i < 100; ++i) put(decision(sequence, Arm::kTreated));
    if (share > 0) put(decision(sequence, Arm::kWithoutTold));
  }
  const std::string early = report->save();
  close();
  const std::string late = report->save();
  EXPECT_EQ(report->sums("home")->treated.n, 300U);
  const SourceLift told = summarize_sources(slot, *report->sums("home"))[0];
  EXPECT_EQ(told.treated.n, 100U);
  EXPECT_EQ(told.without.n, 1U);
  report = std::make_unique<LiftReport>();
  ASSERT_TRUE(report->load(early));
  close();
  EXPECT_EQ(report->save(), late);
}

TEST_F(SourceFoldTest, AMissingThirdIsSeen) {
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const Arm arm = arm_of(slot, "salt", "salt", somebody(i));
    if (arm == Arm::kWithoutNoticed && i % 3 == 0) continue;
    put(decision(i, arm));
  }
  close();
  for (const SourceLift& source : summarize_sources(slot, *report->sums("home")))
    EXPECT_EQ(source.srm_p < kSampleRatioAlarm, source.source == DataSource::kNoticed);
}

TEST_F(SourceFoldTest, AbstentionsCountAndShadowDoesNot) {
  Decision abstained = decision(1, Arm::kWithoutTold);
  abstained.outcome = Outcome::kAbstain;
  put(abstained);
  Decision failed = decision(2, Arm::kWithoutTold);
  failed.outcome = Outcome::kFallback;
  failed.fallback = Fallback::kNoCandidates;
  put(failed);
  Decision shadow = decision(3, Arm::kWithoutTold);
  shadow.outcome = Outcome::kAbstain;
  shadow.fallback = Fallback::kSlotInShadow;
  put(shadow);
  Decision paused = decision(4, Arm::kWithoutTold);
  paused.outcome = Outcome::kPaused;
  put(paused);
  close();
  EXPECT_EQ(summarize_sources(slot, *report->sums("home"))[0].without.n, 2U);
}

TEST_F(SourceFoldTest, ABetCountsNobodyWhomItFoundByLess) {
  Bet bet;
  bet.id = "b";
  bet.slot = "home";
  for (std::uint64_t i = 0; i < 90; ++i) {
    Decision d = decision(i, i % 3 == 0 ? Arm::kTreated : Arm::kWithoutTold);
    d.bet.id = "b";
    d.bet.play = i % 3 == 2 ? BetPlay::kExcluded : BetPlay::kTreated;
    d.bet.exclusion = i % 3 == 2 ? Exclusion::kRule : Exclusion::kNone;
    d.bet.treated_buckets = 5000;
    put(d);
  }
  close();
  const BetEvidence evidence = *report->bet(bet, kSourcesStart);
  EXPECT_EQ(evidence.sums.treated.n, 30U);
  EXPECT_EQ(evidence.sums.left_alone_people[static_cast<std::size_t>(Exclusion::kRule)], 0U);
  EXPECT_EQ(summarize_sources(slot, *report->sums("home"))[0].without.n, 60U);
}

}  // namespace
}  // namespace ante

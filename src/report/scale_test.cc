#include "report/scale.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

OutcomeSums rate_sums(std::uint64_t n, std::uint64_t hits, double worth = 1) {
  OutcomeSums sums;
  const auto micros = static_cast<std::int64_t>(worth * 1e6);
  for (std::uint64_t i = 0; i < n; ++i) sums.add(i < hits ? micros : 0);
  return sums;
}

ScaleQuestion question(double rate, std::span<const std::uint32_t> days, double holdout = 0.5) {
  ScaleQuestion q;
  q.slot = "home";
  q.holdout = rate_sums(10'000, static_cast<std::uint64_t>(10'000 * rate));
  q.treated = rate_sums(10'000, static_cast<std::uint64_t>(10'000 * rate));
  q.holdout_share = holdout;
  q.new_people.assign(days.begin(), days.end());
  return q;
}

// Two proportions, normal approximation, unpooled: any textbook.
double textbook_people(double p, double lift, double q) {
  const double z = 1.959963984540054 + 0.8416212335729143;
  const double p1 = p * (1 + lift);
  return z * z * (p1 * (1 - p1) / (1 - q) + p * (1 - p) / q) / ((p1 - p) * (p1 - p));
}

TEST(Scale, NeedsAsManyPeopleAsTheTwoProportionFormula) {
  const std::vector<std::uint32_t> days(30, 1000);
  for (const double p : {0.01, 0.05, 0.3}) {
    for (const double lift : {0.05, 0.1, 0.5}) {
      for (const double q : {0.05, 0.2, 0.5}) {
        ScaleQuestion asked = question(p, days, q);
        asked.lift = lift;
        const Scale answer = scale(asked);
        EXPECT_NEAR(*answer.needed / textbook_people(p, lift, q), 1, 0.01)
            << p << " " << lift << " " << q;
        EXPECT_NEAR(*answer.needed_watched / *answer.needed, 1.9, 0.3);
      }
    }
  }
}

TEST(Scale, ThePowerIsWhatIsSaid) {
  // Tests of two proportions with as many persons as `needed`, of the lift asked for: 80 % find it.
  const std::vector<std::uint32_t> days(30, 1000);
  ScaleQuestion asked = question(0.05, days, 0.2);
  asked.lift = 0.3;
  const double n = *scale(asked).needed;
  Random random(3);
  const auto held = static_cast<int>(n * 0.2), shown = static_cast<int>(n * 0.8);
  const auto hits = [&random](int of, double p) {
    // Binomial by its normal form: n p is above 100 here.
    const double mean = of * p, sd = std::sqrt(of * p * (1 - p));
    return std::round(mean + sd * normal_quantile(random.uniform() * 0.999998 + 1e-6));
  };
  int found = 0;
  constexpr int kRuns = 4000;
  for (int run = 0; run < kRuns; ++run) {
    const double a = hits(shown, 0.065) / shown, b = hits(held, 0.05) / held;
    const double se = std::sqrt(a * (1 - a) / shown + b * (1 - b) / held);
    found += std::abs(a - b) > 1.959964 * se ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(found) / kRuns, 0.8, 0.03);
}

TEST(Scale, TheSmallestLiftIsTheOneThatThoseDaysJustShow) {
  const std::vector<std::uint32_t> days(10, 500);
  const ScaleQuestion asked = question(0.05, days, 0.2);
  const Scale answer = scale(asked);
  EXPECT_DOUBLE_EQ(answer.people_a_month, 15'000);
  EXPECT_NEAR(textbook_people(0.05, *answer.month, 0.2), 15'000, 150);
  EXPECT_NEAR(textbook_people(0.05, *answer.quarter, 0.2), 45'000, 450);
  EXPECT_NEAR(*answer.days_to_know, *answer.needed / 500, 0.01);
  EXPECT_EQ(answer.groups, static_cast<std::uint64_t>(45'000 / *answer.needed));
}

TEST(Scale, FewReadersAreToldWhatTheyCanAndCannotKnow) {
  // 1,000 readers a month, 5 % of whom act.
  const std::vector<std::uint32_t> days(30, 33);
  const Scale answer = scale(question(0.05, days, 0.05));
  EXPECT_EQ(answer.rung, "nobody");
  EXPECT_EQ(answer.groups, 0U);
  EXPECT_EQ(answer.proposed_holdout, 0.5);
  EXPECT_GT(*answer.month, 0.7);
  EXPECT_NE(answer.sentence.find("Hold out 50 % instead of 5.0 %"), std::string::npos)
      << answer.sentence;
  // A hundred times as many need no more than the usual holdout.
  const std::vector<std::uint32_t> many(30, 33'000);
  const Scale large = scale(question(0.05, many, 0.05));
  EXPECT_EQ(large.proposed_holdout, 0.05);
  EXPECT_EQ(large.rung, "segment");
}

TEST(Scale, OnceItIsDecidedTheKeepingShareIsProposed) {
  const std::vector<std::uint32_t> days(30, 33);
  ScaleQuestion asked = question(0.05, days, 0.5);
  EXPECT_EQ(scale(asked).proposed_holdout, 0.5);
  EXPECT_EQ(scale(asked).sentence.find("decided"), std::string::npos) << scale(asked).sentence;
  asked.holdout_share = 0.3;
  EXPECT_NE(scale(asked).sentence.find("Hold out 50 % instead of 30 % until it is decided, then "
                                       "5.0 %"),
            std::string::npos)
      << scale(asked).sentence;
  asked.decided = true;
  EXPECT_EQ(scale(asked).proposed_holdout, kKeepingHoldout);
  EXPECT_NE(scale(asked).sentence.find("hold out 5.0 % from now on instead of 30 %"),
            std::string::npos)
      << scale(asked).sentence;
  EXPECT_NE(to_json(scale(asked)).find("\"decided\":true"), std::string::npos);
  asked.holdout_share = kKeepingHoldout;
  EXPECT_NE(scale(asked).sentence.find("keep that holdout"), std::string::npos);
  // What is known does not depend on what is proposed.
  ScaleQuestion open = asked;
  open.decided = false;
  EXPECT_EQ(scale(open).quarter, scale(asked).quarter);
}

TEST(Scale, WhatIsPlannedAgreesWithTheFormula) {
  for (const double readers : {300.0, 1000.0, 12'345.0, 1e6, 1e9}) {
    for (const double rate : {0.0001, 0.02, 0.1, 0.5, 0.85}) {
      const Scale planned = planned_scale(readers, rate);
      EXPECT_NEAR(planned.people_a_month, readers, 1e-9 * readers);
      EXPECT_NEAR(*planned.base, rate, 1e-6 * rate);
      EXPECT_EQ(planned.holdout_share, planned.proposed_holdout);
      EXPECT_NEAR(*planned.needed / textbook_people(rate, 0.1, planned.holdout_share), 1, 0.01)
          << readers << " " << rate;
      for (const auto& [lift, people] :
           {std::pair(planned.month, readers), std::pair(planned.quarter, 3 * readers)}) {
        if (!lift) continue;
        EXPECT_NEAR(textbook_people(rate, *lift, planned.holdout_share) / people, 1, 0.01)
            << readers << " " << rate;
      }
      EXPECT_EQ(what_can_be_known(planned).find("nan"), std::string::npos);
    }
  }
}

TEST(Scale, AThousandReadersAreToldInOneSentence) {
  const Scale small = planned_scale(kPlannedReaders, kPlannedBaseRate);
  EXPECT_EQ(small.holdout_share, 0.5);
  EXPECT_EQ(what_can_be_known(small),
            "1000 readers a month, with 50 % held out: in 90 days you can know a lift of 33 % or "
            "more of what 10 % of them do (in 30 days 59 %); one of 10 % takes 3 years; nothing "
            "smaller can be known here; and never of a group of readers apart.");
  // In order: the share falls as readers come.
  double before = 1;
  for (const double readers : {1e3, 1e4, 2e4, 1e5, 1e6, 1e7}) {
    const Scale planned = planned_scale(readers, kPlannedBaseRate);
    EXPECT_LE(planned.holdout_share, before);
    before = planned.holdout_share;
  }
  EXPECT_EQ(before, kKeepingHoldout);
  const std::string many = what_can_be_known(planned_scale(1e6, 0.1));
  EXPECT_NE(many.find("equal groups of readers."), std::string::npos) << many;
  EXPECT_EQ(many.find("nothing smaller"), std::string::npos) << many;
  EXPECT_NE(what_can_be_known(planned_scale(1, 0.5)).find("not even in 90 days"),
            std::string::npos);
}

TEST(Scale, MoreTrafficNeverMakesItWorse) {
  Random random(4);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<std::uint32_t> days(1 + random.below(60));
    for (auto& n : days) n = static_cast<std::uint32_t>(random.below(300) + 1);
    std::vector<std::uint32_t> twice = days;
    for (auto& n : twice) n *= 2;
    const double p = 0.01 + 0.4 * random.uniform();
    const Scale a = scale(question(p, days)), b = scale(question(p, twice));
    EXPECT_LE(b.month.value_or(99), a.month.value_or(99));
    EXPECT_LE(b.days_to_know.value_or(1e9), a.days_to_know.value_or(1e9));
    EXPECT_GE(b.groups, a.groups);
    EXPECT_LE(b.proposed_holdout, a.proposed_holdout);
  }
}

TEST(Scale, WhatIsNotKnownIsNotSaid) {
  EXPECT_NE(scale(ScaleQuestion()).sentence.find("Nobody has come by"), std::string::npos);
  const std::vector<std::uint32_t> days(3, 100);
  ScaleQuestion few = question(0.05, days);
  few.treated = rate_sums(100, 4);
  few.holdout = rate_sums(100, 20);
  EXPECT_FALSE(scale(few).base.has_value());
  EXPECT_NE(scale(few).sentence.find("Fewer than 25"), std::string::npos);
  const Scale nobody_held = scale(question(0.05, days, 0));
  EXPECT_FALSE(nobody_held.needed || nobody_held.month || nobody_held.days_to_know);
  EXPECT_NE(nobody_held.sentence.find("Nobody is held out"), std::string::npos);
  // A goal that all but everybody reaches cannot be lifted by more than is left.
  EXPECT_LT(scale(question(0.99, days)).month.value_or(0), 0.0102);
  EXPECT_EQ(to_json(scale(few)).find("nan"), std::string::npos);
}

// A crowd in its first month, then one a day, then nobody.
TEST(Scale, WhoCameLongAgoIsNotTheTrafficOfNow) {
  Slot slot;
  slot.name = "home";
  slot.holdout = 0.5;
  SlotLift sums;
  sums.first_day = 20'000;
  sums.entered.assign(30, 60);
  sums.entered.resize(120, 1);
  sums.treated = sums.holdout = rate_sums(945, 200);
  const auto on_day = [&](std::int64_t day) {
    return scale(scale_question(slot, sums, (20'000 + day) * kDayMs));
  };
  EXPECT_DOUBLE_EQ(on_day(119).people_a_month, 30);
  EXPECT_NE(on_day(119).sentence.find("About 30 people a month come by for the first time."),
            std::string::npos);
  EXPECT_DOUBLE_EQ(on_day(134).people_a_month, 15);
  EXPECT_DOUBLE_EQ(on_day(170).people_a_month, 0);
  EXPECT_EQ(on_day(170).people, 1890U);
  EXPECT_FALSE(on_day(170).month);
  EXPECT_FALSE(on_day(119).decided);
  sums.holdout = rate_sums(945, 100);
  EXPECT_TRUE(on_day(119).decided);
  sums.entered.resize(20);
  EXPECT_DOUBLE_EQ(on_day(19).people_a_month, 1800);  // as they came, and so on
}

TEST(Scale, PeopleComeAtThePaceOfTheLaterHalf) {
  const std::vector<std::uint32_t> days = {1000, 500, 100, 100};
  EXPECT_DOUBLE_EQ(people_within(days, 0), 0);
  EXPECT_DOUBLE_EQ(people_within(days, 1.5), 1250);
  EXPECT_DOUBLE_EQ(people_within(days, 4), 1700);
  EXPECT_DOUBLE_EQ(people_within(days, 14), 2700);
  EXPECT_DOUBLE_EQ(people_within({}, 30), 0);
  EXPECT_DOUBLE_EQ(people_lately(days, 14), 2700);
  EXPECT_DOUBLE_EQ(people_lately(days, 2), 200);
  EXPECT_DOUBLE_EQ(people_lately(days, 1.5), 150);
  EXPECT_DOUBLE_EQ(people_lately({}, 30), 0);
}

}  // namespace
}  // namespace ante

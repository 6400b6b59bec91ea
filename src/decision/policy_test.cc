#include "decision/policy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "math/statistics.h"

namespace ante {
namespace {

using Items = std::vector<ItemKey>;

ItemKey key(std::uint64_t n) { return ItemKey{n}; }

std::vector<HandItem> hand_of(const std::vector<float>& weights) {
  std::vector<HandItem> hand(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    hand[i].item = key(100 + i);
    hand[i].explore_weight = weights[i];
  }
  return hand;
}

Items items_of(const DrawnSlate& slate) {
  Items items;
  for (const DrawnPlace& place : slate.places) items.push_back(place.item);
  return items;
}

double product(const DrawnSlate& slate) {
  double p = 1;
  for (const DrawnPlace& place : slate.places) p *= static_cast<double>(place.propensity);
  return p;
}

// The mixture from its definition, branch by branch: the probability of every slate.
class Enumerated {
 public:
  explicit Enumerated(const Mixture& mixture) : m_(mixture) {
    if (m_.base_branch == kExploitBranch) {
      for (const HandItem& item : m_.hand) base_.push_back(item.item);
    }
    for (const ItemKey item : m_.safe_default) {
      if (std::find(base_.begin(), base_.end(), item) == base_.end()) base_.push_back(item);
    }
    const std::size_t places = std::min(m_.places_max, base_.size());
    bool explorable = false;
    for (const HandItem& item : m_.hand) explorable = explorable || item.explore_weight > 0;
    const std::size_t branches = explorable ? std::max<std::size_t>(1, places) : 0;
    const double stake = branches > 0 ? static_cast<double>(m_.stake) : 0;
    const double permitted = static_cast<double>(m_.permitted);
    walk({}, places, kSlatePlacesMax, permitted * (1 - stake));
    for (std::size_t b = 0; b < branches; ++b) {
      walk({}, std::max<std::size_t>(places, 1), b,
           permitted * stake / static_cast<double>(branches));
    }
    base_ = {m_.safe_default.begin(), m_.safe_default.end()};
    walk({}, std::min(m_.places_max, base_.size()), kSlatePlacesMax, 1 - permitted);
  }
  const std::map<Items, double>& slates() const { return slates_; }

 private:
  void walk(Items so_far, std::size_t places, std::size_t explored_from, double probability) {
    if (probability == 0) return;
    const std::size_t k = so_far.size();
    if (k == places) {
      slates_[so_far] += probability;
      return;
    }
    const auto used = [&](ItemKey item) {
      return std::find(so_far.begin(), so_far.end(), item) != so_far.end();
    };
    double total = 0;
    for (const HandItem& item : m_.hand)
      total += used(item.item) ? 0 : static_cast<double>(item.explore_weight);
    const bool explored = k >= explored_from && k < explored_from + kExploredPlacesMax;
    if (explored && total > 0) {
      for (const HandItem& item : m_.hand) {
        if (used(item.item)) continue;
        Items next = so_far;
        next.push_back(item.item);
        walk(next, places, explored_from,
             probability * static_cast<double>(item.explore_weight) / total);
      }
      return;
    }
    for (const ItemKey item : base_) {
      if (used(item)) continue;
      so_far.push_back(item);
      walk(so_far, places, explored_from, probability);
      return;
    }
    slates_[so_far] += probability;
  }

  const Mixture& m_;
  Items base_;
  std::map<Items, double> slates_;
};

struct Case {
  std::string name;
  std::vector<HandItem> hand;
  Items safe;
  float stake;
  std::uint8_t base;
  std::size_t places;
  float permitted = 1;
  Mixture mixture() const { return {hand, safe, stake, base, places, permitted}; }
};

std::vector<Case> cases() {
  return {
      {"single, exploit", hand_of({0.7F, 0.2F, 0.1F}), {key(102)}, 0.05F, kExploitBranch, 1},
      {"single, safe outside the hand",
       hand_of({0.5F, 0.3F, 0.2F}),
       {key(7)},
       0.2F,
       kSafeBranch,
       1},
      {"slate, exploit",
       hand_of({0.4F, 0.3F, 0.2F, 0.05F, 0.05F}),
       {key(104), key(8)},
       0.1F,
       kExploitBranch,
       3},
      {"slate, safe",
       hand_of({0.4F, 0.3F, 0.2F, 0.1F}),
       {key(8), key(101), key(9)},
       0.3F,
       kSafeBranch,
       3},
      {"some never explored",
       hand_of({0.6F, 0, 0.4F, 0}),
       {key(8), key(9), key(10)},
       0.5F,
       kExploitBranch,
       4},
      {"hand shorter than the slate",
       hand_of({0.6F, 0.4F}),
       {key(8), key(9)},
       0.4F,
       kExploitBranch,
       4},
      {"nothing to explore", hand_of({0, 0}), {key(8)}, 0.5F, kSafeBranch, 1},
      {"no safe default", hand_of({0.9F, 0.1F}), {}, 0.25F, kSafeBranch, 2},
      {"always exploring", hand_of({0.9F, 0.1F}), {key(100)}, 1.0F, kSafeBranch, 1},
      {"single, half permitted",
       hand_of({0.7F, 0.2F, 0.1F}),
       {key(102)},
       0.3F,
       kExploitBranch,
       1,
       0.5F},
      {"slate, little permitted",
       hand_of({0.4F, 0.3F, 0.2F, 0.1F}),
       {key(101), key(8), key(9)},
       0.2F,
       kExploitBranch,
       3,
       0.05F},
      {"slate, safe base, half permitted",
       hand_of({0.4F, 0.6F}),
       {key(101), key(8)},
       0.2F,
       kSafeBranch,
       2,
       0.5F},
      {"nothing permitted", hand_of({0.4F, 0.6F}), {key(8)}, 0.2F, kExploitBranch, 1, 0},
      {"tiny weights", hand_of({0.999998F, 1e-6F, 1e-7F}), {key(101)}, 0.05F, kExploitBranch, 2},
  };
}

TEST(Policy, TheProductOfPropensitiesIsTheProbabilityOfTheSlate) {
  for (const Case& c : cases()) {
    const Mixture mixture = c.mixture();
    ASSERT_TRUE(check_mixture(mixture)) << c.name;
    const Enumerated truth(mixture);
    double sum = 0;
    for (const auto& [items, probability] : truth.slates()) {
      sum += probability;
      if (items.empty()) continue;
      const auto propensities = slate_propensities(mixture, items);
      ASSERT_TRUE(propensities) << c.name;
      double p = 1;
      for (const float each : *propensities) p *= static_cast<double>(each);
      EXPECT_NEAR(p / probability, 1, 1e-5) << c.name;
    }
    EXPECT_NEAR(sum, 1, 1e-12) << c.name;
  }
}

// The test that a propensity off by one per cent cannot pass: relative 1e-5 against enumeration,
// in every case and for each place (a prefix is a slate of its own).
TEST(Policy, PropensityOffByOnePerCentIsCaught) {
  for (const Case& c : cases()) {
    const Mixture mixture = c.mixture();
    const Enumerated truth(mixture);
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      const DrawnSlate drawn = draw_slate(mixture, seed);
      const Items items = items_of(drawn);
      for (std::size_t k = 0; k < items.size(); ++k) {
        double here = 0, before = 0;
        for (const auto& [slate, probability] : truth.slates()) {
          if (slate.size() <= k ||
              !std::equal(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(k),
                          slate.begin())) {
            // A slate that ends before this place counts in what came before only at the first.
            if (slate.size() <= k && k == 0) before += probability;
            continue;
          }
          before += probability;
          if (slate[k] == items[k]) here += probability;
        }
        EXPECT_NEAR(static_cast<double>(drawn.places[k].propensity) / (here / before), 1, 1e-5)
            << c.name << " seed " << seed << " place " << k;
      }
    }
  }
}

TEST(Policy, TheFirstPlaceHasAWholeDistribution) {
  for (const Case& c : cases()) {
    const Mixture mixture = c.mixture();
    std::map<ItemKey, double> truth;
    double nothing = 0;
    const Enumerated enumerated(mixture);
    for (const auto& [items, probability] : enumerated.slates())
      (items.empty() ? nothing : truth[items.front()]) += probability;
    double sum = 0;
    std::map<ItemKey, double> found;
    for (const FirstPlaceChance& chance : first_place_chances(mixture)) {
      EXPECT_TRUE(found.emplace(chance.item, chance.propensity).second) << c.name;
      EXPECT_NEAR(chance.propensity, truth[chance.item], 1e-12) << c.name;
      sum += chance.propensity;
      const ItemKey one[] = {chance.item};
      const auto alone = slate_propensities(mixture, one);
      EXPECT_EQ(alone.has_value(), chance.propensity > 0) << c.name;
      if (alone) {
        EXPECT_EQ(alone->front(), static_cast<float>(chance.propensity)) << c.name;
      }
    }
    EXPECT_NEAR(sum, 1 - nothing, 1e-9) << c.name;
    EXPECT_EQ(nothing > 0, c.name == "no safe default") << c.name;
    for (std::size_t i = 0; i < c.hand.size(); ++i)
      EXPECT_EQ(first_place_chances(mixture)[i].item, c.hand[i].item) << c.name;
    if (!c.safe.empty()) {
      EXPECT_EQ(found.count(c.safe.front()), 1u) << c.name;
    }
  }
}

// 100,000 draws a case: cells below 5 expected are pooled, p > .001 over the number of cases. With
// a stake of .3 an error of 2 % in the chance to explore moves chi-square by about 17: seen.
TEST(Policy, FrequenciesMatchPropensities) {
  constexpr int kDraws = 100'000;
  const std::vector<Case> all = cases();
  for (const Case& c : all) {
    const Mixture mixture = c.mixture();
    std::map<Items, std::pair<int, double>> cells;  // found, logged probability
    for (int i = 0; i < kDraws; ++i) {
      const DrawnSlate drawn =
          draw_slate(mixture, 1'000'003ULL * static_cast<std::uint64_t>(i) + 17);
      auto& [found, probability] = cells[items_of(drawn)];
      ++found;
      probability = drawn.places.empty() ? 1 - static_cast<double>(c.stake) : product(drawn);
    }
    double chi = 0, pooled_found = kDraws, pooled_expected = kDraws;
    int degrees = 0;
    for (const auto& [items, cell] : cells) {
      const double expected = cell.second * kDraws;
      if (expected < 5) continue;
      pooled_found -= cell.first;
      pooled_expected -= expected;
      chi += (cell.first - expected) * (cell.first - expected) / expected;
      ++degrees;
    }
    if (pooled_expected >= 5) {
      chi += (pooled_found - pooled_expected) * (pooled_found - pooled_expected) / pooled_expected;
      ++degrees;
    }
    if (degrees < 2) {
      EXPECT_NEAR(chi, 0, 1e-6) << c.name;
      continue;
    }
    EXPECT_GT(chi_square_p(chi, degrees - 1), 0.001 / static_cast<double>(all.size())) << c.name;
  }
}

TEST(Policy, SlatesAreLegalAndTheSameForASeed) {
  for (const Case& c : cases()) {
    const Mixture mixture = c.mixture();
    Items allowed = c.safe;
    for (const HandItem& item : c.hand) allowed.push_back(item.item);
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
      const DrawnSlate drawn = draw_slate(mixture, seed), again = draw_slate(mixture, seed);
      Items items = items_of(drawn);
      EXPECT_EQ(items, items_of(again));
      EXPECT_LE(items.size(), c.places);
      const auto propensities = slate_propensities(mixture, items);
      ASSERT_TRUE(propensities);
      std::size_t from_outside_base = 0;
      for (std::size_t k = 0; k < items.size(); ++k) {
        EXPECT_EQ(drawn.places[k].propensity, again.places[k].propensity);
        EXPECT_EQ(drawn.places[k].propensity, (*propensities)[k]);
        EXPECT_GT(drawn.places[k].propensity, 0);
        EXPECT_LE(drawn.places[k].propensity, 1);
        EXPECT_NE(std::find(allowed.begin(), allowed.end(), items[k]), allowed.end());
        const std::uint8_t index = drawn.places[k].hand_index;
        if (index != 255) {
          EXPECT_EQ(c.hand[index].item, items[k]);
        }
        from_outside_base += c.base == kSafeBranch && std::find(c.safe.begin(), c.safe.end(),
                                                                items[k]) == c.safe.end()
                                 ? 1U
                                 : 0U;
      }
      EXPECT_LE(from_outside_base, kExploredPlacesMax);
      std::sort(items.begin(), items.end());
      EXPECT_EQ(std::adjacent_find(items.begin(), items.end()), items.end());
    }
  }
}

TEST(Policy, BadMixturesAreRefused) {
  const std::vector<HandItem> good = hand_of({0.5F, 0.5F});
  std::vector<HandItem> twice = good, negative = good, infinite = good;
  twice[1].item = twice[0].item;
  negative[0].explore_weight = -0.1F;
  infinite[0].explore_weight = std::nanf("");
  const Items safe = {key(1)}, safe_twice = {key(1), key(1)}, long_safe(kSafeDefaultItemsMax + 1);
  const std::vector<HandItem> long_hand(kHandItemsMax + 1),
      many = hand_of(std::vector<float>(kExploreItemsMax + 1, 0.01F));
  const Mixture bad[] = {
      {twice, safe, 0.1F, kSafeBranch, 1},
      {negative, safe, 0.1F, kSafeBranch, 1},
      {infinite, safe, 0.1F, kSafeBranch, 1},
      {good, safe_twice, 0.1F, kSafeBranch, 1},
      {good, long_safe, 0.1F, kSafeBranch, 1},
      {long_hand, safe, 0.1F, kSafeBranch, 1},
      {many, safe, 0.1F, kSafeBranch, 1},
      {good, safe, 1.1F, kSafeBranch, 1},
      {good, safe, -0.1F, kSafeBranch, 1},
      {good, safe, std::nanf(""), kSafeBranch, 1},
      {good, safe, 0.1F, 2, 1},
      {good, safe, 0.1F, kSafeBranch, 1, 1.5F},
      {good, safe, 0.1F, kSafeBranch, 1, std::nanf("")},
      {good, safe, 0.1F, kSafeBranch, kSlatePlacesMax + 1},
  };
  for (const Mixture& mixture : bad) EXPECT_FALSE(check_mixture(mixture));
  const Mixture mixture{good, safe, 0.1F, kExploitBranch, 1};
  EXPECT_FALSE(slate_propensities(mixture, Items{key(999)}));            // not in the mixture
  EXPECT_FALSE(slate_propensities(mixture, Items{key(100), key(100)}));  // twice
  const std::vector<HandItem> never = hand_of({0.5F, 0});
  EXPECT_FALSE(slate_propensities({never, safe, 0.1F, kExploitBranch, 1}, Items{key(101)}));
}

TEST(Policy, SquareCbWeightsAreTheFormula) {
  std::vector<HandItem> hand = hand_of({0, 0, 0});
  hand[0].gain_mean = 0.02F;
  hand[1].gain_mean = 0.05F;
  hand[2].gain_mean = 0.01F;
  set_explore_weights(hand, {1000, 0.1, 0.3});
  const double gamma = 10 * std::sqrt(1000 * 3 / 10.0) / 0.3;
  const double first = 1 / (3 + gamma * 0.03), third = 1 / (3 + gamma * 0.04);
  EXPECT_NEAR(hand[0].explore_weight, first, 1e-6);
  EXPECT_NEAR(hand[2].explore_weight, third, 1e-6);
  EXPECT_NEAR(hand[1].explore_weight, 1 - first - third, 1e-6);
  // Reward in another unit: the same weights.
  std::vector<HandItem> cents = hand_of({0, 0, 0});
  for (std::size_t i = 0; i < 3; ++i) cents[i].gain_mean = hand[i].gain_mean * 100;
  set_explore_weights(cents, {1000, 10, 30});
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(cents[i].explore_weight, hand[i].explore_weight, 1e-6);
  // Before anything matured exploring is even; beyond the limit nothing is explored.
  std::vector<HandItem> many = hand_of(std::vector<float>(kHandItemsMax, 0.5F));
  set_explore_weights(many, {});
  for (std::size_t i = 0; i < many.size(); ++i) {
    EXPECT_NEAR(many[i].explore_weight, i < kExploreItemsMax ? 1.0 / kExploreItemsMax : 0, 1e-6);
  }
}

}  // namespace
}  // namespace ante

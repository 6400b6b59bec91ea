// Worlds in which it is known who is helped and who is harmed, for the tests of uplift.
//
// In:   a seed. Out: persons with traits that hang together as those of a site do, outcomes drawn
//       from planted chances. Pure but for the generator it is given; one thread.

#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "domain/traits.h"
#include "learning/uplift.h"

namespace ante {

struct UpliftWorld {
  std::function<double(const Traits&)> control;  // the goal's chance when left alone
  std::function<double(const Traits&)> effect;   // tau
};

inline std::uint8_t draw_level(Random& random, std::initializer_list<double> chances) {
  double u = random.uniform();
  std::uint8_t level = 0;
  for (const double chance : chances) {
    if (u < chance) return level;
    u -= chance;
    ++level;
  }
  return static_cast<std::uint8_t>(level - 1);
}

inline Traits draw_traits(Random& random) {
  Traits traits;
  traits[Trait::kDevice] = draw_level(random, {.05, .50, .10, .35});
  traits[Trait::kReferrer] = draw_level(random, {.10, .25, .20, .15, .20, .10});
  traits[Trait::kDaypart] = draw_level(random, {.10, .25, .35, .30});
  traits[Trait::kDay] = draw_level(random, {.70, .30});
  traits[Trait::kVisits] = draw_level(random, {.45, .25, .20, .10});
  const bool first = traits[Trait::kVisits] == 0;
  traits[Trait::kPurchases] =
      first ? draw_level(random, {.95, .05, .0}) : draw_level(random, {.60, .25, .15});
  traits[Trait::kRecency] = first ? std::uint8_t{0} : draw_level(random, {.0, .30, .35, .20, .15});
  traits[Trait::kTold] = draw_level(random, {first ? .95 : .80, first ? .05 : .20});
  return traits;
}

inline std::uint8_t level_number(Trait trait, std::string_view name) {
  const auto levels = trait_levels(trait);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] == name) return static_cast<std::uint8_t>(i);
  }
  return 255;
}
inline bool has(const Traits& traits, Trait trait, std::string_view name) {
  return traits[trait] == level_number(trait, name);
}

// Plays `persons` through the world at a share of `treated_share`, and gives their traits.
inline std::vector<Traits> play(const UpliftWorld& world, std::size_t persons, double treated_share,
                                Random& random, UpliftLearner& learner) {
  std::vector<Traits> people;
  for (std::size_t i = 0; i < persons; ++i) {
    const Traits traits = draw_traits(random);
    const bool treated = random.uniform() < treated_share;
    const double chance = world.control(traits) + (treated ? world.effect(traits) : 0);
    learner.add(traits, treated, treated_share, random.uniform() < chance ? 1 : 0);
    people.push_back(traits);
  }
  return people;
}

}  // namespace ante

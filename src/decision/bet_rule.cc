#include "decision/bet_rule.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace ante {

namespace {

// Observations that a look ahead may take: a few in a sweep are as good as the exact best.
constexpr std::array<double, 3> kLooks = {1, 16, 256};

double normal_density(double z) { return 0.3989422804014327 * std::exp(-0.5 * z * z); }
double normal_tail(double z) { return 0.5 * std::erfc(z * 0.7071067811865476); }  // P(Z > z)

struct Exploring {
  double information = 0, price = 0;
};

// What one explored decision teaches and loses on average, where items are drawn by weight.
Exploring exploring_of(const RuleQuestion& q, double cost, bool place) {
  double weight = 0, best = 0, second = 0;
  bool any = false;
  for (const HandItem& item : q.hand) {
    const auto gain = static_cast<double>(item.gain_mean);
    if (!any || gain > best) {
      second = any ? best : gain;
      best = gain;
    } else if (gain > second) {
      second = gain;
    }
    any = true;
    weight += static_cast<double>(item.explore_weight);
  }
  if (!(weight > 0)) return {};
  const double served = place ? best : cost;  // an item must beat this to be shown
  const double uses =
      std::clamp(static_cast<double>(q.scale.rewards), kFutureUsesMin, kFutureUsesMax);
  Exploring exploring;
  for (const HandItem& item : q.hand) {
    const double share = static_cast<double>(item.explore_weight) / weight;
    if (share <= 0) continue;
    const auto gain = static_cast<double>(item.gain_mean);
    // The best itself teaches by coming out below the second.
    const double below = place && gain >= best ? best - second : std::abs(served - gain);
    exploring.information +=
        share * information_value(below, static_cast<double>(item.gain_sd), q.scale.sd, uses);
    exploring.price += share * (place ? best - gain : std::max(0.0, cost - gain));
  }
  return exploring;
}

}  // namespace

double miss_chance(std::span<const HandItem> hand, std::size_t places) {
  double chance = 1;
  for (std::size_t k = 0; k < std::min(places, hand.size()); ++k)
    chance *= 1 - std::clamp(place_weight(k) * static_cast<double>(hand[k].probability), 0.0, 1.0);
  return chance;
}

double information_value(double below, double sd, double noise_sd, double uses) {
  if (!(sd > 0)) return 0;
  double most = 0;
  for (const double n : kLooks) {
    const double moved = sd * sd / std::sqrt(sd * sd + noise_sd * noise_sd / n);
    const double z = below / moved;
    most = std::max(most, moved * (normal_density(z) - z * normal_tail(z)) / n);
  }
  return uses * most;
}

RuleAnswer apply_bet_rule(const RuleQuestion& q) {
  RuleAnswer answer;
  const double miss =
      q.slot.miss_cost > 0 ? q.slot.miss_cost * miss_chance(q.hand, q.places) * q.fatigue : 0;
  const double cost = q.slot.attention_cost + miss + q.creep;
  const double bound = q.owner_stakes ? q.gain.high() : q.gain.low();
  answer.place = q.owner_stakes
                     ? bound > cost
                     : q.has_model && bet_pays(q.gain, cost, q.slot.reward_range().width);
  const Exploring exploring = exploring_of(q, cost, answer.place);
  const bool worth_it = exploring.information > exploring.price;
  answer.stake = static_cast<float>(q.slot.stake * (worth_it ? 1 : kExploreFloor));
  answer.prices = {static_cast<float>(miss), static_cast<float>(q.creep),
                   static_cast<float>(exploring.information), static_cast<float>(exploring.price)};
  answer.reason = fmt::format("{}: {} bound {:.4g} {} cost {:.4g} (gain {:.4g}, sd {:.4g})",
                              answer.place ? "bet" : "abstain", q.owner_stakes ? "upper" : "lower",
                              bound, answer.place ? ">" : "<=", cost, q.gain.mean, q.gain.sd);
  return answer;
}

}  // namespace ante

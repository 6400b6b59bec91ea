#include "decision/gain.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace ante {

namespace {

constexpr double kChanceMin = 1e-6;         // a logit needs a chance above 0 and below 1
constexpr double kLogitSdMin = 1e-3;        // no estimate is more certain than this
constexpr double kLogitSdMax = 10;          // nothing is known
constexpr std::size_t kShrunkItemsMin = 3;  // fewer say nothing about how items differ
constexpr std::size_t kComparedItemsMax = kHandItemsMax + kSafeDefaultItemsMax;

// In logits. `sd`: of its own, without what errs for all alike.
struct Estimate {
  double mean = 0, sd = 0;
  double learnable = 1;  // the share of the variance that rewards can take away
  double slope = 0;      // in reward: of a logit
};

Estimate in_logits(const Chance& chance) {
  const double p = std::clamp(static_cast<double>(chance.probability), kChanceMin, 1 - kChanceMin);
  const auto squared = [](float x) { return static_cast<double>(x) * static_cast<double>(x); };
  const double own = std::max(0.0, squared(chance.sd) - squared(chance.common));
  const double misfit = own > 0 ? squared(chance.misfit) / own : 0;
  return {std::log(p / (1 - p)),
          std::clamp(std::sqrt(own) / (p * (1 - p)), kLogitSdMin, kLogitSdMax),
          std::max(0.0, 1 - misfit)};
}

// The sd of what errs for all alike: one number, so that it cancels between them.
double common_of(std::span<const Chance> chances) {
  double variance = 0;
  for (const Chance& chance : chances) {
    const double p =
        std::clamp(static_cast<double>(chance.probability), kChanceMin, 1 - kChanceMin);
    const double sd = std::min(static_cast<double>(chance.common) / (p * (1 - p)), kLogitSdMax);
    variance += sd * sd;
  }
  return chances.empty() ? 0 : std::sqrt(variance / static_cast<double>(chances.size()));
}

Estimate in_reward(const Estimate& logit, double width) {
  const double p = 1 / (1 + std::exp(-logit.mean));
  const double slope = p * (1 - p) * width;
  return {p * width, slope * logit.sd * std::sqrt(logit.learnable), logit.learnable, slope};
}

// Draws the estimates towards their common mean.
void shrink(std::span<Estimate> estimates) {
  if (estimates.size() < kShrunkItemsMin) return;
  double weight = 0, weight_squared = 0, weighted = 0;
  for (const Estimate& e : estimates) {
    const double w = 1 / (e.sd * e.sd);
    weight += w;
    weight_squared += w * w;
    weighted += w * e.mean;
  }
  double common = weighted / weight;
  double heterogeneity = 0;
  for (const Estimate& e : estimates) {
    heterogeneity += (e.mean - common) * (e.mean - common) / (e.sd * e.sd);
  }
  const double excess = heterogeneity - static_cast<double>(estimates.size() - 1);
  const double scale = weight - weight_squared / weight;
  const double spread = excess > 0 && scale > 0 ? excess / scale : 0;  // variance between items
  // The centre of items that differ: not the best known one's, however well it is known.
  weight = weighted = 0;
  for (const Estimate& e : estimates) {
    const double w = 1 / (spread + e.sd * e.sd);
    weight += w;
    weighted += w * e.mean;
  }
  common = weighted / weight;
  for (Estimate& e : estimates) {
    const double kept = spread / (spread + e.sd * e.sd);
    e.mean = common + kept * (e.mean - common);
    e.sd *= std::sqrt(kept);
  }
}

// The hand and the safe default without repetition: first the hand, then what only the safe
// default has. `safe_at[j]` is where the j-th item of the safe default stands.
struct Everything {
  std::array<Estimate, kComparedItemsMax> estimates;
  std::array<std::size_t, kSafeDefaultItemsMax> safe_at{};
  std::size_t size = 0;
};

Everything gather(std::span<const Chance> chances, std::span<const Chance> safe, double width,
                  bool draw_together) {
  Everything all;
  for (const Chance& chance : chances) all.estimates[all.size++] = in_logits(chance);
  for (std::size_t j = 0; j < safe.size(); ++j) {
    std::size_t at = 0;
    while (at < chances.size() && chances[at].item != safe[j].item) ++at;
    if (at == chances.size()) {
      at = all.size;
      all.estimates[all.size++] = in_logits(safe[j]);
    }
    all.safe_at[j] = at;
  }
  const std::span<Estimate> estimates = std::span(all.estimates).first(all.size);
  if (draw_together) shrink(estimates);
  for (Estimate& e : estimates) e = in_reward(e, width);
  return all;
}

}  // namespace

double place_weight(std::size_t place) {
  static const std::array<double, kSlatePlacesMax> kWeights = [] {
    std::array<double, kSlatePlacesMax> weights;
    for (std::size_t k = 0; k < weights.size(); ++k)
      weights[k] = 1 / std::log2(static_cast<double>(k) + 2);
    return weights;
  }();
  return kWeights[place];
}

SlateGain set_gains(std::span<HandItem> hand, std::span<const Chance> chances,
                    std::span<const Chance> safe, double width, std::size_t places,
                    bool draw_together) {
  CHECK(hand.size() == chances.size() && hand.size() <= kHandItemsMax && places <= kSlatePlacesMax);
  CHECK(safe.size() <= kSafeDefaultItemsMax);
  const Everything all = gather(chances, safe, width, draw_together);
  const double common = common_of(chances);
  const std::size_t safe_places = std::min(places, safe.size());

  // The safe default's mean over its places is what one item is compared with.
  double weight = 0, baseline = 0, baseline_variance = 0, baseline_slope = 0;
  for (std::size_t k = 0; k < safe_places; ++k) weight += place_weight(k);
  std::array<double, kComparedItemsMax> share{};
  std::array<double, kComparedItemsMax>
      difference{};  // weight in the hand's slate minus in the safe one
  for (std::size_t k = 0; k < safe_places; ++k) {
    const Estimate& e = all.estimates[all.safe_at[k]];
    const double part = place_weight(k) / weight;
    share[all.safe_at[k]] = part;
    difference[all.safe_at[k]] -= place_weight(k);
    baseline += part * e.mean;
    baseline_variance += part * part * e.sd * e.sd;
    baseline_slope += part * e.slope;
  }
  for (std::size_t i = 0; i < hand.size(); ++i) {
    const Estimate& e = all.estimates[i];
    const double others = baseline_variance - share[i] * share[i] * e.sd * e.sd;
    const double own = (1 - share[i]) * e.sd;
    hand[i].gain_mean = static_cast<float>(e.mean - baseline);
    const double alike = (e.slope - baseline_slope) * common;
    hand[i].gain_sd =
        static_cast<float>(std::sqrt(std::max(0.0, others) + own * own + alike * alike));
  }
  // The bet's slate: the hand, then what only the safe default has; the order of `all`.
  const std::size_t bet_places = std::min(places, all.size);
  for (std::size_t k = 0; k < bet_places; ++k) difference[k] += place_weight(k);
  SlateGain gain;
  double variance = 0, slope = 0;
  for (std::size_t i = 0; i < all.size; ++i) {
    const Estimate& e = all.estimates[i];
    gain.mean += difference[i] * e.mean;
    variance += difference[i] * difference[i] * e.sd * e.sd;
    slope += difference[i] * e.slope;
  }
  gain.sd = std::sqrt(variance + slope * slope * common * common);
  return gain;
}

}  // namespace ante

#include "report/regret.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace ante {

namespace {

using Items = std::vector<std::pair<ItemKey, ItemFigures>>;

double square(double x) { return x * x; }

double mean_of(const DrawnTotals& totals) {
  return totals.n == 0 ? 0 : totals.r / static_cast<double>(totals.n);
}

double variance_of(const DrawnTotals& totals) {
  if (totals.n < 2) return 0;
  const double centred = totals.rr - totals.r * mean_of(totals);
  return std::max(0.0, centred / static_cast<double>(totals.n - 1));
}

// sum (r - m)^2 over the half.
double squares_of(const DrawnTotals& totals, double m) {
  return std::max(0.0, totals.rr - 2 * m * totals.r + m * m * static_cast<double>(totals.n));
}

// Whether everybody could have seen the item: its weights sum to n, within two standard errors.
bool could_be_shown_to_all(const DrawnSums& sums, double n) {
  const double se = std::sqrt(std::max(0.0, sums.ww - sums.w * sums.w / n));
  return sums.w + 2 * se >= kSupportMin * n;
}

Items contenders_of(const Items& items, double n) {
  Items contenders;
  for (const auto& [key, item] : items) {
    DrawnSums both = item.drawn[0];
    both.add(item.drawn[1]);
    const bool known = item.drawn[0].effective_n() >= kEffectiveMin / 2 &&
                       item.drawn[1].effective_n() >= kEffectiveMin / 2;
    if (known && could_be_shown_to_all(both, n)) contenders.emplace_back(key, item);
  }
  return contenders;
}

// The contender with the largest shrunken mean in a half; of equals the one known best.
// REQUIRES at least one, and variance > 0.
std::size_t best_in_half(const Items& contenders, std::size_t half, double variance) {
  double weights = 0, squares = 0, weighted = 0;
  for (const auto& [key, item] : contenders) {
    const double weight = item.drawn[half].effective_n() / variance;
    weights += weight;
    squares += weight * weight;
    weighted += weight * item.drawn[half].mean();
  }
  const double fixed_mean = weighted / weights;
  double q = 0;
  for (const auto& [key, item] : contenders)
    q += item.drawn[half].effective_n() / variance * square(item.drawn[half].mean() - fixed_mean);
  const double freedom = static_cast<double>(contenders.size()) - 1;
  const double scale = weights - squares / weights;
  const double between = freedom > 0 && scale > 0 ? std::max(0.0, (q - freedom) / scale) : 0;

  double random_weights = 0, random_weighted = 0;
  for (const auto& [key, item] : contenders) {
    const double weight = 1 / (between + variance / item.drawn[half].effective_n());
    random_weights += weight;
    random_weighted += weight * item.drawn[half].mean();
  }
  const double common = random_weighted / random_weights;
  std::size_t best = 0;
  double best_mean = 0;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    const DrawnSums& drawn = contenders[i].second.drawn[half];
    const double keep = between / (between + variance / drawn.effective_n());
    const double mean = common + keep * (drawn.mean() - common);
    const bool better_known =
        drawn.effective_n() > contenders[best].second.drawn[half].effective_n();
    if (i == 0 || mean > best_mean || (mean == best_mean && better_known)) {
      best = i;
      best_mean = mean;
    }
  }
  return best;
}

// The sums of x over one half, for an action chosen in the other.
struct HalfRegret {
  double sum = 0, squares = 0;
};

HalfRegret half_regret(const DrawnTotals& totals, const DrawnSums& shown, double m) {
  const auto n = static_cast<double>(totals.n);
  // Where it was shown x = (w - 1)(r - m), elsewhere m - r.
  return {shown.off(m) + n * m - totals.r,
          squares_of(totals, m) + shown.weighted_squares(m) - 2 * shown.squares(m)};
}

Interval sequence_around(double mean, double variance, double n) {
  const double half =
      std::sqrt(std::max(0.0, variance)) * sequence_half_width(n, kDrawnPlanned, kFigureAlpha);
  return {mean - half, mean + half};
}

// What everybody would earn if they saw it: m + mean of w (r - m), m from the other half.
Estimate value_of(const ItemFigures& item, const std::array<DrawnTotals, 2>& totals) {
  double sum = 0, squares = 0;
  const auto n = static_cast<double>(totals[0].n + totals[1].n);
  for (std::size_t half = 0; half < 2; ++half) {
    const double m = item.drawn[1 - half].mean();
    const auto count = static_cast<double>(totals[half].n);
    const double off = item.drawn[half].off(m);
    sum += off + count * m;
    squares += item.drawn[half].weighted_squares(m) + 2 * m * off + count * m * m;
  }
  const double mean = sum / n;
  return {mean, sequence_around(mean, squares / n - mean * mean, n), totals[0].n + totals[1].n, {}};
}

std::vector<ActionValue> action_values(const Items& items, const FigureSums& sums) {
  std::vector<ActionValue> actions;
  const std::uint64_t n = sums.drawn[0].n + sums.drawn[1].n;
  for (const auto& [key, item] : items) {
    DrawnSums both = item.drawn[0];
    both.add(item.drawn[1]);
    if (both.n == 0) continue;
    ActionValue action{key, both.effective_n(), {}};
    if (action.effective_n < kEffectiveMin || item.drawn[0].n == 0 || item.drawn[1].n == 0) {
      action.mean = Estimate::unknown(both.n, "not shown often enough by chance");
    } else if (!could_be_shown_to_all(both, static_cast<double>(n))) {
      action.mean = Estimate::unknown(both.n, "it could not be shown to everybody");
    } else if (both.effective_hits() < kEffectiveHitsMin) {
      action.mean = Estimate::unknown(both.n, "too few hits");
    } else {
      action.mean = value_of(item, sums.drawn);
      action.mean.n = both.n;
    }
    actions.push_back(std::move(action));
  }
  std::sort(actions.begin(), actions.end(), [](const ActionValue& a, const ActionValue& b) {
    return a.effective_n != b.effective_n ? a.effective_n > b.effective_n : a.item < b.item;
  });
  if (actions.size() > kActionsListed) actions.resize(kActionsListed);
  return actions;
}

void expect(const Items& contenders, const std::array<std::size_t, 2>& best, Regret& regret) {
  // Where the halves disagree the model's view of both stands in the middle.
  double sum = 0;
  std::uint64_t n = 0;
  for (const std::size_t each : best) {
    const ItemFigures& item = contenders[each].second;
    if (item.in_hand == 0) return;
    sum += (item.gain - item.gain_served) / 2;
    n += item.in_hand;
  }
  regret.expected_total = sum;
  regret.expected_n = n / 2;
}

std::string too_little(const Items& items, double n) {
  double most = 0;
  for (const auto& [key, item] : items) {
    DrawnSums both = item.drawn[0];
    both.add(item.drawn[1]);
    if (could_be_shown_to_all(both, n))
      most = std::max(most, 2 * std::min(item.drawn[0].effective_n(), item.drawn[1].effective_n()));
  }
  return fmt::format(
      "no item that everybody could have seen was shown first often enough by chance: the most one "
      "has is an effective n of {:.0f}, and it takes {:.0f}",
      most, kEffectiveMin);
}

}  // namespace

Regret estimate_regret(const FigureSums& sums) {
  Regret regret;
  const std::uint64_t count = sums.drawn[0].n + sums.drawn[1].n;
  const auto n = static_cast<double>(count);
  const auto not_known = [&](std::string why_not) {
    regret.total = Estimate::unknown(count, why_not);
    regret.per_decision = Estimate::unknown(count, std::move(why_not));
    return regret;
  };
  if (count == 0) return not_known("nothing that the policy drew has matured");
  regret.mean_reward = (sums.drawn[0].r + sums.drawn[1].r) / n;
  const Items items = sums.items.sorted();
  regret.actions = action_values(items, sums);
  const Items contenders = contenders_of(items, n);
  if (contenders.empty()) return not_known(too_little(items, n));

  std::array<std::size_t, 2> best{};
  double sum = 0, squares = 0, hits = 0;
  for (std::size_t half = 0; half < 2; ++half) {
    const double variance = variance_of(sums.drawn[half]);
    if (!(variance > 0)) return not_known("every reward so far is the same");
    best[half] = best_in_half(contenders, half, variance);
    const std::size_t other = 1 - half;
    const ItemFigures& item = contenders[best[half]].second;
    const HalfRegret part =
        half_regret(sums.drawn[other], item.drawn[other], item.drawn[half].mean());
    sum += part.sum;
    squares += part.squares;
    hits += item.drawn[other].effective_hits();
  }
  if (hits < kEffectiveHitsMin) {
    return not_known(fmt::format("the best single action has only {:.0f} hits, and it takes {:.0f}",
                                 hits, kEffectiveHitsMin));
  }
  regret.best = {contenders[best[0]].first, contenders[best[1]].first};
  const double mean = sum / n;
  const Interval interval = sequence_around(mean, (squares - n * mean * mean) / (n - 1), n);
  regret.per_decision = {mean, interval, count, {}};
  regret.total = {sum, {n * interval.low, n * interval.high}, count, {}};
  expect(contenders, best, regret);
  return regret;
}

}  // namespace ante

#include "report/figures.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/mutex.h"

namespace ante {

namespace {

// 97.5 % of Student's t with kPersonGroups - 1 degrees of freedom.
constexpr double kGroupsQuantile = 1.9983;

Exposures total_of(const ExposuresByGroup& seen) {
  Exposures total;
  for (const Exposures& each : seen) {
    total.shown += each.shown;
    total.hits += each.hits;
  }
  return total;
}

double log_rate(const Exposures& seen) {
  return std::log(static_cast<double>(seen.hits) / static_cast<double>(seen.shown));
}

Exposures without(const Exposures& all, const Exposures& part) {
  return {all.shown - part.shown, all.hits - part.hits};
}

// A log and its standard error from leaving out one group of persons at a time.
struct LogEstimate {
  double log = 0, half = 0;
};

// log(hits / shown), minus the same of `other` where there is one. None: some group of persons has
// all the hits.
std::optional<LogEstimate> log_rate_estimate(const ExposuresByGroup& seen,
                                             const ExposuresByGroup* other) {
  const Exposures all = total_of(seen), all_other = other ? total_of(*other) : Exposures{};
  const double log = log_rate(all) - (other ? log_rate(all_other) : 0);
  std::array<double, kPersonGroups> left{};
  double mean = 0;
  for (std::size_t g = 0; g < kPersonGroups; ++g) {
    const Exposures rest = without(all, seen[g]);
    const Exposures rest_other = other ? without(all_other, (*other)[g]) : Exposures{1, 1};
    if (rest.hits == 0 || rest_other.hits == 0) return std::nullopt;
    left[g] = log_rate(rest) - log_rate(rest_other);
    mean += left[g] / static_cast<double>(kPersonGroups);
  }
  double squares = 0;
  for (const double each : left) squares += (each - mean) * (each - mean);
  constexpr auto kGroups = static_cast<double>(kPersonGroups);
  return LogEstimate{log, kGroupsQuantile * std::sqrt(squares * (kGroups - 1) / kGroups)};
}

std::string too_few_hits(std::uint64_t treated, std::uint64_t general) {
  return fmt::format("too early: {} and {} hits with and without bets, and it takes {} each",
                     treated, general, kFigureHitsMin);
}

Estimate missile_of(const FigureSums& sums, double share) {
  const Exposures treated = total_of(sums.treated_seen), general = total_of(sums.general_seen);
  const std::uint64_t n = treated.shown + general.shown;
  // What sends everybody the same hits and misses like it, whatever the arms say.
  if (sums.places > 0 && sums.places_different == 0) return {0.0, {0, 0}, n, {}};
  if (treated.hits < kFigureHitsMin || general.hits < kFigureHitsMin)
    return Estimate::unknown(n, too_few_hits(treated.hits, general.hits));
  const auto ratio = log_rate_estimate(sums.treated_seen, &sums.general_seen);
  if (!ratio) return Estimate::unknown(n, "too early: all hits are of a few persons");
  const auto index = [&](double log) { return share * std::expm1(log); };
  return {
      index(ratio->log), {index(ratio->log - ratio->half), index(ratio->log + ratio->half)}, n, {}};
}

Estimate snap_of(const ExposuresByGroup& seen) {
  const Exposures all = total_of(seen);
  if (all.hits < kFigureHitsMin) {
    return Estimate::unknown(all.shown, fmt::format("too early: {} hits in {} exposures, and it "
                                                    "takes {}",
                                                    all.hits, all.shown, kFigureHitsMin));
  }
  const auto rate = log_rate_estimate(seen, nullptr);
  if (!rate) return Estimate::unknown(all.shown, "too early: all hits are of a few persons");
  return {std::exp(-rate->log),
          {std::exp(-rate->log - rate->half), std::exp(-rate->log + rate->half)},
          all.shown,
          {}};
}

Estimate share_of(std::uint64_t hits, std::uint64_t n, const char* why_not) {
  if (n == 0) return Estimate::unknown(0, why_not);
  return {static_cast<double>(hits) / static_cast<double>(n),
          wilson_interval(hits, n, kFigureAlpha),
          n,
          {}};
}

// A list that everybody gets is not individual, whatever it was made from: the share of decisions
// that differ from the safe default counts only as far as neighbours in time differ too.
Estimate individualization_of(const FigureSums& sums) {
  Estimate personal = share_of(sums.personal, sums.treated, "nothing was decided yet");
  if (sums.personal == 0) return personal;
  Estimate different =
      share_of(sums.neighbours_different, sums.neighbours, "only one person has come so far");
  if (!different.value || *different.value < *personal.value) return different;
  return personal;
}

// What the counts of the first place come to.
struct FirstPlace {
  double n = 0, items = 0;
  double squares = 0, cubes = 0, logs = 0, squared_logs = 0;  // sums of c^2, c^3, c ln c, c ln^2 c
};

FirstPlace first_place_of(const FigureSums& sums) {
  FirstPlace first;
  const GoneItems& gone = sums.items.gone();
  for (const auto& [key, item] : sums.items.sorted()) {
    if (item.first == 0) continue;
    const auto c = static_cast<double>(item.first);
    const double log = std::log(c);
    first.n += c;
    first.items += 1;
    first.squares += c * c;
    first.cubes += c * c * c;
    first.logs += c * log;
    first.squared_logs += c * log * log;
  }
  first.n += static_cast<double>(gone.first);
  first.items += static_cast<double>(gone.items);
  first.squares += gone.squares;
  first.cubes += gone.cubes;
  first.logs += gone.logs;
  first.squared_logs += gone.squared_logs;
  return first;
}

Estimate divergence_of(const FirstPlace& first) {
  const auto n = static_cast<std::uint64_t>(first.n);
  if (n < 2) return Estimate::unknown(n, "it takes two decisions");
  const double value = 1 - (first.squares - first.n) / (first.n * (first.n - 1));
  const double p2 = first.squares / (first.n * first.n);
  const double p3 = first.cubes / (first.n * first.n * first.n);
  const double half = normal_quantile(1 - kFigureAlpha / 2) *
                      std::sqrt(std::max(0.0, 4 * (p3 - p2 * p2) / first.n));
  return {value, {std::max(0.0, value - half), std::min(1.0, value + half)}, n, {}};
}

Estimate hedging_of(const FigureSums& sums, const FirstPlace& first) {
  if (sums.places == 0) return Estimate::unknown(0, "nothing was decided yet");
  const double general =
      static_cast<double>(sums.places_general) / static_cast<double>(sums.places);
  // Of as many items as could be shown, or were, but never more than there were decisions.
  const double choices = static_cast<double>(sums.candidates) / first.n;
  const double most = std::log(std::min(first.n, std::max(choices, first.items)));
  double entropy = 0, entropy_error = 0;
  if (most > 0) {
    const double raw = std::log(first.n) - first.logs / first.n;
    // The mean square of -ln p, less the square of its mean.
    const double log_n = std::log(first.n);
    const double mean_square =
        log_n * log_n - 2 * log_n * first.logs / first.n + first.squared_logs / first.n;
    entropy = std::clamp(raw / most, 0.0, 1.0);
    entropy_error = std::sqrt(std::max(0.0, mean_square - raw * raw) / first.n) / most;
  }
  const double general_error = std::sqrt(general * (1 - general) / first.n);
  const double value = (1 - entropy + general) / 2;
  // The two errors may go together, so they are added.
  const double half = normal_quantile(1 - kFigureAlpha / 2) * (entropy_error + general_error) / 2;
  return {value,
          {std::max(0.0, value - half), std::min(1.0, value + half)},
          static_cast<std::uint64_t>(first.n),
          {}};
}

std::vector<MovedItem> most_moved(const FigureSums& sums, std::uint64_t ItemFigures::* count,
                                  std::uint64_t all) {
  std::vector<MovedItem> moved;
  for (const auto& [key, item] : sums.items.sorted()) {
    const std::uint64_t n = item.*count;
    if (n > 0) moved.push_back({key, n, static_cast<double>(n) / static_cast<double>(all)});
  }
  std::sort(moved.begin(), moved.end(), [](const MovedItem& a, const MovedItem& b) {
    return a.count != b.count ? a.count > b.count : a.item < b.item;
  });
  if (moved.size() > kMovedItemsListed) moved.resize(kMovedItemsListed);
  return moved;
}

}  // namespace

FiguresSummary summarize(const FigureSums& sums) {
  FiguresSummary figures;
  figures.name = sums.name;
  figures.decisions = sums.decisions;
  figures.treated = sums.treated;
  for (const auto& [month, levels] : sums.months) figures.months.push_back({month, levels});
  figures.outcomes = sums.outcomes;
  figures.rungs = sums.rungs;
  figures.individualization = individualization_of(sums);
  figures.abstention = share_of(sums.abstained, sums.acting, "nothing was decided yet");
  figures.attention_saved = sums.attention_saved;
  figures.miss_saved = sums.miss_saved;
  figures.creep_saved = sums.creep_saved;
  figures.places_saved = sums.abstained_places;
  figures.placed = sums.acting - sums.abstained;
  figures.explored = sums.explored;
  figures.attention_spent = sums.attention_spent;
  figures.miss_spent = sums.miss_spent;
  figures.creep_spent = sums.creep_spent;
  figures.exploring_spent = sums.exploring_spent;
  figures.first_day = sums.first_day;
  figures.days = sums.days;
  figures.places = sums.places;
  if (sums.places > 0) {
    figures.share_different =
        static_cast<double>(sums.places_different) / static_cast<double>(sums.places);
  }
  figures.missile = missile_of(sums, figures.share_different);
  figures.treated_seen = total_of(sums.treated_seen);
  figures.general_seen = total_of(sums.general_seen);
  figures.snap_treated = snap_of(sums.treated_seen);
  figures.snap_general = snap_of(sums.general_seen);
  const FirstPlace first = first_place_of(sums);
  figures.hedging = hedging_of(sums, first);
  figures.divergence = divergence_of(first);
  figures.displaced = sums.displaced;
  figures.replacing = sums.replacing;
  figures.displaced_items = most_moved(sums, &ItemFigures::displaced, sums.displaced);
  figures.replacing_items = most_moved(sums, &ItemFigures::replacing, sums.replacing);
  figures.regret = estimate_regret(sums);
  return figures;
}

struct Figures::State {
  // A copy, so that nobody who follows the log waits for the arithmetic of who reads.
  Result<FigureSums> sums_of(bool of_bet, std::string_view name) const EXCLUDES_LOCK(mutex) {
    MutexLock lock(mutex);
    const FigureSums* found = of_bet ? fold.bet(name) : fold.slot(name);
    if (found == nullptr) {
      return not_found(
          fmt::format("nothing was decided for {} '{}' yet", of_bet ? "bet" : "slot", name));
    }
    return *found;
  }

  mutable Mutex mutex;
  FiguresFold fold GUARDED_BY(mutex);
};

Figures::Figures() : state_(std::make_unique<State>()) {}
Figures::~Figures() = default;

Result<FiguresSummary> Figures::slot(std::string_view name) const {
  return summarize(TRY(state_->sums_of(false, name)));
}

Result<FiguresSummary> Figures::bet(std::string_view id) const {
  FiguresSummary figures = summarize(TRY(state_->sums_of(true, id)));
  figures.of_bet = true;
  return figures;
}

std::map<std::string, std::uint64_t> Figures::decisions_by_slot() const {
  MutexLock lock(state_->mutex);
  return state_->fold.decisions_by_slot();
}

std::uint64_t Figures::rows_unseen() const {
  MutexLock lock(state_->mutex);
  return state_->fold.rows_unseen();
}

void Figures::matured(const RewardRow& row) {
  MutexLock lock(state_->mutex);
  state_->fold.matured(row);
}

void Figures::consume(const CommittedRecord& record) {
  MutexLock lock(state_->mutex);
  state_->fold.consume(record);
}

void Figures::commit_consumed(Commit) {
  MutexLock lock(state_->mutex);
  state_->fold.commit_consumed();
}

std::string Figures::save() const {
  MutexLock lock(state_->mutex);
  return state_->fold.save();
}

Result<void> Figures::load(std::string_view bytes) {
  MutexLock lock(state_->mutex);
  return state_->fold.load(bytes);
}

}  // namespace ante

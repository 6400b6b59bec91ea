#include "report/lift.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/mutex.h"
#include "base/text.h"
#include "base/time_text.h"
#include "domain/bucketing.h"
#include "math/statistics.h"
#include "report/metrics.h"
#include "report/uplifts.h"

namespace ante {

namespace {

constexpr std::uint8_t kReportFormat = 6;  // above those of lift_fold.h, which stood first once

ArmSummary summary_of(const OutcomeSums& sums) {
  return {sums.n, sums.conversions, sums.mean(), sums.variance()};
}

// "41 220": thousands apart, for reading.
std::string spaced(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, " ");
  }
  return digits;
}

// The lift and its interval in words: relative to the holdout where that can be said.
std::string amount(const LiftSummary& lift) {
  if (lift.relative && lift.relative_low && lift.relative_high)
    return fmt::format("{:+.1f} % ({:+.1f} % to {:+.1f} %)", 100 * *lift.relative,
                       100 * *lift.relative_low, 100 * *lift.relative_high);
  return fmt::format("{:+.4g} ({:+.4g} to {:+.4g})", *lift.value, *lift.low, *lift.high);
}

// As many standard errors of the ratio's logarithm as the sequence has of the difference.
void set_relative_interval(LiftSummary& lift) {
  const ArmSummary &a = lift.treated, &b = lift.holdout;
  if (!lift.low || !(a.mean > 0) || !(b.mean > 0)) return;
  const double a_error = a.variance / static_cast<double>(a.n),
               b_error = b.variance / static_cast<double>(b.n);
  if (!(a_error + b_error > 0)) return;
  const double errors = (*lift.high - *lift.low) / 2 / std::sqrt(a_error + b_error);
  const Interval interval = relative_interval({a.mean, a_error}, {b.mean, b_error}, errors);
  lift.relative_low = interval.low;
  lift.relative_high = interval.high;
}

Verdict verdict_of(const LiftSummary& lift) {
  if (!lift.low) return Verdict::kTooEarly;
  if (lift.srm_p < kSampleRatioAlarm) return Verdict::kUnproven;
  if (*lift.low > 0) return Verdict::kPaying;
  if (*lift.high < 0) return Verdict::kLosing;
  const double small = kNeutralShare * std::abs(lift.holdout.mean);
  return *lift.low >= -small && *lift.high <= small ? Verdict::kNeutral : Verdict::kUnproven;
}

// The sequence, once there is something to say.
std::optional<Interval> watched(const OutcomeSums& treated, const OutcomeSums& holdout) {
  if (treated.conversions < kConversionsMin || holdout.conversions < kConversionsMin)
    return std::nullopt;
  return sequence_interval(treated, holdout, kLiftAlpha, kPersonsPlanned);
}

// As how many equal persons bring the sum: (sum x)^2 / sum x^2. None: they are many enough.
std::optional<double> few_contributors(const OutcomeSums& sums) {
  if (sums.conversions < kConversionsMin || sums.sum <= 0) return std::nullopt;
  const auto sum = static_cast<double>(sums.sum);
  const double equal = sum / static_cast<double>(sums.sum_of_squares) * sum;
  if (equal >= kFewContributorsShare * static_cast<double>(sums.conversions)) return std::nullopt;
  return equal;
}

std::string about_few(const char* arm, double equal) {
  return fmt::format(
      " Most of what was counted of people {} bets comes from very few, as if {:.0f} had brought "
      "it "
      "all: look for robots among them.",
      arm, std::max(1.0, equal));
}

std::vector<CohortSummary> cohorts_of(const SlotLift& sums) {
  std::vector<CohortSummary> cohorts;
  for (const Cohort& cohort : sums.cohorts) {
    CohortSummary summary{std::int64_t{cohort.first_day} * kDayMs,
                          summary_of(cohort.treated),
                          summary_of(cohort.holdout),
                          {},
                          {},
                          {}};
    if (cohort.treated.n >= 2 && cohort.holdout.n >= 2)
      summary.value = cohort.treated.mean() - cohort.holdout.mean();
    if (const auto interval = watched(cohort.treated, cohort.holdout)) {
      summary.low = interval->low;
      summary.high = interval->high;
    }
    cohorts.push_back(summary);
  }
  return cohorts;
}

std::string early_sentence(const LiftSummary& lift, double holdout_share) {
  if (holdout_share <= 0) {
    return "Too early to say, and it will stay so: nobody is left alone to compare with.";
  }
  return fmt::format(
      "Too early to say: {} and {} of {} people with and without bets did it so far; it takes {} "
      "each.",
      spaced(lift.treated.conversions), spaced(lift.holdout.conversions),
      spaced(lift.treated.n + lift.holdout.n), kConversionsMin);
}

std::string sentence_of(const LiftSummary& lift, double holdout_share) {
  if (lift.treated.n + lift.holdout.n == 0)
    return "Too early to say: nobody's window has closed yet.";
  if (lift.srm_p < kSampleRatioAlarm) {
    return fmt::format(
        "{}: the split is not as planned ({} people with bets, {} without, p {:.1g}); "
        "find out why before you believe any number here.",
        lift.low ? "Unproven" : "Too early to say, and something is wrong", spaced(lift.treated.n),
        spaced(lift.holdout.n), lift.srm_p);
  }
  if (lift.verdict == Verdict::kTooEarly) return early_sentence(lift, holdout_share);
  const std::string numbers =
      fmt::format("{} against the people we left alone; n {} / {}", amount(lift),
                  spaced(lift.treated.n), spaced(lift.holdout.n));
  switch (lift.verdict) {
    case Verdict::kPaying:
      return fmt::format("Paying: people with bets here brought {}.", numbers);
    case Verdict::kLosing:
      return fmt::format("Losing: people with bets here brought {}.", numbers);
    case Verdict::kNeutral:
      return fmt::format("Neutral: it makes no difference worth the work: {}.", numbers);
    case Verdict::kTooEarly:
    case Verdict::kUnproven:
      break;
  }
  return fmt::format("Unproven: it could be either way still: {}.", numbers);
}

void write_arm(JsonWriter& json, std::string_view name, const ArmSummary& arm) {
  json.key(name).begin_object();
  json.field("n", arm.n).field("mean", arm.mean).field("variance", arm.variance);
  json.field("conversions", arm.conversions).end_object();
}

void write_cohort(JsonWriter& json, const CohortSummary& cohort) {
  json.begin_object().field("from", format_time(cohort.first_ms));
  write_arm(json, "treated", cohort.treated);
  write_arm(json, "holdout", cohort.holdout);
  json.key("value");
  cohort.value ? json.number(*cohort.value) : json.null();
  if (cohort.low) json.interval("interval", *cohort.low, *cohort.high);
  json.end_object();
}

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnproven:
      return "unproven";
    case Verdict::kTooEarly:
      return "too early to say";
    case Verdict::kNeutral:
      return "neutral";
    case Verdict::kPaying:
      return "paying";
    case Verdict::kLosing:
      return "losing";
  }
  return "unknown";
}

LiftSummary summarize(const Slot& slot, const SlotLift& sums, double control_share) {
  LiftSummary lift;
  lift.slot = slot.name;
  lift.treated = summary_of(sums.treated);
  lift.holdout = summary_of(sums.holdout);
  lift.waiting = sums.waiting;
  lift.mixed = sums.mixed;
  lift.controls = summarize_controls(slot, sums);
  const auto buckets = static_cast<double>(kBuckets);
  lift.srm_p = sample_ratio_p(sums.holdout.n, static_cast<double>(sums.expected_buckets) / buckets,
                              static_cast<double>(sums.variance_buckets) / (buckets * buckets));
  if (sums.treated.n >= 2 && sums.holdout.n >= 2) {
    lift.value = sums.treated.mean() - sums.holdout.mean();
    const Interval fixed = fixed_interval(sums.treated, sums.holdout, kLiftAlpha);
    lift.fixed_low = fixed.low;
    lift.fixed_high = fixed.high;
    if (sums.holdout.mean() > 0) lift.relative = *lift.value / sums.holdout.mean();
    if (const auto sequence = watched(sums.treated, sums.holdout)) {
      lift.low = sequence->low;
      lift.high = sequence->high;
      set_relative_interval(lift);
    }
  }
  lift.self_test = aa_self_test(sums.untreated, kLiftAlpha);
  lift.cohorts = cohorts_of(sums);
  lift.verdict = verdict_of(lift);
  lift.sentence = sentence_of(lift, control_share);
  if (lift.mixed > 0)
    lift.sentence += fmt::format(
        " Left out: {} who came under two ids that stood on different sides.", spaced(lift.mixed));
  if (const auto few = few_contributors(sums.treated)) lift.sentence += about_few("with", *few);
  if (const auto few = few_contributors(sums.holdout)) lift.sentence += about_few("without", *few);
  if (lift.self_test.p < kSelfTestAlarm)
    lift.sentence += fmt::format(
        " The self-test fails: groups of people left alone differ {:.1f} times as much as chance "
        "allows, so intervals are too narrow here. Look for robots, or for one act that is sent "
        "for many ids at once.",
        lift.self_test.dispersion);
  return lift;
}

std::string to_json(const LiftSummary& lift) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("slot", lift.slot).field("unit", "person");
  write_arm(json, "treated", lift.treated);
  write_arm(json, "holdout", lift.holdout);
  json.key("lift");
  if (lift.value && lift.low && lift.high) {
    json.begin_object().field("value", *lift.value).interval("interval", *lift.low, *lift.high);
    json.interval("fixedInterval", *lift.fixed_low, *lift.fixed_high);
    json.field("confidence", 1 - kLiftAlpha).field("n", lift.treated.n + lift.holdout.n);
    json.key("relative");
    lift.relative ? json.number(*lift.relative) : json.null();
    if (lift.relative_low)
      json.interval("relativeInterval", *lift.relative_low, *lift.relative_high);
    json.end_object();
  } else {
    json.null();
  }
  json.key("srm").begin_object().field("p", lift.srm_p).end_object();
  json.field("waiting", lift.waiting).field("mixed", lift.mixed);
  if (!lift.controls.controls.empty()) {
    json.key("controls");
    write_controls(json, lift.controls);
  }
  const SelfTest& test = lift.self_test;
  json.key("selfTest").begin_object().field("groups", test.groups).field("n", test.n);
  json.field("dispersion", test.dispersion).field("p", test.p);
  json.field("falseFindings", test.false_findings).end_object();
  json.key("cohorts").begin_array();
  for (const CohortSummary& cohort : lift.cohorts) write_cohort(json, cohort);
  json.end_array();
  json.field("verdict", to_string(lift.verdict)).field("sentence", lift.sentence);
  json.end_object();
  return text;
}

struct LiftReport::State {
  // The slot of this name in the fold, or kNotFound with the nearest name.
  Result<const Slot*> slot(std::string_view name) const REQUIRES_LOCK(mutex);

  explicit State(std::string holdout_salt) : metrics(std::move(holdout_salt)) {}
  Scorecard scorecard_of(const Trial& trial) const REQUIRES_LOCK(mutex);
  std::vector<ProxyValidity> proxies() const REQUIRES_LOCK(mutex);

  mutable Mutex mutex;
  Uplifts uplifts;
  MetricFold metrics;
  LiftFold fold GUARDED_BY(mutex){{&uplifts, &metrics}};
};

namespace {

// The effect of a metric in its standard errors; none before there is evidence.
std::optional<double> effect_of(const Metric& metric, const MetricTrial& sums) {
  const MetricSummary summary = summarize(metric, sums, kLiftAlpha);
  if (!summary.value || !summary.low || !(*summary.high > *summary.low)) return std::nullopt;
  return *summary.value / (*summary.high - *summary.low);
}

}  // namespace

std::vector<ProxyValidity> LiftReport::State::proxies() const {
  std::vector<ProxyValidity> all;
  for (const ProxyPair& pair : metrics.proxy_pairs()) {
    const Metric proxy = *metrics.metric(pair.proxy), outcome = *metrics.metric(pair.outcome);
    std::vector<EffectPair> effects;
    for (const Trial& trial : metrics.trials()) {
      if (trial == Trial{}) continue;
      const auto of_proxy = effect_of(proxy, metrics.sums(trial, pair.proxy));
      const auto of_outcome = effect_of(outcome, metrics.sums(trial, pair.outcome));
      if (of_proxy && of_outcome) effects.push_back({*of_proxy, *of_outcome});
    }
    all.push_back(validity(pair, effects));
  }
  return all;
}

Scorecard LiftReport::State::scorecard_of(const Trial& trial) const {
  const std::vector<Metric> all = metrics.metrics();
  std::vector<MetricTrial> sums;
  for (const Metric& metric : all) sums.push_back(metrics.sums(trial, metric.id));
  // A proxy that goes with no outcome at all is struck out.
  std::vector<std::string> struck_out, useful;
  for (const ProxyValidity& each : proxies()) {
    if (each.state == ProxyValidity::State::kUnknown) continue;
    auto& list = each.state == ProxyValidity::State::kStruckOut ? struck_out : useful;
    list.push_back(each.proxy);
  }
  std::erase_if(struck_out, [&useful](const std::string& proxy) {
    return std::ranges::find(useful, proxy) != useful.end();
  });
  return scorecard(all, sums, struck_out);
}

Result<const Slot*> LiftReport::State::slot(std::string_view name) const {
  const SlotGoals& slots = fold.slots();
  if (const Slot* found = slots.find(name)) return found;
  std::vector<std::string_view> known;
  for (const auto& [key, each] : slots.all()) known.push_back(each.name);
  return not_found(fmt::format("there is no slot '{}'.{}", name, did_you_mean(name, known)));
}

LiftReport::LiftReport(std::string holdout_salt)
    : state_(std::make_unique<State>(std::move(holdout_salt))) {}
LiftReport::~LiftReport() = default;

Result<LiftSummary> LiftReport::lift(std::string_view name) const {
  MutexLock lock(state_->mutex);
  const Slot* slot = TRY(state_->slot(name));
  return summarize(*slot, state_->fold.trial({slot->key, BetKey{}}), slot->holdout);
}

Result<SlotLift> LiftReport::sums(std::string_view name) const {
  MutexLock lock(state_->mutex);
  const Slot* slot = TRY(state_->slot(name));
  return state_->fold.trial({slot->key, BetKey{}});
}

HoldoutDraw LiftReport::draw() const {
  MutexLock lock(state_->mutex);
  return state_->fold.draws().draw();
}

std::map<std::string, HoldoutReturn> LiftReport::returns() const {
  MutexLock lock(state_->mutex);
  std::map<std::string, HoldoutReturn> returns;
  const auto buckets = static_cast<double>(kBuckets);
  for (const auto& [key, slot] : state_->fold.slots().all()) {
    HoldoutReturn& of = returns[slot.name];
    of.share = slot.holdout;
    of.counts = state_->fold.draws().slot(key);
    const SlotLift sums = state_->fold.trial({key, BetKey{}});
    of.mixed = sums.mixed;
    if (!sums.entered.empty()) of.first_ms = std::int64_t{sums.first_day} * kDayMs;
    of.overlap_p = sample_ratio_p(
        of.counts.held_again, static_cast<double>(of.counts.expected_buckets) / buckets,
        static_cast<double>(of.counts.variance_buckets) / (buckets * buckets));
  }
  return returns;
}

Result<BetEvidence> LiftReport::bet(const Bet& bet, TimeMs now_ms) const {
  MutexLock lock(state_->mutex);
  const Slot* slot = TRY(state_->slot(bet.slot));
  BetEvidence evidence;
  evidence.sums = state_->fold.trial({slot->key, bet_key(bet.id)});
  const double treated = bet.treated_share(now_ms);
  evidence.lift = summarize(*slot, evidence.sums, 1 - (treated > 0 ? treated : bet.stake));
  return evidence;
}

std::vector<Metric> LiftReport::metrics() const {
  MutexLock lock(state_->mutex);
  return state_->metrics.metrics();
}

Result<Metric> LiftReport::metric(std::string_view id) const {
  MutexLock lock(state_->mutex);
  return state_->metrics.metric(id);
}

Result<Scorecard> LiftReport::scorecard_of(std::string_view name) const {
  MutexLock lock(state_->mutex);
  if (name.empty()) return state_->scorecard_of(Trial{});
  const Slot* slot = TRY(state_->slot(name));
  return state_->scorecard_of({slot->key, BetKey{}});
}

Result<Scorecard> LiftReport::scorecard_of(const Bet& bet) const {
  MutexLock lock(state_->mutex);
  const Slot* slot = TRY(state_->slot(bet.slot));
  return state_->scorecard_of({slot->key, bet_key(bet.id)});
}

std::vector<ProxyValidity> LiftReport::proxies() const {
  MutexLock lock(state_->mutex);
  return state_->proxies();
}

const LeaveAloneAdvice& LiftReport::advice() const { return state_->uplifts; }

void LiftReport::commit_consumed(Commit) {
  MutexLock lock(state_->mutex);
  state_->uplifts.refit(state_->fold.slots());
}

void LiftReport::consume(const CommittedRecord& record) {
  MutexLock lock(state_->mutex);
  state_->fold.consume(record);
  state_->metrics.consume(record, state_->fold.representative(record.header.person));
}

std::string LiftReport::save() const {
  MutexLock lock(state_->mutex);
  std::string bytes, uplifts, metrics;
  state_->uplifts.save(uplifts);
  state_->metrics.save(metrics);
  ByteWriter out(bytes);
  out.u8(kReportFormat);
  out.string(uplifts);
  out.string(metrics);
  out.string(state_->fold.save());
  return bytes;
}

Result<void> LiftReport::load(std::string_view bytes) {
  MutexLock lock(state_->mutex);
  ByteReader in(bytes);
  if (in.u8() != kReportFormat)
    return data_loss("lift: the checkpoint is of a format that is not known");
  const std::string_view uplifts = in.string(), metrics = in.string(), fold = in.string();
  if (!in.ok() || !in.at_end()) return data_loss("lift: the checkpoint is damaged");
  TRY(state_->uplifts.load(uplifts));
  TRY(state_->metrics.load(metrics));
  return state_->fold.load(fold);
}

}  // namespace ante

#include "report/metrics.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "math/watched_difference.h"

namespace ante {

namespace {

constexpr double kPlain = 0.05;

bool is_ratio(const Metric& metric) { return metric.how == Aggregation::kRatio; }

MetricArm arm_of(const Metric& metric, const MetricSums& sums) {
  MetricArm arm;
  arm.n = metric.ask ? sums.answered : sums.value_before.n;
  arm.conversions = sums.conversions;
  arm.asked = sums.asked;
  arm.answered = sums.answered;
  const double per = sums.value_per.mean_second();
  arm.mean = is_ratio(metric) ? (per > 0 ? sums.value_per.mean_first() / per : 0)
                              : sums.value_before.mean_first();
  return arm;
}

// None of too few people, or of a ratio to nothing.
std::optional<Estimated> estimate_of(const Metric& metric, const MetricSums& sums) {
  if (sums.value_before.n < 2) return std::nullopt;
  if (!is_ratio(metric))
    return Estimated{sums.value_before.mean_first(),
                     sums.value_before.variance_first() / static_cast<double>(sums.value_before.n)};
  if (!(sums.value_per.mean_second() > 0)) return std::nullopt;
  return ratio_of_sums(sums.value_per);
}

bool is_known(const MetricTrial& sums) {
  return sums.treated.conversions >= kWatchedConversionsMin &&
         sums.holdout.conversions >= kWatchedConversionsMin;
}

double persons_of(const MetricTrial& sums) {
  return static_cast<double>(sums.treated.value_before.n + sums.holdout.value_before.n);
}

// Two shares are equal: p of a two-sided z test.
double equal_shares_p(std::uint64_t a, std::uint64_t n, std::uint64_t b, std::uint64_t m) {
  if (n == 0 || m == 0) return 1;
  const auto an = static_cast<double>(n), am = static_cast<double>(m);
  const double pooled = static_cast<double>(a + b) / (an + am);
  const double variance = pooled * (1 - pooled) * (1 / an + 1 / am);
  if (!(variance > 0)) return 1;
  const double z =
      (static_cast<double>(a) / an - static_cast<double>(b) / am) / std::sqrt(variance);
  return 2 * (1 - normal_cdf(std::abs(z)));
}

void set_adjusted(const MetricTrial& sums, double alpha, MetricSummary& summary) {
  const CupedDifference cuped =
      cuped_difference(sums.treated.value_before, sums.holdout.value_before);
  MetricSummary::Adjusted adjusted{cuped.rho_squared, cuped.difference.value, {}, {}};
  if (is_known(sums) && cuped.difference.variance > 0) {
    const Interval interval =
        sequence_interval(cuped.difference, persons_of(sums), kPersonsPlanned, alpha);
    adjusted.low = interval.low;
    adjusted.high = interval.high;
  }
  summary.adjusted = adjusted;
}

// Early minus late of a person is a number like any other.
Estimated change_of(const PairSums& sums) {
  const double variance = sums.variance_first() + sums.variance_second() - 2 * sums.covariance();
  return {sums.mean_first() - sums.mean_second(),
          std::max(0.0, variance) / static_cast<double>(sums.n)};
}

void set_novelty(const MetricTrial& sums, double alpha, MetricSummary& summary) {
  const PairSums &t = sums.treated.early_late, &h = sums.holdout.early_late;
  MetricSummary::Novelty novelty{t.mean_first() - h.mean_first(),
                                 t.mean_second() - h.mean_second(),
                                 {},
                                 {},
                                 "it is too early to say whether it lasts"};
  const Estimated treated = change_of(t), holdout = change_of(h);
  const Estimated changed{treated.value - holdout.value, treated.variance + holdout.variance};
  if (is_known(sums) && changed.variance > 0) {
    const Interval interval = sequence_interval(changed, persons_of(sums), kPersonsPlanned, alpha);
    novelty.changed_low = interval.low;
    novelty.changed_high = interval.high;
    const double sign = summary.metric.more_is_better ? 1 : -1;
    const bool fades = sign > 0 ? interval.low > 0 : interval.high < 0;
    const bool grows = sign > 0 ? interval.high < 0 : interval.low > 0;
    novelty.sentence = fades   ? "it wears off: more of it came early than late"
                       : grows ? "it grows: more of it came late than early"
                               : "no sign that it wears off or grows";
  }
  summary.novelty = novelty;
}

void set_verdict(MetricSummary& summary) {
  const Metric& metric = summary.metric;
  if (metric.ask) {
    summary.response_p = equal_shares_p(summary.treated.answered, summary.treated.asked,
                                        summary.holdout.answered, summary.holdout.asked);
    if (summary.is_void()) {
      summary.verdict = Verdict::kUnproven;
      summary.sentence = fmt::format(
          "Void: {} of {} answered with bets and {} of {} without; those who answer are not the "
          "same people, so the answers cannot be compared.",
          summary.treated.answered, summary.treated.asked, summary.holdout.answered,
          summary.holdout.asked);
      return;
    }
  }
  if (summary.treated.n + summary.holdout.n == 0) {
    const std::uint64_t asked = summary.treated.asked + summary.holdout.asked;
    summary.sentence = asked > 0
                           ? fmt::format("Of {} who were asked nobody has answered yet.", asked)
                       : metric.ask ? "Nobody has been asked here yet, or no window has closed."
                                    : "Nobody's window has closed yet.";
    return;
  }
  if (!summary.low) {
    const bool never = summary.treated.conversions + summary.holdout.conversions == 0;
    summary.sentence =
        never
            ? fmt::format("Nothing of it has come from {} people: is {} sent at all?",
                          summary.treated.n + summary.holdout.n,
                          metric.ask ? "the answer" : to_words(metric.count))
            : fmt::format(
                  "Too early to say: {} and {} people with and without bets did it; it "
                  "takes {} each.",
                  summary.treated.conversions, summary.holdout.conversions, kWatchedConversionsMin);
    return;
  }
  const double sign = metric.more_is_better ? 1 : -1;
  const double worst = sign > 0 ? *summary.low : -*summary.high;
  const double best = sign > 0 ? *summary.high : -*summary.low;
  const double small = kNeutralShare * std::abs(summary.holdout.mean);
  summary.verdict = worst > 0                          ? Verdict::kPaying
                    : best < 0                         ? Verdict::kLosing
                    : worst >= -small && best <= small ? Verdict::kNeutral
                                                       : Verdict::kUnproven;
  const char* said = summary.verdict == Verdict::kPaying    ? "Better"
                     : summary.verdict == Verdict::kLosing  ? "Worse"
                     : summary.verdict == Verdict::kNeutral ? "The same"
                                                            : "It could be either way still";
  summary.sentence =
      fmt::format("{}: {:.4g} with bets, {:.4g} without, {:+.3g} ({:+.3g} to {:+.3g}); n {} / {}.",
                  said, summary.treated.mean, summary.holdout.mean, *summary.value, *summary.low,
                  *summary.high, summary.treated.n, summary.holdout.n);
}

// Of several metrics of a class: worse if one is worse, better if one is better and none worse.
std::optional<Verdict> class_verdict(std::span<const Metric> metrics,
                                     std::span<const MetricTrial> sums, MetricClass of) {
  std::size_t counted = 0;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (metrics[i].metric_class == of && sums[i].treated.conversions > 0) ++counted;
  }
  if (counted == 0) return std::nullopt;
  bool better = false, worse = false, early = true;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    if (metrics[i].metric_class != of || sums[i].treated.conversions == 0) continue;
    const Verdict verdict =
        summarize(metrics[i], sums[i], kPlain / static_cast<double>(counted)).verdict;
    better = better || verdict == Verdict::kPaying;
    worse = worse || verdict == Verdict::kLosing;
    early = early && verdict == Verdict::kTooEarly;
  }
  if (worse) return Verdict::kLosing;
  if (better) return Verdict::kPaying;
  return early ? Verdict::kTooEarly : Verdict::kUnproven;
}

std::string word_of(std::optional<Verdict> verdict) {
  if (!verdict) return "nothing was counted yet";
  switch (*verdict) {
    case Verdict::kPaying:
      return "better";
    case Verdict::kLosing:
      return "worse";
    case Verdict::kNeutral:
      return "the same";
    case Verdict::kTooEarly:
      return "too early to say";
    case Verdict::kUnproven:
      break;
  }
  return "it could be either way still";
}

double pooled(double a, double b, const PairSums& t, const PairSums& h) {
  const double dt = t.n > 1 ? static_cast<double>(t.n - 1) : 0;
  const double dh = h.n > 1 ? static_cast<double>(h.n - 1) : 0;
  return dt + dh > 0 ? (a * dt + b * dh) / (dt + dh) : 0;
}

void write_arm(JsonWriter& json, std::string_view name, const MetricSummary& summary,
               const MetricArm& arm) {
  json.key(name).begin_object().field("n", arm.n).field("mean", arm.mean);
  json.field("conversions", arm.conversions);
  if (summary.metric.ask) json.field("asked", arm.asked).field("answered", arm.answered);
  json.end_object();
}

}  // namespace

MetricSummary summarize(const Metric& metric, const MetricTrial& sums, double alpha) {
  MetricSummary summary;
  summary.metric = metric;
  summary.treated = arm_of(metric, sums.treated);
  summary.holdout = arm_of(metric, sums.holdout);
  const auto treated = estimate_of(metric, sums.treated),
             holdout = estimate_of(metric, sums.holdout);
  if (treated && holdout) {
    const Estimated difference{treated->value - holdout->value,
                               treated->variance + holdout->variance};
    summary.value = difference.value;
    summary.standard_error = std::sqrt(difference.variance);
    if (holdout->value > 0) summary.relative = difference.value / holdout->value;
    if (is_known(sums) && difference.variance > 0) {
      const Interval interval =
          sequence_interval(difference, persons_of(sums), kPersonsPlanned, alpha);
      summary.low = interval.low;
      summary.high = interval.high;
      if (treated->value > 0 && holdout->value > 0) {
        const double errors = interval.width() / 2 / summary.standard_error;
        summary.relative_interval = relative_interval(*treated, *holdout, errors);
      }
    }
    const bool adds_up = metric.how == Aggregation::kShare || metric.how == Aggregation::kMean;
    if (adds_up) {
      set_adjusted(sums, alpha, summary);
      set_novelty(sums, alpha, summary);
    }
  }
  set_verdict(summary);
  return summary;
}

namespace {

std::string correlation_words(const ProxyValidity& found) {
  return fmt::format("correlation {:+.2f}, {:+.2f} to {:+.2f}, {} people", *found.correlation,
                     *found.low, *found.high, found.persons);
}

// What strikes it out, as its interval has it: the correlation, or comparisons that it went apart
// in.
std::string struck_out_words(const ProxyValidity& found, bool apart) {
  std::string what;
  if (*found.high < kUselessCorrelation) {
    const char* has = *found.low > 0    ? "has hardly more"
                      : *found.high < 0 ? "has less"
                                        : "has no more, or hardly more,";
    what = fmt::format("who has more '{}' {} '{}'{}", found.proxy, has, found.outcome,
                       *found.high < 0 ? "" : ": too little to go by");
    if (apart)
      what += fmt::format(", and in only {} of {} comparisons both moved one way", found.together,
                          found.trials);
  } else {
    what = fmt::format("in only {} of {} comparisons did '{}' and '{}' move one way",
                       found.together, found.trials, found.proxy, found.outcome);
  }
  return fmt::format("Struck out: {} ({}). It decides nothing.", what, correlation_words(found));
}

}  // namespace

const char* to_string(ProxyValidity::State state) {
  switch (state) {
    case ProxyValidity::State::kUnknown:
      return "not known yet";
    case ProxyValidity::State::kHolds:
      return "goes with it";
    case ProxyValidity::State::kWeak:
      return "goes with it a little";
    case ProxyValidity::State::kStruckOut:
      return "struck out";
  }
  return "not known yet";
}

ProxyValidity validity(const ProxyPair& pair, std::span<const EffectPair> effects) {
  using State = ProxyValidity::State;
  ProxyValidity found;
  found.proxy = pair.proxy;
  found.outcome = pair.outcome;
  found.persons = pair.treated.n + pair.holdout.n;
  for (const EffectPair& effect : effects) {
    ++found.trials;
    if (effect.proxy * effect.outcome > 0) ++found.together;
  }
  const PairSums &t = pair.treated, &h = pair.holdout;
  const double first = pooled(t.variance_first(), h.variance_first(), t, h);
  const double second = pooled(t.variance_second(), h.variance_second(), t, h);
  if (found.persons < kProxyPeopleMin || !(first > 0) || !(second > 0)) {
    found.sentence =
        fmt::format("Not known yet: {} people were counted in both, {}.", found.persons,
                    found.persons < kProxyPeopleMin ? fmt::format("it takes {}", kProxyPeopleMin)
                                                    : "and one of them is the same for everybody");
    return found;
  }
  const double covariance = pooled(t.covariance(), h.covariance(), t, h);
  const double r = std::clamp(covariance / std::sqrt(first * second), -0.999999, 0.999999);
  const double half = 1.96 / std::sqrt(static_cast<double>(found.persons) - 3);
  found.correlation = r;
  found.low = std::tanh(std::atanh(r) - half);
  found.high = std::tanh(std::atanh(r) + half);
  const bool apart = found.trials >= kProxyTrialsMin && found.together * 2 <= found.trials;
  if (*found.high < kUselessCorrelation || apart) {
    found.state = State::kStruckOut;
    found.sentence = struck_out_words(found, apart);
    return found;
  }
  found.state = *found.low > kUselessCorrelation ? State::kHolds : State::kWeak;
  const bool open = *found.low <= 0;  // it may as well go against it
  found.sentence = fmt::format("{}: who has more '{}' {} more '{}' ({}). It is still no proof.",
                               found.state == State::kHolds ? "Goes with it"
                               : open                       ? "May go with it, or not"
                                                            : "Goes with it, maybe only a little",
                               pair.proxy, open ? "may or may not have" : "has", pair.outcome,
                               correlation_words(found));
  return found;
}

Scorecard scorecard(std::span<const Metric> metrics, std::span<const MetricTrial> sums,
                    std::span<const std::string> struck_out) {
  Scorecard card;
  for (const MetricClass of : {MetricClass::kPerson, MetricClass::kBusiness, MetricClass::kProxy}) {
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      if (metrics[i].metric_class == of)
        card.metrics.push_back(summarize(metrics[i], sums[i], kPlain));
    }
  }
  card.person = class_verdict(metrics, sums, MetricClass::kPerson);
  card.business = class_verdict(metrics, sums, MetricClass::kBusiness);
  card.sentence =
      fmt::format("For the people: {}. For us: {}.", word_of(card.person), word_of(card.business));
  if (card.person == Verdict::kLosing)
    card.sentence += card.business == Verdict::kPaying
                         ? " Taking, not serving: it is no success while people are worse off."
                         : " It is no success while people are worse off.";
  std::string moved;
  for (const MetricSummary& each : card.metrics) {
    if (each.metric.metric_class != MetricClass::kProxy || each.verdict != Verdict::kPaying)
      continue;
    if (std::ranges::find(struck_out, each.metric.id) != struck_out.end()) continue;
    moved += (moved.empty() ? "" : ", ") + each.metric.title;
  }
  if (!moved.empty() && card.person != Verdict::kPaying && card.business != Verdict::kPaying)
    card.sentence +=
        fmt::format(" More of what measures our own page ({}) proves nothing by itself.", moved);
  return card;
}

std::string to_json(const MetricSummary& summary) {
  std::string text;
  JsonWriter json(text);
  const Metric& metric = summary.metric;
  json.begin_object().field("id", metric.id).field("title", metric.title);
  json.field("class", to_string(metric.metric_class)).field("what", to_words(metric));
  json.field("better", metric.more_is_better ? "more" : "less").field("unit", "person");
  json.field("version", metric.version);
  write_arm(json, "treated", summary, summary.treated);
  write_arm(json, "holdout", summary, summary.holdout);
  json.key("difference");
  if (summary.value && summary.low) {
    json.begin_object().field("value", *summary.value);
    json.interval("interval", *summary.low, *summary.high);
    json.field("n", summary.treated.n + summary.holdout.n).key("relative");
    summary.relative ? json.number(*summary.relative) : json.null();
    if (summary.relative_interval)
      json.interval("relativeInterval", summary.relative_interval->low,
                    summary.relative_interval->high);
    json.end_object();
  } else {
    json.null();
  }
  if (summary.adjusted) {
    json.key("adjusted").begin_object().field("rhoSquared", summary.adjusted->rho_squared);
    json.field("value", summary.adjusted->value);
    if (summary.adjusted->low)
      json.interval("interval", *summary.adjusted->low, *summary.adjusted->high);
    json.end_object();
  }
  if (summary.novelty) {
    json.key("novelty").begin_object().field("firstThird", summary.novelty->early);
    json.field("lastThird", summary.novelty->late);
    if (summary.novelty->changed_low)
      json.interval("changeInterval", *summary.novelty->changed_low,
                    *summary.novelty->changed_high);
    json.field("sentence", summary.novelty->sentence).end_object();
  }
  if (summary.response_p)
    json.key("response").begin_object().field("p", *summary.response_p).end_object();
  json.field("verdict", to_string(summary.verdict)).field("sentence", summary.sentence);
  json.end_object();
  return text;
}

std::string to_json(const Scorecard& card) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("sentence", card.sentence);
  json.key("customer");
  card.person ? json.string(to_string(*card.person)) : json.null();
  json.key("business");
  card.business ? json.string(to_string(*card.business)) : json.null();
  json.key("metrics").begin_array();
  for (const MetricSummary& each : card.metrics) json.raw(to_json(each));
  json.end_array().end_object();
  return text;
}

std::string to_json(std::span<const ProxyValidity> proxies) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("data").begin_array();
  for (const ProxyValidity& each : proxies) {
    json.begin_object().field("proxy", each.proxy).field("outcome", each.outcome);
    json.field("n", each.persons).key("correlation");
    if (each.correlation) {
      json.begin_object().field("value", *each.correlation);
      json.interval("interval", *each.low, *each.high).end_object();
    } else {
      json.null();
    }
    json.field("comparisons", each.trials).field("movedTogether", each.together);
    json.field("state", to_string(each.state)).field("sentence", each.sentence).end_object();
  }
  json.end_array().end_object();
  return text;
}

}  // namespace ante

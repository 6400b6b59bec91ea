#include "report/control_lift.h"

#include <string_view>

#include <fmt/format.h>

#include "domain/bucketing.h"
#include "math/statistics.h"
#include "report/lift.h"

namespace ante {

namespace {

std::string_view json_name(Arm control) {
  switch (control) {
    case Arm::kBestSingle:
      return "bestSingle";
    case Arm::kShuffled:
      return "shuffled";
    case Arm::kTrending:
      return "trending";
    default:
      break;
  }
  return "unknown";
}

Contrast contrast_of(const OutcomeSums& with, const OutcomeSums& without) {
  Contrast contrast;
  contrast.n = with.n + without.n;
  if (with.n < 2 || without.n < 2) return contrast;
  contrast.value = with.mean() - without.mean();
  if (with.conversions < kConversionsMin || without.conversions < kConversionsMin) return contrast;
  const Interval sequence = sequence_interval(with, without, kLiftAlpha, kPersonsPlanned);
  contrast.low = sequence.low;
  contrast.high = sequence.high;
  return contrast;
}

std::string amount(const Contrast& contrast) {
  return fmt::format("{:+.3g} ({:+.3g} to {:+.3g})", *contrast.value, *contrast.low,
                     *contrast.high);
}

// Is the gain of the place, or of the match?
std::string split_sentence(const ControlSummary& shuffled) {
  const Contrast &placement = shuffled.against_holdout, &match = shuffled.treated_against_it;
  if (!placement.low || !match.low)
    return fmt::format(
        "Too early to say whether it is the placement or the match: it takes {} people who did it "
        "among the treated, the people with somebody else's list and those held out.",
        kConversionsMin);
  const std::string numbers =
      fmt::format("placement {}, match {}, a person", amount(placement), amount(match));
  if (*match.high < 0)
    return fmt::format("The match does harm: people do better with somebody else's list: {}.",
                       numbers);
  const bool place_helps = *placement.low > 0, match_helps = *match.low > 0;
  if (match_helps && *match.value >= *placement.value)
    return fmt::format("Most of the gain is the match between person and content: {}.", numbers);
  if (match_helps && place_helps)
    return fmt::format("Most of the gain is placement, and the match adds to it: {}.", numbers);
  if (match_helps)
    return fmt::format(
        "The match between person and content brings something; of the placement it is not known: "
        "{}.",
        numbers);
  if (place_helps && *match.value < *placement.value)
    return fmt::format(
        "Most of the gain is placement: somebody else's list does about as well: {}.", numbers);
  return fmt::format("Too early to say whether it is the placement or the match: {}.", numbers);
}

std::string sentence_of(const ControlSummary& control) {
  if (control.srm_p < kSampleRatioAlarm)
    return fmt::format(
        "The control '{}' has not as many people as planned ({}, p {:.1g}): find out why before "
        "you believe its numbers.",
        json_name(control.control), control.n, control.srm_p);
  if (control.control == Arm::kShuffled) return split_sentence(control);
  const Contrast& treated = control.treated_against_it;
  const std::string_view what = control.control == Arm::kTrending
                                    ? "what is looked at most now"
                                    : "everybody's best single action";
  if (!treated.low) return fmt::format("Too early to say against {}.", what);
  const std::string_view verdict = *treated.low > 0    ? "Better than"
                                   : *treated.high < 0 ? "Worse than"
                                                       : "Not known to differ from";
  return fmt::format("{} {}: {} a person.", verdict, what, amount(treated));
}

void write_contrast(JsonWriter& json, std::string_view name, const Contrast& contrast,
                    bool believed) {
  json.key(name);
  if (!contrast.low || !believed) {
    json.null();
    return;
  }
  json.begin_object().field("value", *contrast.value);
  json.interval("interval", *contrast.low, *contrast.high).field("n", contrast.n).end_object();
}

}  // namespace

ControlsSummary summarize_controls(const Slot& slot, const SlotLift& sums) {
  ControlsSummary summary;
  const auto buckets = static_cast<double>(kBuckets);
  for (std::size_t i = 0; i < kListControlCount; ++i) {
    const ControlLift& lift = sums.controls[i];
    ControlSummary control;
    control.control = control_arm(i);
    control.share = slot.controls.share(control.control);
    if (control.share <= 0 && lift.entered == 0) continue;
    control.n = lift.sums.n;
    control.conversions = lift.sums.conversions;
    control.mean = lift.sums.mean();
    control.srm_p =
        sample_ratio_p(lift.entered, static_cast<double>(lift.expected_buckets) / buckets,
                       static_cast<double>(lift.variance_buckets) / (buckets * buckets));
    control.against_holdout = contrast_of(lift.sums, sums.holdout);
    control.treated_against_it = contrast_of(sums.treated, lift.sums);
    if (!summary.sentence.empty()) summary.sentence += " ";
    summary.sentence += sentence_of(control);
    summary.controls.push_back(control);
  }
  return summary;
}

void write_controls(JsonWriter& json, const ControlsSummary& summary) {
  json.begin_object();
  for (const ControlSummary& control : summary.controls) {
    const bool believed = control.srm_p >= kSampleRatioAlarm;
    json.key(json_name(control.control)).begin_object();
    json.field("n", control.n).field("conversions", control.conversions);
    json.field("mean", control.mean).field("share", control.share);
    json.key("srm").begin_object().field("p", control.srm_p).end_object();
    write_contrast(json, "againstHoldout", control.against_holdout, believed);
    write_contrast(json, "treatedAgainstIt", control.treated_against_it, believed);
    if (control.control == Arm::kShuffled) {
      write_contrast(json, "placementEffect", control.against_holdout, believed);
      write_contrast(json, "matchEffect", control.treated_against_it, believed);
    }
    json.end_object();
  }
  json.field("sentence", summary.sentence).end_object();
}

}  // namespace ante

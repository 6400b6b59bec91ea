#include "report/source_lift.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "domain/bucketing.h"
#include "math/pair_sums.h"
#include "math/statistics.h"

namespace ante {

namespace {

constexpr double kLooksApart = 1.05;  // people between two looks at when something will be known

struct SourceWords {
  std::string_view it, stop;
};
// In the order of DataSource.
constexpr std::array<SourceWords, kDataSourceCount> kWords = {{
    {"What people told", "stop asking for it (what they refused stays in force)"},
    {"What was noticed of people",
     "keep no more of it than the guards need (bought, shown, refused)"},
    {"What was imported of people", "stop the import and delete what came of it"},
    {"The situation (page, search, device, hour, referrer)", "stop sending it with the request"},
}};

const SourceWords& words_of(DataSource source) { return kWords[static_cast<std::size_t>(source)]; }

ArmSummary arm_of_sums(const OutcomeSums& sums) {
  return {sums.n, sums.conversions, sums.mean(), sums.variance()};
}

// A lift this small is neutral.
double negligible(const SourceLift& lift) { return kNeutralShare * std::abs(lift.without.mean); }

void set_intervals(const OutcomeSums& treated, const OutcomeSums& without, SourceLift& lift) {
  if (treated.n < 2 || without.n < 2) return;
  lift.value = treated.mean() - without.mean();
  if (treated.conversions < kConversionsMin || without.conversions < kConversionsMin) return;
  const Interval sequence = sequence_interval(treated, without, kSourceAlpha, kPersonsPlanned);
  lift.low = sequence.low;
  lift.high = sequence.high;
  const Estimated a{treated.mean(), treated.variance() / static_cast<double>(treated.n)},
      b{without.mean(), without.variance() / static_cast<double>(without.n)};
  if (!(a.value > 0) || !(b.value > 0) || !(a.variance + b.variance > 0)) return;
  lift.relative = *lift.value / b.value;
  const double errors = sequence.width() / 2 / std::sqrt(a.variance + b.variance);
  const Interval relative = relative_interval(a, b, errors);
  lift.relative_low = relative.low;
  lift.relative_high = relative.high;
}

SourceVerdict verdict_of(const SourceLift& lift) {
  if (!lift.low) return SourceVerdict::kTooEarly;
  if (lift.srm_p < kSampleRatioAlarm) return SourceVerdict::kUnproven;
  if (*lift.high < 0) return SourceVerdict::kHarms;
  if (*lift.high <= negligible(lift)) return SourceVerdict::kBuysNothing;
  return *lift.low > 0 ? SourceVerdict::kPays : SourceVerdict::kUnproven;
}

// Until both sides have enough who did it, or until the interval is narrow enough to show the
// difference, or that it is negligible, whichever it is nearer to.
std::optional<double> more_people(const SourceLift& lift) {
  const double people = static_cast<double>(lift.treated.n + lift.without.n);
  const auto within = [](double n) {
    return n <= kMorePeopleMax ? std::optional(n) : std::nullopt;
  };
  if (lift.verdict == SourceVerdict::kTooEarly) {
    const std::uint64_t did = std::min(lift.treated.conversions, lift.without.conversions);
    if (did == 0) return std::nullopt;
    return within(people * (static_cast<double>(kConversionsMin) / static_cast<double>(did) - 1));
  }
  const double half = std::max(*lift.value, negligible(lift) - *lift.value);
  const double sigma =
      std::sqrt(people * (lift.treated.variance / static_cast<double>(lift.treated.n) +
                          lift.without.variance / static_cast<double>(lift.without.n)));
  if (!(half > 0) || !(sigma > 0)) return std::nullopt;
  double n = people;
  while (n <= people + kMorePeopleMax &&
         sigma * sequence_half_width(n, kPersonsPlanned, kSourceAlpha) > half)
    n *= kLooksApart;
  return within(n - people);
}

// "12 000": two figures and thousands apart, for reading.
std::string about(double n) {
  const double step = std::pow(10.0, std::max(0.0, std::floor(std::log10(std::max(n, 1.0))) - 1));
  std::string digits = fmt::format("{:.0f}", std::ceil(n / step) * step);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, " ");
  }
  return digits;
}

std::string amount(const SourceLift& lift) {
  const std::string n = fmt::format("n {} / {}", lift.treated.n, lift.without.n);
  if (lift.relative_low)
    return fmt::format("{:+.1f} % ({:+.1f} % to {:+.1f} %) a person; {}", 100 * *lift.relative,
                       100 * *lift.relative_low, 100 * *lift.relative_high, n);
  return fmt::format("{:+.4g} ({:+.4g} to {:+.4g}) a person; {}", *lift.value, *lift.low,
                     *lift.high, n);
}

std::string what_it_takes(const SourceLift& lift) {
  if (lift.share <= 0) return "and nobody new is compared: its share is 0.";
  if (!lift.more_people) return "and it cannot be said how many more people it takes.";
  return fmt::format("and if it stays so it takes about {} more people.", about(*lift.more_people));
}

std::string sentence_of(const SourceLift& lift) {
  const SourceWords& words = words_of(lift.source);
  if (lift.srm_p < kSampleRatioAlarm)
    return fmt::format(
        "{}: the split is not as planned ({} people with it, {} without, p {:.1g}); find out why "
        "before you believe any number here.",
        words.it, lift.treated.n, lift.without.n, lift.srm_p);
  switch (lift.verdict) {
    case SourceVerdict::kTooEarly:
      return fmt::format(
          "{}: too early to say what it buys; {} and {} people with and without it did it so far, "
          "it takes {} each, {}",
          words.it, lift.treated.conversions, lift.without.conversions, kConversionsMin,
          what_it_takes(lift));
    case SourceVerdict::kPays:
      return fmt::format("{} pays: {}.", words.it, amount(lift));
    case SourceVerdict::kBuysNothing:
      return fmt::format("{} buys nothing worth its keeping: {}. Proposed for deletion: {}.",
                         words.it, amount(lift), words.stop);
    case SourceVerdict::kHarms:
      return fmt::format("{} does harm: {}. Proposed for deletion: {}.", words.it, amount(lift),
                         words.stop);
    case SourceVerdict::kUnproven:
      break;
  }
  return fmt::format("{}: it could be either way still: {}, {}", words.it, amount(lift),
                     what_it_takes(lift));
}

void write_side(JsonWriter& json, std::string_view name, const ArmSummary& side) {
  json.key(name).begin_object().field("n", side.n).field("mean", side.mean);
  json.field("conversions", side.conversions).end_object();
}

void write_source(JsonWriter& json, const SourceLift& lift) {
  json.begin_object().field("source", to_string(lift.source));
  json.field("verdict", to_string(lift.verdict)).field("delete", is_for_deletion(lift.verdict));
  json.field("sentence", lift.sentence).field("share", lift.share);
  write_side(json, "treated", lift.treated);
  write_side(json, "without", lift.without);
  json.key("bought");
  if (lift.low && lift.srm_p >= kSampleRatioAlarm) {
    json.begin_object().field("value", *lift.value).interval("interval", *lift.low, *lift.high);
    if (lift.relative_low) {
      json.field("relative", *lift.relative);
      json.interval("relativeInterval", *lift.relative_low, *lift.relative_high);
    }
    json.field("confidence", 1 - kSourceAlpha).field("n", lift.treated.n + lift.without.n);
    json.end_object();
  } else {
    json.null();
  }
  json.key("morePeople");
  lift.more_people ? json.number(std::ceil(*lift.more_people)) : json.null();
  json.key("srm").begin_object().field("p", lift.srm_p).end_object().end_object();
}

std::vector<std::string> for_deletion(std::span<const SlotSources> slots) {
  std::array<std::size_t, kDataSourceCount> compared{}, nothing{};
  for (const SlotSources& slot : slots) {
    for (const SourceLift& lift : slot.sources) {
      ++compared[static_cast<std::size_t>(lift.source)];
      nothing[static_cast<std::size_t>(lift.source)] += is_for_deletion(lift.verdict) ? 1 : 0;
    }
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kDataSourceCount; ++i) {
    if (compared[i] > 0 && nothing[i] == compared[i])
      names.emplace_back(to_string(static_cast<DataSource>(i)));
  }
  return names;
}

}  // namespace

const char* to_string(SourceVerdict verdict) {
  switch (verdict) {
    case SourceVerdict::kTooEarly:
      return "too early to say";
    case SourceVerdict::kUnproven:
      return "unproven";
    case SourceVerdict::kPays:
      return "pays";
    case SourceVerdict::kBuysNothing:
      return "buys nothing";
    case SourceVerdict::kHarms:
      return "does harm";
  }
  return "unknown";
}

std::vector<SourceLift> summarize_sources(const Slot& slot, const SlotLift& sums) {
  std::vector<SourceLift> sources;
  const auto buckets = static_cast<double>(kBuckets);
  for (std::size_t i = 0; i < kDataSourceCount; ++i) {
    SourceLift lift;
    lift.source = static_cast<DataSource>(i);
    const Arm arm = arm_without(lift.source);
    const ControlLift& of = sums.controls[control_index(arm)];
    lift.share = slot.controls.share(arm);
    if (lift.share <= 0 && of.entered == 0) continue;
    lift.treated = arm_of_sums(of.treated);
    lift.without = arm_of_sums(of.sums);
    lift.srm_p = sample_ratio_p(of.entered, static_cast<double>(of.expected_buckets) / buckets,
                                static_cast<double>(of.variance_buckets) / (buckets * buckets));
    set_intervals(of.treated, of.sums, lift);
    lift.verdict = verdict_of(lift);
    if (lift.verdict == SourceVerdict::kTooEarly || lift.verdict == SourceVerdict::kUnproven)
      lift.more_people = more_people(lift);
    lift.sentence = sentence_of(lift);
    sources.push_back(std::move(lift));
  }
  return sources;
}

std::string to_json(std::span<const SlotSources> slots) {
  std::string text;
  JsonWriter json(text);
  bool any = false;
  json.begin_object().key("slots").begin_array();
  for (const SlotSources& slot : slots) {
    if (slot.sources.empty()) continue;
    any = true;
    json.begin_object().field("slot", slot.slot).key("sources").begin_array();
    for (const SourceLift& lift : slot.sources) write_source(json, lift);
    json.end_array().end_object();
  }
  json.end_array();
  const std::vector<std::string> names = for_deletion(slots);
  json.texts("proposedForDeletion", names);
  std::string sentence;
  if (!any) {
    sentence =
        "Nothing is compared: give a slot's controls withoutTold, withoutNoticed, withoutImported "
        "or withoutSituation a share of people, like 0.05.";
  } else if (names.empty()) {
    sentence = "No source is known to buy nothing.";
  } else {
    for (const std::string& name : names) sentence += (sentence.empty() ? "" : ", ") + name;
    sentence =
        "Proposed for deletion, for it buys nothing wherever it is compared: " + sentence + ".";
  }
  json.field("sentence", sentence).end_object();
  return text;
}

}  // namespace ante

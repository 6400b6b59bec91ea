#include "report/segments.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"
#include "base/json_writer.h"
#include "math/false_discovery.h"

namespace ante {

namespace {

bool enough(const SegmentSums& sums) {
  return sums.treated.conversions >= kSegmentConversionsMin &&
         sums.control.conversions >= kSegmentConversionsMin;
}

std::uint64_t people(const SegmentSums& sums) { return sums.treated.n + sums.control.n; }

// Everybody has one level of each trait.
std::uint64_t people_of_a_trait(const SegmentTable& table) {
  std::uint64_t most = 0, sum = 0;
  for (std::size_t number = 0; number < table.size(); ++number) {
    if (number > 0 && trait_level_of(number).trait != trait_level_of(number - 1).trait) sum = 0;
    sum += people(table[number]);
    most = std::max(most, sum);
  }
  return most;
}

// Every outcome was 0 or 1.
bool is_rate(const OutcomeSums& sums) {
  constexpr WideInteger kOne = 1'000'000;
  const WideInteger conversions = sums.conversions;
  return sums.sum == conversions * kOne && sums.sum_of_squares == conversions * kOne * kOne;
}

Segment segment_of(std::size_t number, const SegmentSums& sums) {
  Segment segment;
  segment.number = number;
  segment.treated = sums.treated.n;
  segment.control = sums.control.n;
  segment.rate = is_rate(sums.treated) && is_rate(sums.control);
  segment.control_mean = sums.control.mean();
  segment.difference = sums.treated.mean() - sums.control.mean();
  segment.interval = fixed_interval(sums.treated, sums.control, kSegmentAlpha);
  const double deviation = std::sqrt(sums.treated.variance() / static_cast<double>(sums.treated.n) +
                                     sums.control.variance() / static_cast<double>(sums.control.n));
  if (deviation > 0) {
    segment.p = 2 * normal_cdf(-std::abs(segment.difference) / deviation);
  } else {
    segment.p = segment.difference == 0 ? 1 : 0;
  }
  return segment;
}

// "−2.1 points" of a rate, "−2.1" of money and the like.
std::string size_of(const Segment& segment) {
  const std::string_view sign = segment.difference < 0 ? "−" : "+";
  const double size = std::abs(segment.difference);
  return segment.rate ? fmt::format("{}{:.1f} points", sign, 100 * size)
                      : fmt::format("{}{:.4g}", sign, size);
}

std::string list_of(const std::vector<Segment>& found) {
  std::string text;
  for (const Segment& segment : found) {
    const TraitLevel level = trait_level_of(segment.number);
    const std::string q = segment.q < 0.001 ? "< .001" : fmt::format("{:.3f}", segment.q).substr(1);
    text += fmt::format("{}{}: {} ({}, q {})", text.empty() ? "" : "; ", level.trait, level.level,
                        size_of(segment), q);
  }
  return text;
}

std::string segments_sentence(const Segments& segments) {
  if (segments.tested.empty()) {
    return fmt::format(
        "Too early to say who wins and who pays: no group has {} conversions with and without the "
        "bet yet.",
        kSegmentConversionsMin);
  }
  const std::string looked = fmt::format("{} {} looked at", segments.tested.size(),
                                         segments.tested.size() == 1 ? "group" : "groups");
  if (segments.winners.empty() && segments.payers.empty())
    return fmt::format("Nobody credibly wins and nobody credibly pays; {}.", looked);
  const std::string pays = segments.payers.empty() ? std::string("Nobody credibly pays")
                                                   : "Who pays: " + list_of(segments.payers);
  const std::string wins = segments.winners.empty() ? std::string("nobody credibly wins")
                                                    : "who wins: " + list_of(segments.winners);
  return fmt::format("{}. {}{}; {}.", pays, wins.front() == 'n' ? 'N' : 'W', wins.substr(1),
                     looked);
}

void write_segments(JsonWriter& json, std::string_view name, const std::vector<Segment>& found) {
  json.key(name).begin_array();
  for (const Segment& segment : found) {
    const TraitLevel level = trait_level_of(segment.number);
    json.begin_object().field("trait", level.trait).field("level", level.level);
    json.field("treated", segment.treated).field("control", segment.control);
    json.field("controlMean", segment.control_mean).field("difference", segment.difference);
    json.interval("interval", segment.interval.low, segment.interval.high);
    json.field("p", segment.p).field("q", segment.q).end_object();
  }
  json.end_array();
}

}  // namespace

void add_person(SegmentTable& table, const Traits& traits, bool treated, std::int64_t micros) {
  CHECK(valid(traits));
  for (std::size_t t = 0; t < kTraitCount; ++t) {
    SegmentSums& sums = table[trait_level_number(traits, t)];
    (treated ? sums.treated : sums.control).add(micros);
  }
}

Segments segments(const SegmentTable& table) {
  Segments result;
  std::vector<double> p;
  const std::uint64_t everybody = people_of_a_trait(table);
  for (std::size_t number = 0; number < table.size(); ++number) {
    if (!enough(table[number]) || people(table[number]) == everybody) continue;
    result.tested.push_back(segment_of(number, table[number]));
    p.push_back(result.tested.back().p);
  }
  const std::vector<double> q = false_discovery_q(p);
  for (std::size_t i = 0; i < q.size(); ++i) {
    Segment& segment = result.tested[i];
    segment.q = q[i];
    if (segment.q > kSegmentRate || segment.difference == 0) continue;
    (segment.difference > 0 ? result.winners : result.payers).push_back(segment);
  }
  const auto size = [](const Segment& segment) { return -std::abs(segment.difference); };
  std::ranges::stable_sort(result.winners, {}, size);
  std::ranges::stable_sort(result.payers, {}, size);
  result.sentence = segments_sentence(result);
  return result;
}

std::string to_json(const Segments& segments) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("rate", kSegmentRate).field("confidence", 1 - kSegmentAlpha);
  json.field("tested", segments.tested.size());
  write_segments(json, "winners", segments.winners);
  write_segments(json, "payers", segments.payers);
  json.field("sentence", segments.sentence).end_object();
  return text;
}

}  // namespace ante

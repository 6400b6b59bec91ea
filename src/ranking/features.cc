#include "ranking/features.h"

#include <algorithm>

#include "candidates/decay.h"
#include "candidates/source.h"

namespace ante {

const std::array<FeatureRange, kFeaturesUsed> kFeatureRanges = {{
    {-20, 0, 0.125F},                                                        // kOrganicShare
    {-26, 0, 0.125F},                                                        // kMixtureShare
    {-20, 0, 0.125F}, {-20, 0, 0.125F}, {-20, 0, 0.125F}, {-20, 0, 0.125F},  // popularity
    {0, 12, 0.25F},   {0, 12, 0.25F},                                        // lifts
    {0, 6, 0.5F},     {0, 10, 0.25F},   {0, 22, 0.1F},                       // own count, ages
    {0, 4, 0.5F},     {0, 4, 0.5F},     {-4, 4, 0.5F},                       // topics
    {0, 1, 1},        {0, 1, 1},        {0, 1, 1},        {0, 1, 1},
    {0, 1, 1},                                      // pinned … sell
    {0, 10, 0.2F},    {0, 1, 1},        {0, 1, 1},  // events, evergreen, supplied
}};

const std::array<std::string_view, kFeaturesUsed> kFeatureNames = {
    "fit with what the person came to before",
    "share in the first cut",
    "popularity in 15 minutes",
    "popularity in 3 hours",
    "popularity in 2 days",
    "popularity in 30 days",
    "how often others go on to it from this visit",
    "how often others go on to it from here",
    "how often the person came to it",
    "how long ago the person came to it",
    "age of the item",
    "topics of this visit",
    "lasting topics",
    "topics the person told",
    "pinned by the person",
    "words in common",
    "topics of the trail",
    "must-read mark",
    "to-sell mark",
    "how much is known of the person",
    "evergreen mark",
    "proposed by the caller"};

namespace {

constexpr float kSteps = 254;  // so that the middle of a symmetric range (zero) is exact
// Whole vectors of features: the last ones are not there.
constexpr std::size_t kFeaturesPadded = (kFeaturesUsed + 3) / 4 * 4;
using Values = std::array<float, kFeaturesPadded>;

struct Scales {
  Values low{}, high{}, steps_per_unit{}, seen_low{}, seen_per_step{};
};
const Scales kScales = [] {
  Scales scales;
  for (std::size_t f = 0; f < kFeaturesUsed; ++f) {
    const FeatureRange& range = kFeatureRanges[f];
    scales.low[f] = range.low;
    scales.high[f] = range.high;
    scales.steps_per_unit[f] = kSteps / (range.high - range.low);
    scales.seen_low[f] = range.low * range.scale;
    scales.seen_per_step[f] = (range.high - range.low) / kSteps * range.scale;
  }
  return scales;
}();

}  // namespace

void feature_values(const QuantisedFeatures& features, std::span<float, kFeaturesUsed> out) {
  for (std::size_t f = 0; f < kFeaturesUsed; ++f)
    out[f] = kScales.seen_low[f] + kScales.seen_per_step[f] * static_cast<float>(features[f]);
}

QuantisedFeatures measure_features(const OrganicItem& organic, float log2_share,
                                   const ItemCard& item, const PersonFeatures* person,
                                   std::uint32_t now_s) {
  Values values{};
  const auto set = [&](Feature feature, float value) {
    values[static_cast<std::size_t>(feature)] = value;
  };
  const auto& x = organic.x;  // has most of the logarithms already
  set(Feature::kOrganicShare, log2_share);
  set(Feature::kMixtureShare, organic.cut);
  set(Feature::kPopular15Min, x[2] * 4);
  set(Feature::kPopular3Hours, x[4] * 4);
  set(Feature::kPopular2Days, x[6] * 4);
  set(Feature::kPopular30Days, x[8] * 4);
  set(Feature::kTrailLift, x[12] * 4);
  set(Feature::kLastLift, x[9] * 4);
  set(Feature::kItemAge, x[13] * 10);
  set(Feature::kTrailTopic, organic.topic_match);
  set(Feature::kText, organic.pool.text);
  set(Feature::kMustRead, item.must_read ? 1 : 0);
  set(Feature::kSell, item.sells ? 1 : 0);
  set(Feature::kEvergreen, item.evergreen ? 1 : 0);
  set(Feature::kSupplied, (organic.pool.sources & kSuppliedSource) != 0 ? 1 : 0);
  if (person != nullptr) {
    if (organic.pool.own_step >= 0) {
      const OwnHistory own = person->own_history(item.key);
      const float days =
          now_s > own.last_s ? static_cast<float>(now_s - own.last_s) / 86400.0F : 0.0F;
      set(Feature::kOwnCount, log2_fast(1 + static_cast<float>(own.count)));
      set(Feature::kOwnAge, log2_fast(1 + days));
    }
    const TopicAffinity affinity = item.topic_count <= ItemCard::kTopics
                                       ? person->rough_affinity(item.topics)
                                       : person->topic_affinity(item.item->topic_keys);
    set(Feature::kVisitTopic, affinity.visit);
    set(Feature::kLastingTopic,
        person->lasting_total() > 0 ? 4 * affinity.lasting / person->lasting_total() : 0);
    set(Feature::kToldTopic, affinity.told);
    set(Feature::kPinned, person->is_pinned(item.key) ? 1 : 0);
    set(Feature::kPersonEvents, log2_fast(1 + static_cast<float>(person->state().events)));
  }
  QuantisedFeatures out{};
  for (std::size_t f = 0; f < kFeaturesUsed; ++f) {
    const float clamped = std::min(std::max(values[f], kScales.low[f]), kScales.high[f]);
    out[f] =
        static_cast<std::uint8_t>((clamped - kScales.low[f]) * kScales.steps_per_unit[f] + 0.5F);
  }
  return out;
}

}  // namespace ante

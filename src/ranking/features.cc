#include "ranking/features.h"

#include <algorithm>
#include <cmath>

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

float feature_value(const QuantisedFeatures& features, Feature feature) {
  const auto f = static_cast<std::size_t>(feature);
  const FeatureRange& range = kFeatureRanges[f];
  return (range.low + (range.high - range.low) * static_cast<float>(features[f]) / 254.0F) *
         range.scale;
}

void feature_values(const QuantisedFeatures& features, std::array<float, kFeaturesUsed>& out) {
  for (std::size_t f = 0; f < kFeaturesUsed; ++f)
    out[f] = feature_value(features, static_cast<Feature>(f));
}

QuantisedFeatures measure_features(const OrganicItem& organic, float organic_share,
                                   const Item& item, const PersonFeatures* person,
                                   std::uint32_t now_s) {
  QuantisedFeatures out{};
  const auto set = [&](Feature feature, float value) {
    const auto f = static_cast<std::size_t>(feature);
    const FeatureRange& range = kFeatureRanges[f];
    const float clamped = std::clamp(value, range.low, range.high);
    // 254 steps, so that the middle of a symmetric range (zero) is exact.
    out[f] = static_cast<std::uint8_t>(
        std::lround((clamped - range.low) / (range.high - range.low) * 254.0F));
  };
  const auto& parts = organic.parts;
  set(Feature::kOrganicShare, log2_fast(organic_share + 1e-9F));
  set(Feature::kMixtureShare, organic.cut);
  set(Feature::kPopular15Min, log2_fast(parts[1] + 1e-6F));
  set(Feature::kPopular3Hours, log2_fast(parts[3] + 1e-6F));
  set(Feature::kPopular2Days, log2_fast(parts[5] + 1e-6F));
  set(Feature::kPopular30Days, log2_fast(parts[7] + 1e-6F));
  const float lift = 1.0F / (parts[2] + 1e-4F);
  set(Feature::kTrailLift, log2_fast(1 + organic.pool.trail_slow * lift));
  set(Feature::kLastLift, log2_fast(1 + organic.pool.last_fast * lift));
  set(Feature::kItemAge, organic.x[13] * 10);
  set(Feature::kTrailTopic, organic.topic_match);
  set(Feature::kText, organic.pool.text);
  set(Feature::kMustRead, item.must_read ? 1 : 0);
  set(Feature::kSell, item.intent == Intent::kSell ? 1 : 0);
  set(Feature::kEvergreen, item.evergreen ? 1 : 0);
  set(Feature::kSupplied, (organic.pool.sources & kSuppliedSource) != 0 ? 1 : 0);
  set(Feature::kToldTopic, 0);
  if (person == nullptr) return out;
  set(Feature::kOwnCount, 0);
  if (organic.pool.own_step >= 0) {
    const OwnHistory own = person->own_history(item.key);
    set(Feature::kOwnCount, log2_fast(1 + static_cast<float>(own.count)));
    const float days =
        now_s > own.last_s ? static_cast<float>(now_s - own.last_s) / 86400.0F : 0.0F;
    set(Feature::kOwnAge, log2_fast(1 + days));
  }
  const TopicAffinity affinity = person->topic_affinity(item.topic_keys);
  set(Feature::kVisitTopic, affinity.visit);
  set(Feature::kLastingTopic,
      person->lasting_total() > 0 ? 4 * affinity.lasting / person->lasting_total() : 0);
  set(Feature::kToldTopic, affinity.told);
  set(Feature::kPinned, person->is_pinned(item.key) ? 1 : 0);
  set(Feature::kPersonEvents, log2_fast(1 + static_cast<float>(person->state().events)));
  return out;
}

}  // namespace ante

// The features of an item in the hand: one definition for training and for serving.
//
// Each is a number quantised to a byte and kept in the decision record; the value model reads the
// bytes, when serving as when training. To add one: append to Feature, give it a range in
// kFeatureRanges and a value in measure_features (docs/adding/feature.md).

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "candidates/candidate.h"
#include "domain/decision.h"
#include "profile/features.h"
#include "ranking/organic_model.h"

namespace ante {

// Positions are stored: only append (kFeatureCount of them fit).
enum class Feature : std::uint8_t {
  kOrganicShare = 0,  // log2 of the softmax share within the hand
  kMixtureShare = 1,  // log2 of the first cut's share
  kPopular15Min = 2,
  kPopular3Hours = 3,
  kPopular2Days = 4,
  kPopular30Days = 5,  // log2 shares
  kTrailLift = 6,      // log2(1 + slow transition share over popularity)
  kLastLift = 7,       // the same from the last item, fast
  kOwnCount = 8,       // log2(1 + own comings)
  kOwnAge = 9,         // log2(1 + days since)
  kItemAge = 10,       // log2(1 + minutes since first seen)
  kVisitTopic = 11,
  kLastingTopic = 12,
  kToldTopic = 13,  // affinity of the person
  kPinned = 14,
  kText = 15,  // match of words
  kTrailTopic = 16,
  kMustRead = 17,
  kSell = 18,
  kPersonEvents = 19,  // log2(1 + events known of the person)
  kEvergreen = 20,
  kSupplied = 21,  // the caller's own candidate
};
inline constexpr std::size_t kFeaturesUsed = 22;
static_assert(kFeaturesUsed <= kFeatureCount);

struct FeatureRange {
  float low, high;  // clamped to this before quantising
  float scale;      // what the model sees is value * scale
};
extern const std::array<FeatureRange, kFeaturesUsed> kFeatureRanges;
// What each is, for people.
extern const std::array<std::string_view, kFeaturesUsed> kFeatureNames;

// What the model sees of quantised features, in order.
void feature_values(const QuantisedFeatures& features, std::span<float, kFeaturesUsed> out);

// `organic` is scored; `log2_share`: log2 of its softmax share within the hand. `person` null: not
// used.
QuantisedFeatures measure_features(const OrganicItem& organic, float log2_share,
                                   const ItemCard& item, const PersonFeatures* person,
                                   std::uint32_t now_s);

}  // namespace ante

#include "sim/lives.h"

#include <algorithm>

#include "base/check.h"

namespace ante::sim {

namespace {

std::optional<Piece> left_out(const Visit& visit, Place place) {
  if (place == Place::kArticleEnd) return visit.article;
  if (place == Place::kCart) return visit.product;
  return std::nullopt;
}

}  // namespace

Lives::Lives(const Magazine& magazine) : magazine_(magazine), lives_(magazine.readers().size()) {}

std::vector<Piece> Lives::general(const Visit& visit, Place place) const {
  return general_slate(magazine_.picks(place, visit.at_ms), lives_[visit.reader].served,
                       left_out(visit, place), kPlacesMax);
}

Reaction Lives::live_without(const Visit& visit, Place place) {
  Life& life = lives_[visit.reader];
  const auto slate = general_slate(magazine_.picks(place, visit.at_ms), life.served,
                                   left_out(visit, place), kPlacesMax);
  const Reaction reaction = magazine_.react(visit, place, slate, life.served);
  remember(life.served, slate, reaction);
  remember(life.general, slate, reaction);
  return reaction;
}

Reaction Lives::live(const Visit& visit, Place place, std::span<const Piece> slate, bool treated) {
  Life& life = lives_[visit.reader];
  const Reaction reaction = magazine_.react(visit, place, slate, life.served);
  remember(life.served, slate, reaction);
  if (!treated) return reaction;
  life.treated = true;
  const auto other = general_slate(magazine_.picks(place, visit.at_ms), life.general,
                                   left_out(visit, place), kPlacesMax);
  const Reaction without = magazine_.react(visit, place, other, life.general);
  remember(life.general, other, without);
  auto& exposures = life.exposures[static_cast<std::size_t>(place)];
  if (exposures.empty() || visit.at_ms < exposures.front().at_ms + kTruthWindowMsMax) {
    exposures.push_back({visit.at_ms, static_cast<float>(reaction.goal_chance),
                         static_cast<float>(without.goal_chance)});
  }
  return reaction;
}

void Lives::read(const Visit& visit) {
  remember_read(lives_[visit.reader].served, visit.article);
  remember_read(lives_[visit.reader].general, visit.article);
}

Truth Lives::truth(Place place, DurationMs window_ms, TimeMs now_ms) const {
  CHECK(window_ms <= kTruthWindowMsMax);
  Truth truth;
  for (const Life& life : lives_) {
    const auto& exposures = life.exposures[static_cast<std::size_t>(place)];
    if (!life.treated || exposures.empty()) continue;
    const TimeMs until = exposures.front().at_ms + window_ms;
    if (until > now_ms) continue;
    ++truth.readers;
    for (const Exposure& exposure : exposures) {
      if (exposure.at_ms >= until) break;
      truth.as_served += exposure.as_served;
      truth.as_general += exposure.as_general;
    }
  }
  if (truth.readers > 0) {
    truth.as_served /= static_cast<double>(truth.readers);
    truth.as_general /= static_cast<double>(truth.readers);
  }
  return truth;
}

}  // namespace ante::sim

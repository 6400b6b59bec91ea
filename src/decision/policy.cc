#include "decision/policy.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"
#include "base/random.h"
#include "decision/exploration.h"

namespace ante {

namespace {

// An item by number: 0 .. hand - 1 in the hand, kHandItemsMax + j the j-th of the safe default
// that is not in the hand.
using Number = std::size_t;
constexpr Number kNumbers = kHandItemsMax + kSafeDefaultItemsMax;
constexpr Number kNoNumber = kNumbers;

std::size_t index_in_hand(std::span<const HandItem> hand, ItemKey item) {
  std::size_t i = 0;
  while (i < hand.size() && hand[i].item != item) ++i;
  return i;
}

// The mixture with items as numbers, and which of them the slate holds so far.
class SlateInMaking {
 public:
  explicit SlateInMaking(const Mixture& mixture) : hand_size_(mixture.hand.size()) {
    for (std::size_t i = 0; i < hand_size_; ++i) {
      weights_[i] = static_cast<double>(mixture.hand[i].explore_weight);
      items_[i] = mixture.hand[i].item;
      explorable_ = explorable_ || weights_[i] > 0;
    }
    const bool exploit = mixture.base_branch == kExploitBranch;
    if (exploit) {
      for (std::size_t i = 0; i < hand_size_; ++i) base_[base_size_++] = i;
    }
    // A hand too short for the places is filled up by the safe default.
    for (std::size_t j = 0; j < mixture.safe_default.size(); ++j) {
      const std::size_t in_hand = index_in_hand(mixture.hand, mixture.safe_default[j]);
      if (exploit && in_hand < hand_size_) continue;
      const Number number = in_hand < hand_size_ ? in_hand : kHandItemsMax + j;
      items_[number] = mixture.safe_default[j];
      base_[base_size_++] = number;
    }
    base_places_ = std::min(mixture.places_max, base_size_);
    // What is served when nothing may be risked.
    for (std::size_t j = 0; j < mixture.safe_default.size(); ++j) {
      const std::size_t in_hand = index_in_hand(mixture.hand, mixture.safe_default[j]);
      const Number number = in_hand < hand_size_ ? in_hand : kHandItemsMax + j;
      items_[number] = mixture.safe_default[j];
      safe_[safe_size_++] = number;
    }
    safe_places_ = std::min(mixture.places_max, safe_size_);
    permitted_ = static_cast<double>(mixture.permitted);
    // With an empty base there is still one place to explore.
    explore_branches_ =
        explorable_ && mixture.places_max > 0 ? std::max<std::size_t>(1, base_places_) : 0;
    stake_ = explore_branches_ > 0 ? static_cast<double>(mixture.stake) : 0;
  }

  double permitted() const { return permitted_; }
  double stake() const { return stake_; }
  std::size_t explore_branches() const { return explore_branches_; }
  std::size_t safe_places() const { return safe_places_; }
  std::size_t places(bool exploring) const {
    return base_places_ == 0 && exploring ? explore_branches_ : base_places_;
  }
  ItemKey item(Number number) const { return items_[number]; }
  std::uint8_t hand_index(Number number) const {
    return number < hand_size_ ? static_cast<std::uint8_t>(number) : std::uint8_t{255};
  }
  double weight(Number number) const {
    return number < hand_size_ && !used_[number] ? weights_[number] : 0;
  }

  void take(Number number) { used_[number] = true; }

  // The first item of the base that is not on the slate; kNoNumber when it is used up.
  Number next_of_base() {
    while (base_at_ < base_size_ && used_[base_[base_at_]]) ++base_at_;
    return base_at_ < base_size_ ? base_[base_at_] : kNoNumber;
  }

  // The same of the safe default.
  Number next_of_safe() {
    while (safe_at_ < safe_places_ && used_[safe_[safe_at_]]) ++safe_at_;
    return safe_at_ < safe_places_ ? safe_[safe_at_] : kNoNumber;
  }

  // What remains to be explored, summed anew each time: never 1 minus what is gone.
  double remaining_weight() const {
    double total = 0;
    for (std::size_t i = 0; i < hand_size_; ++i) {
      if (!used_[i]) total += weights_[i];
    }
    return total;
  }

  Number draw(double total, Random& random) const {
    double left = random.uniform() * total;
    Number last = kNoNumber;
    for (std::size_t i = 0; i < hand_size_; ++i) {
      if (used_[i] || weights_[i] <= 0) continue;
      last = i;
      if (left < weights_[i]) return i;
      left -= weights_[i];
    }
    return last;  // rounding carried us past the end
  }

  Number number_of(ItemKey wanted) const {
    for (std::size_t i = 0; i < hand_size_; ++i) {
      if (items_[i] == wanted) return i;
    }
    for (std::size_t j = 0; j < base_size_; ++j) {
      if (items_[base_[j]] == wanted) return base_[j];
    }
    return kNoNumber;
  }

  bool used(Number number) const { return used_[number]; }

 private:
  std::array<double, kHandItemsMax> weights_{};
  std::array<ItemKey, kNumbers> items_{};
  std::array<Number, kNumbers> base_{};
  std::array<Number, kSafeDefaultItemsMax> safe_{};
  std::array<bool, kNumbers + 1> used_{};
  std::size_t hand_size_ = 0, base_size_ = 0, base_at_ = 0, base_places_ = 0, explore_branches_ = 0;
  std::size_t safe_size_ = 0, safe_at_ = 0, safe_places_ = 0;
  double permitted_ = 1, stake_ = 0;
  bool explorable_ = false;
};

bool explored_place(std::size_t place, std::size_t first_explored) {
  return place >= first_explored && place < first_explored + kExploredPlacesMax;
}

// The joint probability of each branch and the places so far; place after place.
class BranchWeights {
 public:
  explicit BranchWeights(const SlateInMaking& slate) : branches_(slate.explore_branches()) {
    safe_ = 1 - slate.permitted();
    base_ = slate.permitted() * (1 - slate.stake());
    for (std::size_t m = 0; m < branches_; ++m) {
      explore_[m] = slate.permitted() * slate.stake() / static_cast<double>(branches_);
    }
    total_ = sum();
  }

  // P(item at `place` | the places before it). `safe_chance`, `base_chance`: 1 if the safe default,
  // the base puts it there, else 0; `drawn_chance`: its chance where the place is explored.
  double advance(std::size_t place, double safe_chance, double base_chance, double drawn_chance) {
    safe_ *= safe_chance;
    base_ *= base_chance;
    for (std::size_t m = 0; m < branches_; ++m) {
      explore_[m] *= explored_place(place, m) ? drawn_chance : base_chance;
    }
    const double next = sum();
    const double propensity = total_ > 0 ? next / total_ : 0;
    total_ = next;
    return propensity;
  }

 private:
  double sum() const {
    double total = safe_ + base_;
    for (std::size_t m = 0; m < branches_; ++m) total += explore_[m];
    return total;
  }

  std::size_t branches_;
  double safe_ = 0, base_ = 1, total_ = 1;
  std::array<double, kSlatePlacesMax> explore_{};
};

// P(item here | before), where `chosen` is not on the slate yet.
double chance_of_item(SlateInMaking& slate, BranchWeights& branches, std::size_t place,
                      Number chosen) {
  const double safe_chance = slate.next_of_safe() == chosen ? 1 : 0;
  const double base_chance = slate.next_of_base() == chosen ? 1 : 0;
  const double total = slate.explore_branches() > 0 ? slate.remaining_weight() : 0;
  const double drawn_chance = total > 0 ? slate.weight(chosen) / total : base_chance;
  return branches.advance(place, safe_chance, base_chance, drawn_chance);
}

// The same; then puts it there.
double place_item(SlateInMaking& slate, BranchWeights& branches, std::size_t place, Number chosen) {
  const double propensity = chance_of_item(slate, branches, place, chosen);
  slate.take(chosen);
  return propensity;
}

bool has_duplicates(std::span<const ItemKey> items) {
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
        items.begin() + static_cast<std::ptrdiff_t>(i)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Mixture mixture_of(const Decision& decision, std::size_t drawn_places) {
  const std::size_t places = decision.policy.places > 0 ? std::size_t{decision.policy.places}
                                                        : std::max<std::size_t>(1, drawn_places);
  return {
      decision.hand, decision.safe_default,    decision.policy.stake, decision.policy.base_branch,
      places,        decision.policy.permitted};
}

Result<void> check_mixture(const Mixture& mixture) {
  if (mixture.hand.size() > kHandItemsMax || mixture.safe_default.size() > kSafeDefaultItemsMax) {
    return invalid_argument("mixture: more items than a hand or a safe default may have");
  }
  if (mixture.places_max > kSlatePlacesMax)
    return invalid_argument("mixture: more places than a slate may have");
  if (!(mixture.permitted >= 0 && mixture.permitted <= 1))
    return invalid_argument("mixture: what is permitted is no probability");
  if (!(mixture.stake >= 0 && mixture.stake <= 1))
    return invalid_argument("mixture: the stake is no probability");
  if (mixture.base_branch > kExploitBranch)
    return invalid_argument("mixture: the base is neither safe nor exploit");
  std::array<ItemKey, kHandItemsMax> keys;
  std::size_t explored = 0;
  for (std::size_t i = 0; i < mixture.hand.size(); ++i) {
    const float weight = mixture.hand[i].explore_weight;
    if (!(weight >= 0 && weight <= 1))
      return invalid_argument("mixture: an explore weight is no probability");
    if (weight > 0) ++explored;
    keys[i] = mixture.hand[i].item;
  }
  if (explored > kExploreItemsMax)
    return invalid_argument("mixture: more items to explore than the limit");
  if (has_duplicates(std::span(keys).first(mixture.hand.size())) ||
      has_duplicates(mixture.safe_default)) {
    return invalid_argument("mixture: an item stands in it twice");
  }
  return {};
}

DrawnSlate draw_slate(const Mixture& mixture, std::uint64_t seed) {
  SlateInMaking slate(mixture);
  BranchWeights branches(slate);
  Random random(seed);
  const bool permitted = slate.permitted() >= 1 || random.uniform() < slate.permitted();
  const bool exploring = permitted && random.uniform() < slate.stake();
  const std::size_t first_explored = exploring ? random.below(slate.explore_branches()) : 0;
  DrawnSlate drawn;
  drawn.drawn_branch = exploring   ? static_cast<std::uint8_t>(kFirstExploreBranch + first_explored)
                       : permitted ? mixture.base_branch
                                   : kSafeBranch;
  const std::size_t places = permitted ? slate.places(exploring) : slate.safe_places();
  drawn.places.reserve(places);
  for (std::size_t k = 0; k < places; ++k) {
    Number chosen = kNoNumber;
    if (exploring && explored_place(k, first_explored)) {
      const double total = slate.remaining_weight();
      if (total > 0) chosen = slate.draw(total, random);
    }
    if (chosen == kNoNumber) chosen = permitted ? slate.next_of_base() : slate.next_of_safe();
    if (chosen == kNoNumber) break;
    DrawnPlace place;
    place.item = slate.item(chosen);
    place.hand_index = slate.hand_index(chosen);
    place.propensity = static_cast<float>(place_item(slate, branches, k, chosen));
    drawn.places.push_back(place);
  }
  return drawn;
}

Result<std::vector<float>> slate_propensities(const Mixture& mixture,
                                              std::span<const ItemKey> items) {
  TRY(check_mixture(mixture));
  SlateInMaking slate(mixture);
  BranchWeights branches(slate);
  std::vector<float> propensities;
  if (items.size() > kSlatePlacesMax)
    return invalid_argument("slate: more places than a slate may have");
  for (std::size_t k = 0; k < items.size(); ++k) {
    const Number number = slate.number_of(items[k]);
    if (number == kNoNumber || slate.used(number)) {
      return invalid_argument("slate: an item is not in the mixture, or stands on it twice");
    }
    const double propensity = place_item(slate, branches, k, number);
    if (!(propensity > 0)) return invalid_argument("slate: the mixture never makes it");
    propensities.push_back(static_cast<float>(propensity));
  }
  return propensities;
}

std::vector<FirstPlaceChance> first_place_chances(const Mixture& mixture) {
  CHECK(mixture.places_max >= 1);
  SlateInMaking slate(mixture);
  std::vector<FirstPlaceChance> chances;
  chances.reserve(mixture.hand.size() + 1);
  const auto add = [&](ItemKey item) {
    BranchWeights branches(slate);
    chances.push_back({item, chance_of_item(slate, branches, 0, slate.number_of(item))});
  };
  for (const HandItem& item : mixture.hand) add(item.item);
  if (mixture.safe_default.empty()) return chances;
  const ItemKey safe = mixture.safe_default.front();
  if (index_in_hand(mixture.hand, safe) == mixture.hand.size()) add(safe);
  return chances;
}

void set_explore_weights(std::span<HandItem> hand, const RewardScale& scale) {
  for (HandItem& item : hand) item.explore_weight = 0;
  const std::size_t count = std::min(hand.size(), kExploreItemsMax);
  if (count == 0) return;
  std::array<double, kExploreItemsMax> gains, weights;
  for (std::size_t i = 0; i < count; ++i) gains[i] = static_cast<double>(hand[i].gain_mean);
  squarecb_propensities({gains.data(), count}, squarecb_gamma(kSquareCbGammaScale, scale, count),
                        {weights.data(), count});
  for (std::size_t i = 0; i < count; ++i) hand[i].explore_weight = static_cast<float>(weights[i]);
}

}  // namespace ante

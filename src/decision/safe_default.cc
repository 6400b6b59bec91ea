#include "decision/safe_default.h"

#include <algorithm>
#include <span>

namespace ante {

namespace {

// How many more than the places the best single actions are asked for: some will be refused.
constexpr std::size_t kSpareItems = 16;

bool contains(std::span<const ItemKey> keys, ItemKey key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool can_be_had(const Item& item, TimeMs now_ms) {
  if (item.withdrawn || !item.available) return false;
  if (item.expires_at_ms && *item.expires_at_ms <= now_ms) return false;
  if (!item.offer) return true;
  const Offer& offer = *item.offer;
  if (offer.valid_from_ms && *offer.valid_from_ms > now_ms) return false;
  if (offer.valid_until_ms && *offer.valid_until_ms <= now_ms) return false;
  return !offer.stock || *offer.stock > 0;
}

bool is_hidden(const Item& item, const PersonState& person) {
  for (const HiddenItem& hidden : person.hidden) {
    if (hidden.item == item.key) return true;
  }
  for (const TopicKey topic : person.hidden_topics) {
    if (std::find(item.topic_keys.begin(), item.topic_keys.end(), topic) != item.topic_keys.end())
      return true;
  }
  return false;
}

bool is_bought(const Item& item, const PersonState& person) {
  if (item.repeatable) return false;
  const ItemKey group = item.group.empty() ? ItemKey{} : item_key(item.group);
  for (const BoughtItem& bought : person.bought) {
    if (bought.repeatable) continue;
    if (bought.item == item.key || (group != ItemKey{} && bought.group == group)) return true;
  }
  return false;
}

bool may_be_shown(const CandidateRequest& request, ItemKey key) {
  const Item* item = request.catalog.find(key);
  if (item == nullptr || !can_be_had(*item, request.now_ms)) return false;
  if (std::ranges::binary_search(request.capped, key)) return false;
  if (contains(request.exclude, key) || is_hidden(*item, *request.person.state)) return false;
  if (!request.supplied.empty() && !contains(request.supplied, key)) return false;
  return !request.use_profile || request.consumes_bought ||
         !is_bought(*item, *request.person.state);
}

}  // namespace

std::vector<ItemKey> safe_default_of(const CandidateRequest& request, const Slot& slot,
                                     const Ranker& ranker, std::size_t places) {
  places = std::min(places, kSafeDefaultItemsMax);
  std::vector<ItemKey> items;
  const auto add = [&](ItemKey key) {
    if (items.size() < places && !contains(items, key) && may_be_shown(request, key))
      items.push_back(key);
  };
  for (const std::string& id : slot.safe_items) add(item_key(id));
  if (items.size() < places) {
    for (const ItemKey key : ranker.best_for_everybody(
             request, places + items.size() + request.capped.size() + kSpareItems))
      add(key);
  }
  // A caller who brings the hand gets its order where nobody has a better one.
  if (items.size() < places) {
    for (const ItemKey key : request.supplied) add(key);
  }
  return items;
}

}  // namespace ante

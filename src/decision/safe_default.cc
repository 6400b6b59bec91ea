#include "decision/safe_default.h"

#include <algorithm>
#include <span>
#include <utility>

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

// A list of different items that the person may be shown.
class AllowedList {
 public:
  AllowedList(const CandidateRequest& request, std::size_t places)
      : request_(request), places_(std::min(places, kSafeDefaultItemsMax)) {}

  void add(ItemKey key) {
    if (!full() && !contains(items_, key) && may_be_shown(request_, key)) items_.push_back(key);
  }
  // With the best single actions; a caller who brings the hand gets its order where nobody has a
  // better one.
  void fill_up(const Ranker& ranker) {
    if (full()) return;
    for (const ItemKey key : ranker.best_for_everybody(request_, asked())) add(key);
    for (const ItemKey key : request_.supplied) add(key);
  }
  // As many as it takes for enough to be allowed.
  std::size_t asked() const {
    return places_ + items_.size() + request_.capped.size() + kSpareItems;
  }
  bool full() const { return items_.size() >= places_; }
  std::vector<ItemKey> take() { return std::move(items_); }

 private:
  const CandidateRequest& request_;
  std::size_t places_;
  std::vector<ItemKey> items_;
};

}  // namespace

std::vector<ItemKey> safe_default_of(const CandidateRequest& request, const Slot& slot,
                                     const Ranker& ranker, std::size_t places) {
  AllowedList list(request, places);
  for (const std::string& id : slot.safe_items) list.add(item_key(id));
  list.fill_up(ranker);
  return list.take();
}

std::vector<ItemKey> best_single_of(const CandidateRequest& request, const Ranker& ranker,
                                    std::size_t places) {
  AllowedList list(request, places);
  list.fill_up(ranker);
  return list.take();
}

std::vector<ItemKey> trending_of(const CandidateRequest& request, const Ranker& ranker,
                                 std::size_t places) {
  AllowedList list(request, places);
  for (const ItemKey key : ranker.trending(request, list.asked())) list.add(key);
  list.fill_up(ranker);
  return list.take();
}

std::vector<ItemKey> allowed_of(const CandidateRequest& request, std::span<const ItemKey> keys,
                                std::size_t places) {
  AllowedList list(request, places);
  for (const ItemKey key : keys) list.add(key);
  return list.take();
}

}  // namespace ante

#include "catalog/catalog.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/published.h"

namespace ante {
namespace {

constexpr std::size_t kChunkItems = 256;
constexpr std::size_t kTopicShards = 256;
// Up to this many and a 64th of the list, edits one by one; for more, one pass over the list is
// cheaper.
constexpr std::size_t kEditsOneByOneMax = 48;
constexpr std::uint8_t kRowFormat = 1;
constexpr std::uint8_t kSaveFormat = 1;

struct StoredItem {
  Item item;
  TimeMs first_seen_ms = 0;
  std::uint64_t sight = 0;  // 1, 2, 3 … in the order of first sight
  TimeMs date_ms() const {
    return item.published_at_ms != 0 ? item.published_at_ms : first_seen_ms;
  }
};
using StoredPointer = std::shared_ptr<const StoredItem>;
struct Chunk {
  std::array<StoredPointer, kChunkItems> stored;
  std::array<ItemCard, kChunkItems> cards;
};

bool newer(const StoredItem& a, const StoredItem& b) {
  return std::tuple(a.date_ms(), a.sight) > std::tuple(b.date_ms(), b.sight);
}

struct TopicList {
  std::string name;
  std::vector<ItemIndex> items;  // newest first
};
using TopicShard = std::unordered_map<TopicKey, std::shared_ptr<const TopicList>>;

std::size_t shard_of(TopicKey topic) { return mix64(topic.value) % kTopicShards; }

// An item leaves a list at its old place and enters at its new one; either may be missing.
struct ListEdit {
  ItemIndex index;
  const StoredItem* before = nullptr;
  const StoredItem* after = nullptr;
};

std::string row_of(const StoredItem& stored) {
  std::string row;
  ByteWriter out(row);
  out.u8(kRowFormat);
  out.svarint(stored.first_seen_ms);
  out.varint(stored.sight);
  out.raw(encode(stored.item));
  return row;
}

Result<StoredItem> stored_of_row(std::string_view row) {
  ByteReader in(row);
  if (in.u8() != kRowFormat)
    return data_loss("catalogue row: empty or written by a later version of ante");
  StoredItem stored;
  stored.first_seen_ms = in.svarint();
  stored.sight = in.varint();
  if (!in.ok()) return data_loss("catalogue row: too short");
  stored.item = TRY(decode_item(row.substr(in.position())));
  return stored;
}

std::string row_key(ItemKey key) {
  std::string bytes;
  ByteWriter(bytes).u64(key.value);
  return bytes;
}

}  // namespace

ItemCard card_of(const Item& item) {
  ItemCard card;
  card.item = &item;
  card.key = item.key;
  if (!item.group.empty()) card.group = item_key(item.group);
  card.valid_from_ms = std::numeric_limits<TimeMs>::min();
  card.valid_until_ms = item.expires_at_ms.value_or(std::numeric_limits<TimeMs>::max());
  card.topic_count = static_cast<std::uint8_t>(item.topic_keys.size());
  for (std::size_t i = 0; i < std::min(item.topic_keys.size(), ItemCard::kTopics); ++i)
    card.topics[i] = static_cast<std::uint32_t>(item.topic_keys[i].value);
  card.must_read = item.must_read;
  card.sells = item.intent == Intent::kSell;
  card.evergreen = item.evergreen;
  card.withdrawn = item.withdrawn;
  card.sold_out = !item.available;
  card.repeatable = item.repeatable;
  if (!item.offer) return card;
  const Offer& offer = *item.offer;
  card.valid_from_ms = offer.valid_from_ms.value_or(card.valid_from_ms);
  card.valid_until_ms =
      std::min(card.valid_until_ms, offer.valid_until_ms.value_or(card.valid_until_ms));
  card.sold_out = card.sold_out || (offer.stock && *offer.stock <= 0);
  card.one_per_person = offer.one_per_person;
  return card;
}

struct CatalogView::Contents {
  const ItemInterner* interner = nullptr;
  std::vector<std::shared_ptr<const Chunk>> chunks;  // by ItemIndex
  std::shared_ptr<const std::vector<ItemIndex>> newest = std::make_shared<std::vector<ItemIndex>>();
  std::array<std::shared_ptr<const TopicShard>, kTopicShards> topics;
  std::size_t topic_count = 0;
  TextIndex text;
  std::size_t size = 0;
  std::uint64_t version = 0;

  const StoredPointer* slot(ItemIndex index) const {
    const std::size_t chunk = index.value / kChunkItems;
    if (chunk >= chunks.size() || chunks[chunk] == nullptr) return nullptr;
    const StoredPointer& stored = chunks[chunk]->stored[index.value % kChunkItems];
    return stored == nullptr ? nullptr : &stored;
  }
  const StoredItem* stored(ItemIndex index) const {
    const StoredPointer* found = slot(index);
    return found == nullptr ? nullptr : found->get();
  }
  const ItemCard* card(ItemIndex index) const {
    const std::size_t chunk = index.value / kChunkItems;
    if (chunk >= chunks.size() || chunks[chunk] == nullptr) return nullptr;
    return &chunks[chunk]->cards[index.value % kChunkItems];
  }
  const TopicList* topic(TopicKey key) const {
    const TopicShard* shard = topics[shard_of(key)].get();
    if (shard == nullptr) return nullptr;
    const auto found = shard->find(key);
    return found == shard->end() ? nullptr : found->second.get();
  }
};

namespace {

using Contents = CatalogView::Contents;

void edit_list(std::vector<ItemIndex>& list, std::vector<ListEdit>& edits,
               const Contents& old_contents, const Contents& new_contents) {
  const auto newer_in = [](const Contents& contents) {
    return [&contents](ItemIndex a, const StoredItem& b) { return newer(*contents.stored(a), b); };
  };
  std::erase_if(edits, [](const ListEdit& e) { return e.before == nullptr && e.after == nullptr; });
  if (edits.size() <= kEditsOneByOneMax + list.size() / 64) {
    for (const ListEdit& e : edits) {
      if (e.before == nullptr) continue;
      const auto at = std::lower_bound(list.begin(), list.end(), *e.before, newer_in(old_contents));
      CHECK(at != list.end() && *at == e.index);
      list.erase(at);
    }
    for (const ListEdit& e : edits) {
      if (e.after == nullptr) continue;
      list.insert(std::lower_bound(list.begin(), list.end(), *e.after, newer_in(new_contents)),
                  e.index);
    }
    return;
  }
  std::vector<ItemIndex> leaving, entering;
  for (const ListEdit& e : edits) {
    if (e.before != nullptr) leaving.push_back(e.index);
    if (e.after != nullptr) entering.push_back(e.index);
  }
  std::ranges::sort(leaving);
  std::erase_if(list, [&](ItemIndex i) { return std::ranges::binary_search(leaving, i); });
  const auto order = [&](ItemIndex a, ItemIndex b) {
    return newer(*new_contents.stored(a), *new_contents.stored(b));
  };
  std::ranges::sort(entering, order);
  std::vector<ItemIndex> merged(list.size() + entering.size());
  std::ranges::merge(list, entering, merged.begin(), order);
  list = std::move(merged);
}

}  // namespace

struct Catalog::State {
  explicit State(ItemInterner& items) : interner(items) {
    auto empty = std::make_shared<Contents>();
    empty->interner = &items;
    current = empty;
    published.publish(std::move(empty));
  }

  ItemInterner& interner;
  std::shared_ptr<const Contents> current;
  Published<Contents> published;
  std::map<ItemIndex, StoredPointer> pending;  // changed since the last publication
  std::map<ItemIndex, StoredPointer> dirty;    // changed since the last collect_dirty
  Commit commit;                               // the last one consumed
  std::uint64_t next_sight = 1;
  std::size_t size = 0;  // with pending ones
  std::atomic<std::uint64_t> refused{0};

  const StoredItem* latest(ItemIndex index) const {
    const auto changed = pending.find(index);
    return changed != pending.end() ? changed->second.get() : current->stored(index);
  }

  // The place of an item; none: full.
  std::optional<ItemIndex> admit(ItemKey key) {
    const auto known = interner.find(key);
    if (known && latest(*known) != nullptr) return known;
    if (size >= kCatalogItemsMax) return std::nullopt;
    const auto index = interner.intern(key);
    if (index) ++size;
    return index;
  }

  std::shared_ptr<Contents> with_pending_items() {
    auto next = std::make_shared<Contents>(*current);
    Chunk* open = nullptr;  // the chunk being changed; pending is in order
    std::size_t open_at = 0;
    for (const auto& [index, stored] : pending) {
      const std::size_t at = index.value / kChunkItems;
      if (open == nullptr || at != open_at) {
        if (at >= next->chunks.size()) next->chunks.resize(at + 1);
        auto copy = next->chunks[at] == nullptr ? std::make_shared<Chunk>()
                                                : std::make_shared<Chunk>(*next->chunks[at]);
        open = copy.get();
        open_at = at;
        next->chunks[at] = std::move(copy);
      }
      open->stored[index.value % kChunkItems] = stored;
      open->cards[index.value % kChunkItems] = card_of(stored->item);
    }
    next->size = size;
    return next;
  }

  void update_topics(Contents& next, const std::vector<ListEdit>& changes) const;
  static void update_text(Contents& next, const std::vector<ListEdit>& changes);
};

void Catalog::State::update_topics(Contents& next, const std::vector<ListEdit>& changes) const {
  struct TopicEdit {
    std::string_view name;
    std::vector<ListEdit> edits;
  };
  std::unordered_map<TopicKey, TopicEdit> edited;
  const auto each_topic = [](const StoredItem* stored, auto&& use) {
    if (stored == nullptr) return;
    const auto& keys = stored->item.topic_keys;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), keys[i]) ==
          keys.begin() + static_cast<std::ptrdiff_t>(i)) {
        std::string_view name;  // of the stored item: outlives the edits
        if (i < stored->item.topics.size()) name = stored->item.topics[i];
        use(keys[i], name);
      }
    }
  };
  for (const ListEdit& change : changes) {
    each_topic(change.before, [&](TopicKey key, std::string_view name) {
      TopicEdit& topic = edited[key];
      topic.name = name;
      topic.edits.push_back({change.index, change.before, nullptr});
    });
    each_topic(change.after, [&](TopicKey key, std::string_view name) {
      TopicEdit& topic = edited[key];
      topic.name = name;
      const bool stays = !topic.edits.empty() && topic.edits.back().index == change.index;
      if (stays) {
        topic.edits.back().after = change.after;
      } else {
        topic.edits.push_back({change.index, nullptr, change.after});
      }
    });
  }
  std::array<TopicShard*, kTopicShards> open{};
  for (auto& [key, topic] : edited) {
    const TopicList* old_list = next.topic(key);
    if (old_list == nullptr && next.topic_count >= kCatalogTopicsMax) continue;
    if (old_list == nullptr) ++next.topic_count;
    auto list = old_list == nullptr ? std::make_shared<TopicList>()
                                    : std::make_shared<TopicList>(*old_list);
    list->name = topic.name;
    edit_list(list->items, topic.edits, *current, next);
    const std::size_t at = shard_of(key);
    if (open[at] == nullptr) {
      auto copy = next.topics[at] == nullptr ? std::make_shared<TopicShard>()
                                             : std::make_shared<TopicShard>(*next.topics[at]);
      open[at] = copy.get();
      next.topics[at] = std::move(copy);
    }
    (*open[at])[key] = std::move(list);
  }
}

void Catalog::State::update_text(Contents& next, const std::vector<ListEdit>& changes) {
  std::vector<TextIndex::Change> words;
  words.reserve(changes.size());
  for (const ListEdit& change : changes) {
    const bool same = change.before != nullptr && change.after != nullptr &&
                      change.before->item.title == change.after->item.title &&
                      change.before->item.text == change.after->item.text &&
                      change.before->item.topics == change.after->item.topics;
    if (same) continue;  // a new price or stock
    words.push_back({change.index, change.after == nullptr ? std::vector<TermCount>{}
                                                           : terms_of(change.after->item)});
  }
  if (!words.empty()) next.text = next.text.with(std::move(words));
}

CatalogView::CatalogView(std::shared_ptr<const Contents> contents)
    : contents_(std::move(contents)) {}

const Item* CatalogView::find(ItemKey key) const {
  const auto index = contents_->interner->find(key);
  return index ? find(*index) : nullptr;
}

const Item* CatalogView::find(ItemIndex index) const {
  const StoredItem* stored = contents_->stored(index);
  return stored == nullptr ? nullptr : &stored->item;
}

const ItemCard* CatalogView::card(ItemIndex index) const {
  const ItemCard* card = contents_->card(index);
  return card == nullptr || card->item == nullptr ? nullptr : card;
}

void CatalogView::prefetch(ItemIndex index) const {
  if (const ItemCard* card = contents_->card(index)) __builtin_prefetch(card);
}

std::span<const ItemIndex> CatalogView::with_topic(TopicKey topic) const {
  const TopicList* list = contents_->topic(topic);
  return list == nullptr ? std::span<const ItemIndex>{} : std::span(list->items);
}

std::span<const ItemIndex> CatalogView::newest() const { return *contents_->newest; }

TimeMs CatalogView::date_ms(ItemIndex index) const {
  const StoredItem* stored = contents_->stored(index);
  return stored == nullptr ? 0 : stored->date_ms();
}

std::string CatalogView::topic_name(TopicKey topic) const {
  const TopicList* list = contents_->topic(topic);
  return list == nullptr ? std::string() : list->name;
}

std::size_t CatalogView::size() const { return contents_->size; }
std::uint64_t CatalogView::version() const { return contents_->version; }
const TextIndex& CatalogView::text() const { return contents_->text; }

Catalog::Catalog(ItemInterner& interner) : state_(std::make_unique<State>(interner)) {}
Catalog::~Catalog() = default;

CatalogView Catalog::view() const { return CatalogView(state_->published.get()); }

std::uint64_t Catalog::refused() const { return state_->refused.load(std::memory_order_relaxed); }

void Catalog::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kItem) return;
  auto item = decode_item(record.body);
  if (!item) return;
  const auto index = state_->admit(item->key);
  if (!index) {
    state_->refused.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  auto stored = std::make_shared<StoredItem>();
  if (const StoredItem* before = state_->latest(*index)) {
    stored->first_seen_ms = before->first_seen_ms;
    stored->sight = before->sight;
  } else {
    stored->first_seen_ms = record.header.received_at;
    stored->sight = state_->next_sight++;
  }
  stored->item = std::move(*item);
  state_->pending[*index] = stored;
  state_->dirty[*index] = std::move(stored);
}

void Catalog::commit_consumed(Commit commit) {
  state_->commit = commit;
  publish();
}

void Catalog::publish() {
  if (state_->pending.empty()) return;
  std::shared_ptr<Contents> next = state_->with_pending_items();
  next->version = std::max(next->version + 1, state_->commit.value);
  std::vector<ListEdit> changes;  // of what is not withdrawn
  changes.reserve(state_->pending.size());
  const auto shown = [](const StoredItem* s) {
    return s == nullptr || s->item.withdrawn ? nullptr : s;
  };
  for (const auto& [index, stored] : state_->pending) {
    changes.push_back({index, shown(state_->current->stored(index)), shown(stored.get())});
  }
  auto newest = std::make_shared<std::vector<ItemIndex>>(*state_->current->newest);
  std::vector<ListEdit> edits = changes;
  std::erase_if(edits, [](const ListEdit& e) {  // stays where it is
    return e.before != nullptr && e.after != nullptr && e.before->date_ms() == e.after->date_ms();
  });
  edit_list(*newest, edits, *state_->current, *next);
  next->newest = std::move(newest);
  state_->update_topics(*next, changes);
  State::update_text(*next, changes);
  state_->pending.clear();
  state_->current = next;
  state_->published.publish(std::move(next));
}

void Catalog::collect_dirty(std::vector<std::pair<std::string, std::string>>& rows) {
  for (const auto& [index, stored] : state_->dirty)
    rows.emplace_back(row_key(stored->item.key), row_of(*stored));
  state_->dirty.clear();
}

Result<void> Catalog::restore(std::string_view key, std::string_view value) {
  auto stored = std::make_shared<StoredItem>(TRY(stored_of_row(value)));
  if (row_key(stored->item.key) != key)
    return data_loss("catalogue row: its item belongs to another key");
  const auto index = state_->admit(stored->item.key);
  if (!index)
    return unavailable("catalogue row: more than " + std::to_string(kCatalogItemsMax) + " items");
  state_->next_sight = std::max(state_->next_sight, stored->sight + 1);
  state_->pending[*index] = std::move(stored);
  return {};
}

std::string Catalog::save() const {
  std::map<std::uint64_t, const StoredItem*> by_sight;
  for (const auto& chunk : state_->current->chunks) {
    if (chunk == nullptr) continue;
    for (const StoredPointer& stored : chunk->stored) {
      if (stored != nullptr) by_sight[stored->sight] = stored.get();
    }
  }
  for (const auto& [index, stored] : state_->pending) by_sight[stored->sight] = stored.get();
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kSaveFormat);
  out.varint(by_sight.size());
  for (const auto& [sight, stored] : by_sight) out.string(row_of(*stored));
  return bytes;
}

Result<void> Catalog::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kSaveFormat)
    return data_loss("saved catalogue: empty or written by a later version of ante");
  const std::size_t items = in.count(1);
  for (std::size_t i = 0; i < items && in.ok(); ++i) {
    const std::string_view row = in.string();
    const StoredItem stored = TRY(stored_of_row(row));
    TRY(restore(row_key(stored.item.key), row));
  }
  if (!in.ok() || !in.at_end()) return data_loss("saved catalogue: the list is cut or too long");
  publish();
  return {};
}

}  // namespace ante

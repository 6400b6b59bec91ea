#include "candidates/live_items.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <unordered_map>

#include "base/bytes.h"
#include "base/mutex.h"
#include "candidates/decay.h"
#include "domain/item.h"

namespace ante {

namespace {

constexpr std::size_t kChunkItems = 1024;
constexpr std::size_t kRowLocks = 256;
constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kEvictionProbes = 16;

constexpr std::size_t top_size(std::size_t h) {
  return h + 1 == kHalfLives ? kTopItemsLongest : kTopItems;
}

template <typename T>
T relaxed(const std::atomic<T>& value) {
  return value.load(std::memory_order_relaxed);
}
template <typename T>
void put(std::atomic<T>& value, T next) {
  value.store(next, std::memory_order_relaxed);
}

float seconds_between(std::uint32_t from_s, std::uint32_t to_s) {
  return to_s > from_s ? static_cast<float>(to_s - from_s) : 0.0F;
}

struct Neighbour {
  ItemIndex item;
  float fast = 0, slow = 0;
  std::uint32_t at_s = 0;
};

constexpr std::array<float, kHalfLives> kPerHalfLife = [] {
  std::array<float, kHalfLives> per{};
  for (std::size_t h = 0; h < kHalfLives; ++h) per[h] = 1.0F / kHalfLivesS[h];
  return per;
}();

// Decayed counts that one thread writes and any thread reads. A reader may see the counts of one
// event and the time of the one before: an error of one event's decay, never a torn number.
struct Counts {
  std::array<std::atomic<float>, kHalfLives> count{};
  std::atomic<std::uint32_t> at_s{0};

  void read(std::uint32_t now_s, std::array<float, kHalfLives>& out) const {
    const float age = seconds_between(relaxed(at_s), now_s);
    std::array<float, kHalfLives> decay{};
    for (std::size_t h = 0; h < kHalfLives; ++h) decay[h] = -age * kPerHalfLife[h];
    exp2_each(decay);
    for (std::size_t h = 0; h < kHalfLives; ++h) out[h] = relaxed(count[h]) * decay[h];
  }
  void add_one(std::uint32_t now_s) {
    std::array<float, kHalfLives> now{};
    read(now_s, now);
    for (std::size_t h = 0; h < kHalfLives; ++h) put(count[h], now[h] + 1.0F);
    put(at_s, std::max(relaxed(at_s), now_s));
  }
};

// What every decision reads of hundreds of items stands in one cache line, the row in the next.
struct alignas(64) ItemState {
  Counts counts;
  std::atomic<std::uint32_t> first_s{0};
  std::array<std::atomic<std::uint32_t>, kItemTopicsLive> topics{};
  std::atomic<bool> available{true};
  // Guarded by the row lock of the item:
  float out_fast = 0, out_slow = 0;
  std::uint32_t out_at_s = 0;
  std::vector<Neighbour> row;

  // Whether anything but the number of the item is known.
  bool touched() const {
    return relaxed(first_s) != 0 || !relaxed(available) || relaxed(topics[0]) != 0 || !row.empty();
  }
};

static_assert(sizeof(ItemState) == 128);

using Chunk = std::array<ItemState, kChunkItems>;

struct PublicList {
  std::array<std::atomic<std::uint32_t>, kTopItemsLongest> items{};
  std::atomic<std::uint32_t> size{0};

  void read(std::vector<ItemIndex>& out) const {
    const std::size_t n =
        std::min<std::size_t>(size.load(std::memory_order_acquire), kTopItemsLongest);
    out.resize(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = ItemIndex{relaxed(items[i])};
  }
};

}  // namespace

bool is_attention(const Event& event) {
  switch (event.kind) {
    case EventKind::kViewed:
    case EventKind::kClicked:
    case EventKind::kAddedToCart:
    case EventKind::kPurchased:
    case EventKind::kPinned:
    case EventKind::kShared:
    case EventKind::kMoreLikeThis:
      return event.use_for_decisions;
    case EventKind::kArticleRead:
      return event.use_for_decisions && (event.finished || event.depth_percent.value_or(0) >= 25);
    case EventKind::kOther:
    case EventKind::kPage:
    case EventKind::kListViewed:
    case EventKind::kRefunded:
    case EventKind::kRemovedFromCart:
    case EventKind::kUnpinned:
    case EventKind::kSearched:
    case EventKind::kNotForMe:
    case EventKind::kAnswered:
    case EventKind::kExperimentViewed:
    case EventKind::kChannelOutcome:
    case EventKind::kLessLikeThis:
    case EventKind::kTopicFollowed:
    case EventKind::kTopicUnfollowed:
      return false;
  }
  return false;
}

struct LiveItems::State {
  explicit State(ItemInterner& items) : interner(items) {}
  ~State() {
    for (auto& chunk : chunks) std::unique_ptr<Chunk>(chunk.load()).reset();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ItemInterner& interner;
  std::array<std::atomic<Chunk*>, kItemsMax / kChunkItems + 1> chunks{};
  mutable std::array<Mutex, kRowLocks> row_locks;
  Counts totals;
  std::atomic<std::uint64_t> comings{0};
  std::array<PublicList, kHalfLives> top;
  PublicList fresh;
  std::uint32_t fresh_next = 0;
  // Two generations: when the young one is full it becomes the old one, and the old one goes.
  std::unordered_map<PersonHash, Trail> young, old;
  std::uint32_t link_second = 0, link_events = 0;

  ItemState* find(ItemIndex item) const {
    Chunk* chunk = chunks[item.value / kChunkItems].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &(*chunk)[item.value % kChunkItems];
  }
  ItemState& at(ItemIndex item) {
    auto& place = chunks[item.value / kChunkItems];
    if (place.load(std::memory_order_relaxed) == nullptr) {
      place.store(std::make_unique<Chunk>().release(), std::memory_order_release);
    }
    return *find(item);
  }
  Mutex& row_lock(ItemIndex item) const { return row_locks[item.value % kRowLocks]; }

  // Comparable over time: log2 of the count, as if decayed to the epoch.
  double strength(ItemIndex item, std::size_t h) const {
    const Counts& counts = find(item)->counts;
    return std::log2(static_cast<double>(relaxed(counts.count[h])) + 1e-30) +
           static_cast<double>(relaxed(counts.at_s)) / static_cast<double>(kHalfLivesS[h]);
  }
  void raise(ItemIndex item, std::size_t h);
  void drop(ItemIndex item);
  void link(ItemIndex from, ItemIndex to, float weight, std::uint32_t now_s);
  Trail& trail_for(PersonHash person);
  void attend(PersonHash person, ItemIndex item, std::uint32_t at_s, bool may_link);
  void set_topics(ItemIndex item, const std::vector<TopicKey>& topics);
};

void LiveItems::State::raise(ItemIndex item, std::size_t h) {
  PublicList& list = top[h];
  std::size_t size = relaxed(list.size);
  const double mine = strength(item, h);
  // Most items are weaker than the last of the list, so they are not in it.
  if (size == top_size(h) && mine < strength(ItemIndex{relaxed(list.items[size - 1])}, h)) return;
  std::size_t at = 0;
  while (at < size && relaxed(list.items[at]) != item.value) ++at;
  if (at == size) {
    if (size < top_size(h)) {
      put(list.items[size], item.value);
      list.size.store(static_cast<std::uint32_t>(++size), std::memory_order_release);
    } else {
      at = size - 1;
      if (mine <= strength(ItemIndex{relaxed(list.items[at])}, h)) return;
    }
  }
  for (; at > 0; --at) {
    const std::uint32_t above = relaxed(list.items[at - 1]);
    if (strength(ItemIndex{above}, h) >= mine) break;
    put(list.items[at], above);
  }
  put(list.items[at], item.value);
}

// An item that is no longer available leaves the lists.
void LiveItems::State::drop(ItemIndex item) {
  for (PublicList& list : top) {
    std::size_t kept = 0;
    const std::size_t size = relaxed(list.size);
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint32_t other = relaxed(list.items[i]);
      if (other != item.value) put(list.items[kept++], other);
    }
    list.size.store(static_cast<std::uint32_t>(kept), std::memory_order_release);
  }
}

void LiveItems::State::link(ItemIndex from, ItemIndex to, float weight, std::uint32_t now_s) {
  ItemState& state = at(from);
  MutexLock lock(row_lock(from));
  const float gap = seconds_between(state.out_at_s, now_s);
  state.out_fast = state.out_fast * exp2_fast(-gap / kFastHalfLifeS) + weight;
  state.out_slow = state.out_slow * exp2_fast(-gap / kSlowHalfLifeS) + weight;
  state.out_at_s = std::max(state.out_at_s, now_s);
  const auto found = std::find_if(state.row.begin(), state.row.end(),
                                  [to](const Neighbour& n) { return n.item == to; });
  if (found != state.row.end()) {
    const float age = seconds_between(found->at_s, now_s);
    found->fast = found->fast * exp2_fast(-age / kFastHalfLifeS) + weight;
    found->slow = found->slow * exp2_fast(-age / kSlowHalfLifeS) + weight;
    found->at_s = std::max(found->at_s, now_s);
    if (found != state.row.begin()) {  // the row sorts itself, a step at a time
      Neighbour& before = *(found - 1);
      const float gap_before = seconds_between(before.at_s, now_s);
      if (before.slow * exp2_fast(-gap_before / kSlowHalfLifeS) < found->slow)
        std::swap(before, *found);
    }
    return;
  }
  if (state.row.size() < kRowNeighboursMax) {
    state.row.push_back({to, weight, weight, now_s});
    return;
  }
  // The weakest of a few, from a place that depends on the newcomer: cheaper than the whole row.
  const auto start = static_cast<std::size_t>(mix64(interner.key_of(to).value) % kRowNeighboursMax);
  std::size_t weakest = start;
  float least = 1e30F;
  for (std::size_t probe = 0; probe < kEvictionProbes; ++probe) {
    const std::size_t i = (start + probe) % kRowNeighboursMax;
    const Neighbour& n = state.row[i];
    const float age = seconds_between(n.at_s, now_s);
    const float w =
        n.slow * exp2_fast(-age / kSlowHalfLifeS) + n.fast * exp2_fast(-age / kFastHalfLifeS);
    if (w < least) {
      least = w;
      weakest = i;
    }
  }
  state.row[weakest] = {to, weight, weight, now_s};
}

Trail& LiveItems::State::trail_for(PersonHash person) {
  if (const auto found = young.find(person); found != young.end()) return found->second;
  if (young.size() >= kTrailsMax / 2) {
    old = std::move(young);
    young.clear();
  }
  Trail& trail = young[person];
  if (const auto found = old.find(person); found != old.end()) {
    trail = std::move(found->second);
    old.erase(found);
  }
  return trail;
}

void LiveItems::State::attend(PersonHash person, ItemIndex item, std::uint32_t at_s,
                              bool may_link) {
  ItemState& state = at(item);
  if (relaxed(state.first_s) == 0) {
    put(state.first_s, std::max(at_s, 1U));
    put(fresh.items[fresh_next % kFreshItems], item.value);
    ++fresh_next;
    fresh.size.store(std::min<std::uint32_t>(fresh_next, kFreshItems), std::memory_order_release);
  }
  Trail& trail = trail_for(person);
  const std::vector<TrailStep> before(
      trail.steps.begin(),
      trail.steps.begin() + static_cast<std::ptrdiff_t>(std::min(trail.steps.size(), kLinkSteps)));
  if (!trail.come(item, at_s)) return;  // again in the same visit: counted then
  trail.steps.shrink_to_fit();
  state.counts.add_one(at_s);
  totals.add_one(at_s);
  put(comings, relaxed(comings) + 1);
  if (relaxed(state.available)) {
    for (std::size_t h = 0; h < kHalfLives; ++h) raise(item, h);
  }
  if (!may_link) return;
  float weight = 1;
  for (const TrailStep& step : before) {
    if (step.item != item) {
      link(step.item, item, weight, at_s);
      link(item, step.item, weight * kBackWeight, at_s);
    }
    weight *= kStepDecay;
  }
}

void LiveItems::State::set_topics(ItemIndex item, const std::vector<TopicKey>& topics) {
  ItemState& state = at(item);
  for (std::size_t i = 0; i < kItemTopicsLive; ++i) {
    const std::uint32_t low = i < topics.size() ? static_cast<std::uint32_t>(topics[i].value) : 0;
    put(state.topics[i], low);
  }
}

LiveItems::LiveItems(ItemInterner& interner) : state_(std::make_unique<State>(interner)) {}
LiveItems::~LiveItems() = default;

const ItemInterner& LiveItems::interner() const { return state_->interner; }

LiveStats LiveItems::stats(ItemIndex item, std::uint32_t now_s) const {
  LiveStats out;
  const ItemState* state = state_->find(item);
  if (state == nullptr) return out;
  state->counts.read(now_s, out.popularity);
  out.first_s = relaxed(state->first_s);
  out.last_s = relaxed(state->counts.at_s);
  out.available = relaxed(state->available);
  for (std::size_t i = 0; i < kItemTopicsLive; ++i) out.topics[i] = relaxed(state->topics[i]);
  return out;
}

std::array<float, kHalfLives> LiveItems::totals(std::uint32_t now_s) const {
  std::array<float, kHalfLives> out{};
  state_->totals.read(now_s, out);
  return out;
}

void LiveItems::top(std::size_t half_life, std::vector<ItemIndex>& out) const {
  state_->top[half_life].read(out);
}
void LiveItems::fresh(std::vector<ItemIndex>& out) const { state_->fresh.read(out); }
std::uint64_t LiveItems::comings() const { return relaxed(state_->comings); }

void LiveItems::prefetch(ItemIndex item) const {
  if (const ItemState* state = state_->find(item)) __builtin_prefetch(state);
}

void LiveItems::neighbours(ItemIndex item, std::uint32_t now_s, std::vector<LiveNeighbour>& out,
                           std::size_t size) const {
  const ItemState* state = state_->find(item);
  if (state == nullptr) return;
  MutexLock lock(state_->row_lock(item));
  const float gap = seconds_between(state->out_at_s, now_s);
  const float fast = 1.0F / (state->out_fast * exp2_fast(-gap / kFastHalfLifeS) + kGraphPrior);
  const float slow = 1.0F / (state->out_slow * exp2_fast(-gap / kSlowHalfLifeS) + kGraphPrior);
  const std::size_t before = out.size();
  size = std::min(size, state->row.size());
  out.resize(before + size);
  for (std::size_t i = 0; i < size; ++i) {
    const Neighbour& n = state->row[i];
    const float age = seconds_between(n.at_s, now_s);
    const Floats4 decay =
        exp2_fast(Floats4{-age * (1 / kFastHalfLifeS), -age * (1 / kSlowHalfLifeS), 0, 0});
    out[before + i] = {n.item, n.fast * decay[0] * fast, n.slow * decay[1] * slow};
  }
}

const Trail* LiveItems::trail(PersonHash person) const {
  if (const auto found = state_->young.find(person); found != state_->young.end())
    return &found->second;
  if (const auto found = state_->old.find(person); found != state_->old.end())
    return &found->second;
  return nullptr;
}

void LiveItems::consume(const CommittedRecord& record) {
  State& s = *state_;
  if (record.header.kind == RecordKind::kItem) {
    const auto item = decode_item(record.body);
    if (!item) return;  // the catalogue's fold reports it
    const auto index = s.interner.intern(item->key);
    if (!index) return;
    s.set_topics(*index, item->topic_keys);
    const bool available = item->available && !item->withdrawn;
    put(s.at(*index).available, available);
    if (!available) s.drop(*index);
    return;
  }
  if (record.header.kind == RecordKind::kErase) {
    s.young.erase(record.header.person);
    s.old.erase(record.header.person);
    return;
  }
  if (record.header.kind != RecordKind::kEvent) return;
  const auto event = decode_event(record.body);
  if (!event || !is_attention(*event)) return;
  const auto at_s =
      static_cast<std::uint32_t>(std::max<TimeMs>(record.header.occurred_at, 1000) / 1000);
  const auto second = static_cast<std::uint32_t>(record.header.received_at / 1000);
  if (second != s.link_second) {
    s.link_second = second;
    s.link_events = 0;
  }
  for (const EventItem& item : event->items) {
    const auto index = s.interner.intern(item.key);
    if (!index) continue;
    if (!item.topics.empty()) s.set_topics(*index, item.topics);
    s.attend(record.header.person, *index, at_s, s.link_events++ < kLinkEventsPerSecondMax);
  }
}

namespace {

void write_counts(ByteWriter& out, const Counts& counts) {
  out.u32(relaxed(counts.at_s));
  for (const auto& c : counts.count) out.f32(relaxed(c));
}

void read_counts(ByteReader& in, Counts& counts) {
  put(counts.at_s, in.u32());
  for (auto& c : counts.count) put(c, in.f32());
}

}  // namespace

std::string LiveItems::save() const {
  const State& s = *state_;
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormat);
  write_counts(out, s.totals);
  out.u32(s.link_second);
  out.u32(s.link_events);
  out.u32(s.fresh_next);
  const auto write_list = [&](const PublicList& list) {
    const std::size_t n = relaxed(list.size);
    out.varint(n);
    for (std::size_t i = 0; i < n; ++i)
      out.u64(s.interner.key_of(ItemIndex{relaxed(list.items[i])}).value);
  };
  write_list(s.fresh);
  for (const PublicList& list : s.top) write_list(list);

  // Items by key, so that equal states give equal bytes whatever numbers the process gave out.
  std::vector<std::pair<ItemKey, const ItemState*>> items;
  for (std::uint32_t i = 0; i < s.interner.size(); ++i) {
    const ItemState* item = s.find(ItemIndex{i});
    if (item != nullptr && item->touched())
      items.emplace_back(s.interner.key_of(ItemIndex{i}), item);
  }
  std::sort(items.begin(), items.end());
  out.varint(items.size());
  for (const auto& [key, item] : items) {
    out.u64(key.value);
    write_counts(out, item->counts);
    out.u32(relaxed(item->first_s));
    out.u8(relaxed(item->available) ? 1 : 0);
    for (const auto& topic : item->topics) out.u32(relaxed(topic));
    out.f32(item->out_fast);
    out.f32(item->out_slow);
    out.u32(item->out_at_s);
    out.varint(item->row.size());
    for (const Neighbour& n : item->row) {
      out.u64(s.interner.key_of(n.item).value);
      out.f32(n.fast);
      out.f32(n.slow);
      out.u32(n.at_s);
    }
  }
  for (const auto* people : {&s.young, &s.old}) {
    std::vector<std::pair<PersonHash, const Trail*>> order;
    order.reserve(people->size());
    for (const auto& [person, trail] : *people) order.emplace_back(person, &trail);
    std::sort(order.begin(), order.end());
    out.varint(order.size());
    for (const auto& [person, trail] : order) {
      out.u64(person.value.hi);
      out.u64(person.value.lo);
      out.varint(trail->visits);
      out.u32(trail->last_s);
      out.varint(trail->steps.size());
      for (const TrailStep& step : trail->steps) {
        out.u64(s.interner.key_of(step.item).value);
        out.u32(step.last_s);
        out.u16(step.count);
      }
    }
  }
  return bytes;
}

Result<void> LiveItems::load(std::string_view bytes) {
  State& s = *state_;
  ByteReader in(bytes);
  if (in.u8() != kFormat) return data_loss("live items: the checkpoint has an unknown format");
  bool full = false;
  const auto read_item = [&] {
    const auto index = s.interner.intern(ItemKey{in.u64()});
    full = full || !index;
    return index.value_or(ItemIndex{0});
  };
  const auto read_list = [&](PublicList& list) {
    const std::size_t n = in.count(8);
    for (std::size_t i = 0; i < n; ++i) {
      const ItemIndex item = read_item();
      s.at(item);
      if (i < kTopItemsLongest) put(list.items[i], item.value);
    }
    list.size.store(static_cast<std::uint32_t>(std::min(n, kTopItemsLongest)),
                    std::memory_order_release);
  };
  read_counts(in, s.totals);
  s.link_second = in.u32();
  s.link_events = in.u32();
  s.fresh_next = in.u32();
  read_list(s.fresh);
  for (PublicList& list : s.top) read_list(list);
  for (std::size_t left = in.count(8); left > 0 && in.ok(); --left) {
    ItemState& item = s.at(read_item());
    read_counts(in, item.counts);
    put(item.first_s, in.u32());
    put(item.available, in.u8() != 0);
    for (auto& topic : item.topics) put(topic, in.u32());
    item.out_fast = in.f32();
    item.out_slow = in.f32();
    item.out_at_s = in.u32();
    item.row.resize(std::min(in.count(20), kRowNeighboursMax));
    for (Neighbour& n : item.row) {
      n.item = read_item();
      n.fast = in.f32();
      n.slow = in.f32();
      n.at_s = in.u32();
    }
  }
  for (auto* people : {&s.young, &s.old}) {
    for (std::size_t left = in.count(16); left > 0 && in.ok(); --left) {
      PersonHash person;
      person.value.hi = in.u64();
      person.value.lo = in.u64();
      Trail& trail = (*people)[person];
      trail.visits = static_cast<std::uint32_t>(in.varint());
      trail.last_s = in.u32();
      trail.steps.resize(std::min(in.count(14), kTrailStepsMax));
      for (TrailStep& step : trail.steps) {
        step.item = read_item();
        step.last_s = in.u32();
        step.count = in.u16();
      }
    }
  }
  if (!in.ok() || !in.at_end() || full) return data_loss("live items: the checkpoint is damaged");
  return {};
}

}  // namespace ante

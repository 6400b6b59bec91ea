#include "ranking/engine_ranker.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "candidates/decay.h"
#include "candidates/eligibility.h"
#include "ranking/features.h"

namespace ante {

namespace {

constexpr float kToldCutBonus = 1.5F;     // log2 units a unit of told interest, in the first cut
constexpr float kLastingCutBonus = 1.0F;  // for the whole of a person's lasting interest
constexpr float kTextCutBonus = 4.0F;

std::uint32_t seconds(TimeMs at_ms) {
  return static_cast<std::uint32_t>(std::max<TimeMs>(at_ms, 1000) / 1000);
}

// On whose evidence: the more the person did or said, the further down the ladder of one.
Rung rung_of(const CandidateRequest& request) {
  if (!request.use_profile) return Rung::kEverybody;
  const PersonState& person = *request.person.state;
  std::uint32_t evidence = person.events;
  for (const TopicInterest& topic : person.topics) evidence += topic.told != 0 ? 3 : 0;
  if (evidence >= 10) return Rung::kPerson;
  if (evidence >= 3) return Rung::kCluster;
  return evidence > 0 || request.situation.item.value != 0 ? Rung::kSegment : Rung::kEverybody;
}

struct Entry {
  OrganicItem organic;
  const Item* item = nullptr;
};

// What the person's own words and the words of the search add to the first cut: an item nobody has
// come to yet must be able to reach the hand.
float cut_bonus(const Item& item, const PersonFeatures* person, float text) {
  float bonus = kTextCutBonus * text;
  if (person == nullptr || item.topic_keys.empty()) return bonus;
  const TopicAffinity affinity = person->topic_affinity(item.topic_keys);
  bonus += kToldCutBonus * affinity.told;
  if (person->lasting_total() > 0)
    bonus += kLastingCutBonus * affinity.lasting / person->lasting_total();
  return bonus;
}

// What one request is scored with; made once a request, reusing the thread's pool.
struct Session {
  Session(const CandidateRequest& r, const Slot& s, const LiveItems& live,
          const CandidateSources& sources, std::shared_ptr<const OrganicWeights> o,
          std::shared_ptr<const ValueModel> v)
      : request(r),
        slot(s),
        organic(std::move(o)),
        values(std::move(v)),
        now_s(seconds(r.now_ms)),
        trail(r.use_profile ? trail_of(*r.person.state, live.interner()) : Trail{}),
        scene(live, trail, now_s, *organic) {
    if (r.use_profile) features.emplace(*r.person.state, r.now_ms);
    pool().begin(live.interner().size());
    sources.propose({live, trail, now_s, &request}, pool());
  }
  static Pool& pool() {
    thread_local Pool pool;
    return pool;
  }
  const PersonFeatures* person() const { return features ? &*features : nullptr; }

  const CandidateRequest& request;
  const Slot& slot;
  std::shared_ptr<const OrganicWeights> organic;
  std::shared_ptr<const ValueModel> values;
  std::uint32_t now_s;
  Trail trail;
  OrganicScene scene;
  std::optional<PersonFeatures> features;
};

Entry make_entry(const Session& session, const PoolEntry& proposed, const Item& item) {
  Entry entry;
  entry.organic.pool = proposed;
  entry.item = &item;
  session.scene.cut(entry.organic);
  entry.organic.cut += cut_bonus(item, session.person(), proposed.text);
  return entry;
}

ScoredItem value_of(const Session& session, const Entry& entry, float share) {
  ScoredItem scored;
  scored.candidate = {entry.organic.pool.item, entry.item, entry.organic.pool.sources,
                      entry.organic.score};
  scored.features =
      measure_features(entry.organic, share, *entry.item, session.person(), session.now_s);
  std::array<ValueTerm, kValueTermsMax> terms{};
  const Situation& situation = session.request.situation;
  const std::size_t n =
      value_terms({session.slot.key, situation.device, situation.hour}, entry.item->key,
                  entry.item->topic_keys, scored.features, terms);
  const ValueEstimate estimate = session.values->estimate({terms.data(), n});
  scored.probability = estimate.probability;
  scored.sd = estimate.sd;
  return scored;
}

// Softmax total of the organic scores, relative to their best.
float softmax_total(const std::vector<Entry>& entries, float& best) {
  best = -1e30F;
  for (const Entry& entry : entries) best = std::max(best, entry.organic.score);
  float total = 0;
  for (const Entry& entry : entries) total += exp2_fast(entry.organic.score - best);
  return total;
}

// Of variants of one thing only the best stays.
void keep_one_of_a_group(std::vector<ScoredItem>& items) {
  std::unordered_set<std::string_view> seen;
  std::erase_if(items, [&](const ScoredItem& scored) {
    const std::string& group = scored.candidate.item->group;
    return !group.empty() && !seen.insert(group).second;
  });
}

Hash128 digest(const std::vector<Entry>& entries, std::size_t from) {
  Hash128 sum;  // order does not matter
  for (std::size_t i = from; i < entries.size(); ++i) {
    sum.hi ^= mix64(entries[i].item->key.value);
    sum.lo += mix64(entries[i].item->key.value + 1);
  }
  return sum;
}

}  // namespace

EngineRanker::EngineRanker(const LiveItems& live, const Published<OrganicWeights>& organic,
                           const Published<ValueModel>& values)
    : live_(live), organic_(organic), values_(values) {}

RankedHand EngineRanker::rank(const CandidateRequest& request, const Slot& slot,
                              std::span<const ItemKey> safe_default) const {
  RankedHand hand;
  const Session session(request, slot, live_, sources_, organic_.get(), values_.get());
  Pool& pool = Session::pool();
  for (const ItemKey key : request.supplied) {
    if (const auto index = live_.interner().find(key)) {
      pool.touch(*index, kSuppliedSource);
    } else {
      ++hand.removed.unknown;
    }
  }
  const EligibilityCheck eligibility(request, session.person());
  std::vector<Entry> entries;
  entries.reserve(pool.entries().size());
  for (const PoolEntry& proposed : pool.entries()) {
    if (!request.supplied.empty() && (proposed.sources & kSuppliedSource) == 0) continue;
    const Item* item = request.catalog.find(proposed.item);
    const Eligibility why = eligibility.check(item);
    if (why == Eligibility::kEligible) {
      entries.push_back(make_entry(session, proposed, *item));
    } else {
      count(hand.removed, why);
    }
  }
  hand.candidate_count = static_cast<std::uint32_t>(entries.size());
  if (entries.size() > kHandItemsMax) {
    std::nth_element(entries.begin(), entries.begin() + (kHandItemsMax - 1), entries.end(),
                     [](const Entry& a, const Entry& b) {
                       return a.organic.cut != b.organic.cut ? a.organic.cut > b.organic.cut
                                                             : a.item->key < b.item->key;
                     });
    hand.rest_digest = digest(entries, kHandItemsMax);
    entries.resize(kHandItemsMax);
  }
  for (Entry& entry : entries) session.scene.score(entry.organic);
  float best = 0;
  const float total = softmax_total(entries, best);
  hand.items.reserve(entries.size());
  for (const Entry& entry : entries) {
    hand.items.push_back(value_of(session, entry, exp2_fast(entry.organic.score - best) / total));
  }
  std::sort(hand.items.begin(), hand.items.end(), [](const ScoredItem& a, const ScoredItem& b) {
    return a.probability != b.probability ? a.probability > b.probability
                                          : a.candidate.item->key < b.candidate.item->key;
  });
  keep_one_of_a_group(hand.items);

  // The safe default, with the same eyes: as if it stood in the same hand.
  for (const ItemKey key : safe_default) {
    const Item* item = request.catalog.find(key);
    const auto index = live_.interner().find(key);
    if (item == nullptr || !index) continue;
    Entry entry = make_entry(session, pool.touch(*index, kSafeSource), *item);
    session.scene.score(entry.organic);
    const float share =
        total > 0 ? std::min(1.0F, exp2_fast(entry.organic.score - best) / total) : 1.0F;
    hand.safe.push_back(value_of(session, entry, share));
  }
  hand.rung = rung_of(request);
  hand.model_version = session.values->version();
  return hand;
}

std::vector<ItemKey> EngineRanker::best_for_everybody(const CandidateRequest& request,
                                                      std::size_t places) const {
  thread_local Pool pool;
  const auto organic = organic_.get();
  const Trail nobody;
  const std::uint32_t now_s = seconds(request.now_ms);
  const OrganicScene scene(live_, nobody, now_s, *organic);
  pool.begin(live_.interner().size());
  for (std::size_t h = 0; h < kHalfLives; ++h) {
    for (const ItemIndex item : live_.top(h)) pool.touch(item, 1);
  }
  const auto newest = request.catalog.newest();
  for (std::size_t i = 0; i < std::min(newest.size(), 2 * places); ++i) pool.touch(newest[i], 1);
  std::vector<std::pair<float, ItemKey>> best;
  for (const PoolEntry& proposed : pool.entries()) {
    const Item* item = request.catalog.find(proposed.item);
    if (item == nullptr || can_be_shown(*item, request.now_ms) != Eligibility::kEligible) continue;
    OrganicItem organic_item;
    organic_item.pool = proposed;
    scene.cut(organic_item);
    best.emplace_back(organic_item.cut, item->key);
  }
  std::sort(best.begin(), best.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<ItemKey> out;
  for (std::size_t i = 0; i < std::min(best.size(), places); ++i) out.push_back(best[i].second);
  return out;
}

}  // namespace ante

#include "ranking/engine_ranker.h"

#include <algorithm>
#include <optional>

#include "candidates/decay.h"
#include "candidates/eligibility.h"
#include "ranking/features.h"

namespace ante {

namespace {

constexpr float kToldCutBonus = 1.5F;     // log2 units a unit of told interest, in the first cut
constexpr float kLastingCutBonus = 1.0F;  // for the whole of a person's lasting interest
constexpr float kTextCutBonus = 4.0F;

// What everybody gets is ranked anew each second, and when comings have grown by this share of
// them.
constexpr std::size_t kEverybodyItems = 128;
constexpr std::uint64_t kComingsShareUnseen = 1000;
constexpr std::size_t kTrendingHalfLife = 4;  // of kHalfLivesS: twelve hours

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

// An eligible item at the first cut: what the cut needs, and no more of hundreds of items.
struct Entry {
  float cut = 0;
  std::uint32_t at = 0;  // in the pool
  const ItemCard* card = nullptr;
};

// An item of the hand, or of the safe default.
struct Scored {
  OrganicItem organic;
  const ItemCard* card = nullptr;
};

// This many are scored and stored: more than any slot shows.
constexpr std::size_t kHandItemsScored = 64;
static_assert(kHandItemsScored <= kHandItemsMax && kHandItemsScored >= kSlatePlacesMax);
// Whoever comes back to many things still gets a choice of new ones.
constexpr std::size_t kOthersInHandMin = 32;

// This many entries ahead memory is fetched for.
constexpr std::size_t kFetchAhead = 8;

// What the person's own words and the words of the search add to the first cut: an item nobody has
// come to yet must be able to reach the hand.
float cut_bonus(const ItemCard& item, const PersonFeatures* person, float text) {
  float bonus = kTextCutBonus * text;
  if (person == nullptr || item.topic_count == 0) return bonus;
  const TopicAffinity affinity = person->rough_affinity(item.topics);
  bonus += kToldCutBonus * affinity.told;
  if (person->lasting_total() > 0)
    bonus += kLastingCutBonus * affinity.lasting / person->lasting_total();
  return bonus;
}

// What one request is scored with; made once a request, reusing the thread's pool.
struct Session {
  Session(const CandidateRequest& r, const Slot& s, const LiveItems& live,
          const CandidateSources& sources, std::shared_ptr<const OrganicWeights> o,
          std::shared_ptr<const ValueModel> v, const PopularityTables& tables)
      : request(r),
        slot(s),
        organic(std::move(o)),
        values(std::move(v)),
        now_s(seconds(r.now_ms)),
        trail(r.use_profile ? trail_of(*r.person.state, live.interner()) : Trail{}),
        scene(live, trail, now_s, *organic),
        popularity(tables.get(live, *organic, now_s)),
        value_context(s.key, r.situation.device, r.situation.hour) {
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
  std::shared_ptr<const PopularityTable> popularity;
  ValueContext value_context;
  std::optional<PersonFeatures> features;
};

float make_cut(const Session& session, const PoolEntry& proposed, const ItemCard& item) {
  const std::uint32_t at = proposed.item.value;
  const float bonus = cut_bonus(item, session.person(), proposed.text);
  if (at < session.popularity->items) {
    return bonus + session.scene.cut(proposed,
                                     session.popularity->share[session.scene.context()][at],
                                     session.scene.topic_match(item.topics));
  }
  OrganicItem unknown_yet;  // younger than the table
  unknown_yet.pool = proposed;
  session.scene.cut(unknown_yet);
  return bonus + unknown_yet.cut;
}

Scored score(const Session& session, const PoolEntry& proposed, const ItemCard& item) {
  Scored scored;
  scored.card = &item;
  scored.organic.pool = proposed;
  session.scene.cut(scored.organic);
  scored.organic.cut += cut_bonus(item, session.person(), proposed.text);
  session.scene.score(scored.organic);
  return scored;
}

// Moves the best of the cut to the front: kHandItemsScored of them, at least kOthersInHandMin of
// which the person never came to, where there are so many.
void cut_to_hand(std::vector<Entry>& entries, const Pool& pool) {
  const auto better = [](const Entry& a, const Entry& b) {
    return a.cut != b.cut ? a.cut > b.cut : a.card->key < b.card->key;
  };
  const auto is_other = [&pool](const Entry& entry) {
    return pool.entries()[entry.at].own_step < 0;
  };
  const auto cut = entries.begin() + kHandItemsScored;
  std::nth_element(entries.begin(), cut - 1, entries.end(), better);
  const auto others = static_cast<std::size_t>(std::count_if(entries.begin(), cut, is_other));
  if (others >= kOthersInHandMin) return;
  const auto rest_end = std::partition(cut, entries.end(), is_other);
  const std::size_t wanted =
      std::min<std::size_t>(kOthersInHandMin - others, static_cast<std::size_t>(rest_end - cut));
  if (wanted == 0) return;
  const auto moved = static_cast<std::ptrdiff_t>(wanted);
  std::nth_element(cut, cut + moved - 1, rest_end, better);
  // The weakest own ones of the hand make room.
  const auto own_begin = std::partition(entries.begin(), cut, is_other);
  std::nth_element(own_begin, cut - moved, cut, better);
  std::swap_ranges(cut - moved, cut, cut);
}

// Fills everything but the chance, and says what the chance depends on.
ValueTerms measure(const Session& session, const Scored& entry, float log2_share,
                   ScoredItem& scored) {
  const ItemCard& item = *entry.card;
  scored.candidate = {entry.organic.pool.item, item.key, item.group, entry.organic.pool.sources,
                      entry.organic.score};
  scored.features =
      measure_features(entry.organic, log2_share, item, session.person(), session.now_s);
  return {session.value_context, item.key, item.topics, scored.features};
}

// Values `items`, whose softmax total has the logarithm `log2_total`, and appends them to `out`.
// First all are measured, so that the weights of the last are on their way when the first is
// valued. `common` is set where nothing was in common yet.
void value(const Session& session, const std::vector<Scored>& items, float log2_total,
           ValueCommon& common, std::vector<ScoredItem>& out) {
  thread_local std::vector<ValueTerms> terms;
  terms.clear();
  out.reserve(out.size() + items.size());
  const std::size_t first = out.size();
  for (const Scored& item : items) {
    const float log2_share = std::min(0.0F, item.organic.score - log2_total);
    terms.push_back(measure(session, item, log2_share, out.emplace_back()));
    session.values->prefetch(terms.back());
  }
  if (common.count == 0) common = session.values->in_common(terms);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ValueEstimate estimate = session.values->estimate(terms[i], common);
    out[first + i].probability = estimate.probability;
    out[first + i].sd = estimate.sd;
    out[first + i].misfit = estimate.misfit;
    out[first + i].common = estimate.common;
  }
}

// Log2 of the softmax total of the organic scores; 0 of none.
float log2_total(const std::vector<Scored>& hand) {
  float best = -1e30F;
  for (const Scored& item : hand) best = std::max(best, item.organic.score);
  float total = 0;
  for (const Scored& item : hand) total += exp2_fast(item.organic.score - best);
  return hand.empty() ? 0 : best + log2_fast(total);
}

// Of variants of one thing only the best stays.
void keep_one_of_a_group(std::vector<ScoredItem>& items) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const ItemKey group = items[i].candidate.group;
    const auto end = items.begin() + static_cast<std::ptrdiff_t>(kept);
    const bool again =
        group != ItemKey{} && std::any_of(items.begin(), end, [&](const auto& other) {
          return other.candidate.group == group;
        });
    if (!again) items[kept++] = items[i];
  }
  items.resize(kept);
}

Hash128 digest(const std::vector<Entry>& entries, std::size_t from) {
  Hash128 sum;  // order does not matter
  for (std::size_t i = from; i < entries.size(); ++i) {
    sum.hi ^= mix64(entries[i].card->key.value);
    sum.lo += mix64(entries[i].card->key.value + 1);
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
  const Session session(request, slot, live_, sources_, organic_.get(), values_.get(), popularity_);
  Pool& pool = Session::pool();
  for (const ItemKey key : request.supplied) {
    if (const auto index = live_.interner().find(key)) {
      pool.touch(*index, kSuppliedSource);
    } else {
      ++hand.removed.unknown;
    }
  }
  const EligibilityCheck eligibility(request, session.person());
  thread_local std::vector<Entry> entries;
  entries.clear();
  for (std::size_t i = 0; i < pool.entries().size(); ++i) {
    if (i + kFetchAhead < pool.entries().size()) {
      request.catalog.prefetch(pool.entries()[i + kFetchAhead].item);
    }
    const PoolEntry& proposed = pool.entries()[i];
    if (!request.supplied.empty() && (proposed.sources & kSuppliedSource) == 0) continue;
    const ItemCard* card = request.catalog.card(proposed.item);
    const Eligibility why = eligibility.check(card);
    if (why == Eligibility::kEligible) {
      entries.push_back({make_cut(session, proposed, *card), static_cast<std::uint32_t>(i), card});
    } else {
      count(hand.removed, why);
    }
  }
  hand.candidate_count = static_cast<std::uint32_t>(entries.size());
  if (entries.size() > kHandItemsScored) {
    cut_to_hand(entries, pool);
    hand.rest_digest = digest(entries, kHandItemsScored);
    entries.resize(kHandItemsScored);
  }
  thread_local std::vector<Scored> scored;
  scored.clear();
  for (const Entry& entry : entries) live_.prefetch(pool.entries()[entry.at].item);
  for (const Entry& entry : entries)
    scored.push_back(score(session, pool.entries()[entry.at], *entry.card));
  const float total = log2_total(scored);
  ValueCommon common;
  value(session, scored, total, common, hand.items);
  std::sort(hand.items.begin(), hand.items.end(), [](const ScoredItem& a, const ScoredItem& b) {
    return a.probability != b.probability ? a.probability > b.probability
                                          : a.candidate.key < b.candidate.key;
  });
  keep_one_of_a_group(hand.items);

  // The safe default, with the same eyes: as if it stood in the same hand.
  scored.clear();
  for (const ItemKey key : safe_default) {
    const auto index = live_.interner().find(key);
    const ItemCard* card = index ? request.catalog.card(*index) : nullptr;
    if (card != nullptr) scored.push_back(score(session, pool.touch(*index, kSafeSource), *card));
  }
  value(session, scored, total, common, hand.safe);
  hand.rung = rung_of(request);
  hand.model_version = session.values->version();
  return hand;
}

std::vector<ItemKey> EngineRanker::best_for_everybody(const CandidateRequest& request,
                                                      std::size_t places) const {
  const std::uint32_t now_s = seconds(request.now_ms);
  std::shared_ptr<const Everybody> known = everybody_.get();
  if (known == nullptr || known->now_s != now_s ||
      known->catalog_version != request.catalog.version() ||
      live_.comings() > known->comings + known->comings / kComingsShareUnseen) {
    known = std::make_shared<const Everybody>(rank_for_everybody(request, now_s));
    everybody_.publish(known);
  }
  const auto best = std::span(known->best).first(std::min(known->best.size(), places));
  return {best.begin(), best.end()};
}

std::vector<ItemKey> EngineRanker::trending(const CandidateRequest& request,
                                            std::size_t places) const {
  thread_local std::vector<ItemIndex> top;
  live_.top(kTrendingHalfLife, top);
  std::vector<ItemKey> best;
  for (const ItemIndex item : top) {
    if (best.size() == places) break;
    const ItemCard* card = request.catalog.card(item);
    if (card == nullptr || can_be_shown(*card, request.now_ms) != Eligibility::kEligible) continue;
    best.push_back(card->key);
  }
  return best;
}

EngineRanker::Everybody EngineRanker::rank_for_everybody(const CandidateRequest& request,
                                                         std::uint32_t now_s) const {
  Everybody everybody{now_s, request.catalog.version(), live_.comings(), {}};
  Pool pool;
  const auto organic = organic_.get();
  const Trail nobody;
  const OrganicScene scene(live_, nobody, now_s, *organic);
  pool.begin(live_.interner().size());
  std::vector<ItemIndex> top;
  for (std::size_t h = 0; h < kHalfLives; ++h) {
    live_.top(h, top);
    for (const ItemIndex item : top) pool.touch(item, 1);
  }
  const auto newest = request.catalog.newest();
  for (std::size_t i = 0; i < std::min(newest.size(), kEverybodyItems); ++i)
    pool.touch(newest[i], 1);
  std::vector<std::pair<float, ItemKey>> best;
  for (const PoolEntry& proposed : pool.entries()) {
    const ItemCard* card = request.catalog.card(proposed.item);
    if (card == nullptr || can_be_shown(*card, request.now_ms) != Eligibility::kEligible) continue;
    OrganicItem item;
    item.pool = proposed;
    scene.cut(item);
    best.emplace_back(item.cut, card->key);
  }
  std::sort(best.begin(), best.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  for (std::size_t i = 0; i < std::min(best.size(), kEverybodyItems); ++i)
    everybody.best.push_back(best[i].second);
  return everybody;
}

}  // namespace ante

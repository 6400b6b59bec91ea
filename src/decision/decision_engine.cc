#include "decision/decision_engine.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/text.h"
#include "decision/bet_rule.h"
#include "decision/gain.h"
#include "decision/other_lists.h"
#include "decision/policy.h"
#include "decision/safe_default.h"
#include "domain/bucketing.h"
#include "profile/data_source.h"
#include "profile/traits.h"
#include "profile/unanswered.h"

namespace ante {

namespace {

constexpr double kOddsZ = 1.96;  // of the 95 % interval of the odds
// With fewer matured rewards the scale of reward is taken from the model's own chances.
constexpr std::uint64_t kScaleRewardsMin = 100;

// Whether the slot bets at all: with a brief, and not fallen back.
bool is_open(const Slot& slot) { return !slot.in_shadow() && slot.fell_back.empty(); }

// What an ablation looks at: all but one source.
struct Sight {
  PersonView person;
  Situation situation;
  Traits traits;
};

// What happens to this request whatever the candidates are.
struct Standing {
  PersonView person;
  Arm arm = Arm::kTreated;
  Consent consent;
  std::optional<Outcome> settled;  // no bet is thought about: general, no consent, paused, no id
  std::optional<Sight> narrowed;   // of an ablation
};

std::optional<Sight> narrowed_sight(const Standing& standing, const Decision& decision) {
  if (!is_ablation(standing.arm) || standing.settled) return std::nullopt;
  const DataSource source = left_out_in(standing.arm);
  auto state = std::make_shared<const PersonState>(without(*standing.person.state, source));
  Situation situation = without(decision.situation, source);
  const Traits traits = traits_of(*state, situation, decision.at_ms);
  return Sight{{std::move(state), standing.person.members}, std::move(situation), traits};
}

float clamp_chance(double p) { return static_cast<float>(std::clamp(p, 0.0, 1.0)); }

// What is no number counts as a chance of 0 that nothing is known about.
Chance chance_of(const ScoredItem& scored) {
  const bool has_chance = std::isfinite(scored.probability);
  const bool has_sd = std::isfinite(scored.sd) && scored.sd >= 0;
  return {scored.candidate.key,
          has_chance ? clamp_chance(static_cast<double>(scored.probability)) : 0.0F,
          has_chance && has_sd ? scored.sd : 1.0F,
          has_chance && has_sd && scored.misfit > 0 ? std::min(scored.misfit, scored.sd) : 0.0F,
          has_chance && has_sd && scored.common > 0 ? std::min(scored.common, scored.sd) : 0.0F};
}

std::vector<Chance> chances_of(std::span<const ScoredItem> items) {
  std::vector<Chance> chances;
  chances.reserve(items.size());
  for (const ScoredItem& scored : items) {
    if (scored.candidate.key != ItemKey{}) chances.push_back(chance_of(scored));
  }
  return chances;
}

// The first kHandItemsMax different items of what the ranker said.
void take_hand(const std::vector<ScoredItem>& ranked, std::vector<HandItem>& hand,
               std::vector<Chance>& chances) {
  hand.reserve(std::min(ranked.size(), kHandItemsMax));
  chances.reserve(hand.capacity());
  for (const ScoredItem& scored : ranked) {
    if (hand.size() == kHandItemsMax) break;
    const ItemKey key = scored.candidate.key;
    if (key == ItemKey{}) continue;
    if (std::any_of(hand.begin(), hand.end(),
                    [key](const HandItem& item) { return item.item == key; }))
      continue;
    HandItem& item = hand.emplace_back();
    item.item = key;
    item.sources = scored.candidate.sources;
    item.probability = chances.emplace_back(chance_of(scored)).probability;
    item.features = scored.features;
  }
}

// The chance of the first place, and its 95 % interval.
void set_odds(std::span<const Chance> chances, std::span<const Chance> safe, DecideAnswer& answer) {
  if (answer.decision.served.empty()) return;
  const ItemKey first = answer.decision.served.front().item;
  for (const std::span<const Chance> list : {chances, safe}) {
    for (const Chance& chance : list) {
      if (chance.item != first) continue;
      const double p = static_cast<double>(chance.probability),
                   half = kOddsZ * static_cast<double>(chance.sd);
      answer.odds = clamp_chance(p);
      answer.odds_lo = clamp_chance(p - half);
      answer.odds_hi = clamp_chance(p + half);
      return;
    }
  }
}

// How noisy rewards are in the slot; before enough of them, as the hand's chances suggest.
RewardScale scale_of(const Published<RewardScaleMap>* published, const Slot& slot,
                     std::span<const HandItem> hand) {
  RewardScale scale;
  if (published != nullptr) {
    const std::shared_ptr<const RewardScaleMap> scales = published->get();
    const auto found = scales->find(slot.key);
    if (found != scales->end()) scale = found->second;
  }
  if (scale.rewards >= kScaleRewardsMin && scale.sd > 0) return scale;
  double chance = 0;
  for (const HandItem& item : hand) chance += static_cast<double>(item.probability);
  chance = hand.empty() ? 0 : chance / static_cast<double>(hand.size());
  chance = std::clamp(chance, 0.001, 0.999);
  scale.sd = slot.reward_range().width * std::sqrt(chance * (1 - chance));
  return scale;
}

Consent both(const Consent& a, const Consent& b) {
  return {a.store && b.store, a.profile && b.profile, a.measure && b.measure, a.email && b.email,
          a.push && b.push};
}

Error no_such_slot(const SlotMap& slots, const std::string& wanted) {
  std::vector<std::string_view> known;
  known.reserve(slots.size());
  for (const auto& [name, slot] : slots) known.push_back(name);
  return not_found(fmt::format("there is no slot '{}'.{}", wanted, did_you_mean(wanted, known)));
}

Result<void> check_limits(const DecideRequest& request) {
  if (request.candidates.size() > kSuppliedCandidatesMax) {
    return invalid_argument(fmt::format("candidates: at most {} can be supplied, found {}",
                                        kSuppliedCandidatesMax, request.candidates.size()));
  }
  if (request.exclude.size() > kExcludedItemsMax) {
    return invalid_argument(fmt::format("exclude: at most {} items, found {}", kExcludedItemsMax,
                                        request.exclude.size()));
  }
  return {};
}

// The items of a bet's content that the request allows.
std::vector<ItemKey> content_of(const Bet& bet, const CatalogView& catalog,
                                std::span<const ItemKey> supplied) {
  std::vector<ItemKey> content;
  if (bet.topic.empty()) {
    for (const std::string& id : bet.items) content.push_back(item_key(id));
  } else {
    for (const ItemIndex index : catalog.with_topic(topic_key(bet.topic))) {
      if (content.size() == kSuppliedCandidatesMax) break;
      if (const ItemCard* card = catalog.card(index)) content.push_back(card->key);
    }
  }
  if (!supplied.empty()) {
    std::erase_if(content,
                  [&](ItemKey key) { return std::ranges::find(supplied, key) == supplied.end(); });
  }
  return content;
}

std::string left_alone_reason(const BetPart& part) {
  if (part.play == BetPlay::kControl)
    return fmt::format("bet {}: left alone to compare with", part.id);
  return fmt::format("bet {}: left alone, {}", part.id, to_string(part.exclusion));
}

// What a control is there for, in words.
const char* control_reason(Arm control) {
  switch (control) {
    case Arm::kBestSingle:
      return "control: everybody's best single actions, to compare with";
    case Arm::kShuffled:
      return "control: the list of another person, to compare with";
    case Arm::kTrending:
      return "control: what is looked at most now, to compare with";
    case Arm::kWithoutTold:
      return "ablation: what they told is not looked at, to know what it buys";
    case Arm::kWithoutNoticed:
      return "ablation: what was noticed of them is not looked at, to know what it buys";
    case Arm::kWithoutImported:
      return "ablation: what was imported of them is not looked at, to know what it buys";
    case Arm::kWithoutSituation:
      return "ablation: their situation is not looked at, to know what it buys";
    case Arm::kTreated:
    case Arm::kHoldout:
      break;
  }
  return "";
}

std::vector<ItemKey> keys_of(const std::vector<std::string>& ids) {
  std::vector<ItemKey> keys;
  keys.reserve(ids.size());
  for (const std::string& id : ids) keys.push_back(item_key(id));
  return keys;
}

}  // namespace

struct DecisionEngine::State {
  explicit State(Parts parts)
      : p(std::move(parts)),
        dropped(p.metrics.counter("ante_decision_records_dropped_total",
                                  "Decisions answered whose record the journal had no room for")),
        seconds(p.metrics.histogram("ante_decide_seconds", "Time to decide, without HTTP",
                                    latency_bounds())) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const char* name = to_string(static_cast<Outcome>(i + 1));
      outcomes[i] =
          &p.metrics.counter("ante_decisions_total", "Decisions by outcome", {{"outcome", name}});
    }
  }

  Standing standing_of(const DecideRequest& request, const Slot& slot) const;
  struct Play {  // one try to personalise
    const Slot& slot;
    const CandidateRequest& wanted;
    std::size_t places = 1;
    std::int64_t deadline_ns = 0;
    std::uint64_t seed = 0;
    bool owner_stakes = false;  // somebody's bet, not the slot's standing one
    // What a standing control gets; null = nobody is one here.
    const std::vector<ItemKey>* control_list = nullptr;
  };
  std::uint64_t begin(const DecideRequest& request, const Slot& slot, const Standing& standing,
                      DecideAnswer& answer) const;
  void serve(const Slot& slot, const Standing& standing, const CandidateRequest& wanted,
             std::size_t places, std::int64_t deadline_ns, std::uint64_t seed,
             DecideAnswer& answer) const;
  BetChoice choose(const Slot& slot, const Standing& standing, const Decision& decision) const;
  double permitted(const Slot& slot, bool owner_stakes) const;
  void place_bet(const Play& play, DecideAnswer& answer) const;
  void settle_gains(const Play& play, const std::vector<Chance>& chances,
                    const std::vector<Chance>& safe, bool has_model, DecideAnswer& answer) const;
  std::vector<ItemKey> control_list(Arm control, const CandidateRequest& wanted, std::size_t places,
                                    std::uint64_t seed, Decision& decision) const;
  void serve_untreated(const Play& play, Outcome otherwise, DecideAnswer& answer) const;
  void serve_list(std::span<const ItemKey> list, DecideAnswer& answer) const;
  void name_items(DecideAnswer& answer) const;
  void sign(DecideAnswer& answer) const;
  void ask(const ExposureTurn& turn, const Standing& standing, DecideAnswer& answer) const;
  void record(const Consent& consent, DecideAnswer& answer) const;

  Parts p;
  Counter& dropped;
  Histogram& seconds;
  std::array<Counter*, kOutcomeCount> outcomes{};
  mutable std::atomic<std::uint64_t> count{0};
  mutable OtherLists others;
};

Standing DecisionEngine::State::standing_of(const DecideRequest& request, const Slot& slot) const {
  // The stranger's empty state is shared: nothing is stored of them.
  static const std::shared_ptr<const PersonState> kStranger = std::make_shared<const PersonState>();
  Standing standing{{kStranger, {PersonHash{}}},
                    Arm::kTreated,
                    request.request_consent,
                    std::nullopt,
                    std::nullopt};
  if (request.person) {
    standing.person = p.people.person(*request.person);
    standing.consent = both(standing.person.state->consent, request.request_consent);
    const std::uint32_t epoch =
        p.holdout == nullptr ? 0 : p.holdout->get()->epoch_at(p.clock.now_ms());
    standing.arm = arm_of(slot, ante::holdout_salt(p.holdout_salt, epoch), p.holdout_salt,
                          standing.person.oldest());
  }
  // In this order, and before the arm is looked at: both arms lose the same people to each.
  if (request.general) {
    standing.settled = Outcome::kGeneral;
  } else if (!standing.consent.store || !standing.consent.profile) {
    standing.settled = Outcome::kNoConsent;
  } else if (standing.person.state->paused) {
    standing.settled = Outcome::kPaused;
  } else if (!request.person) {
    standing.settled = Outcome::kFallback;
  }
  return standing;
}

// The bet that this decision belongs to. In the holdout, for who gets a control's list, in shadow
// and after falling back there is none.
BetChoice DecisionEngine::State::choose(const Slot& slot, const Standing& standing,
                                        const Decision& decision) const {
  if (p.bets == nullptr || standing.settled || !is_personalised(standing.arm) || !is_open(slot))
    return {};
  const Sight* narrowed = standing.narrowed ? &*standing.narrowed : nullptr;
  return choose_bet(*p.bets->get(), slot.name,
                    {narrowed != nullptr ? *narrowed->person.state : *standing.person.state,
                     narrowed != nullptr ? narrowed->situation : decision.situation,
                     narrowed != nullptr ? narrowed->traits : decision.traits, decision.at_ms},
                    standing.person.oldest(), p.holdout_salt, p.advice);
}

// A bet risks its own stake; the standing bet of a slot what the slot's ledger lets it.
double DecisionEngine::State::permitted(const Slot& slot, bool owner_stakes) const {
  if (owner_stakes || slot.allowed_loss <= 0) return 1;
  if (p.permitted == nullptr) return 0;
  const auto stakes = p.permitted->get();
  const auto found = stakes->find(slot.key);
  return found == stakes->end() ? 0 : found->second;
}

// Fills gains, explore weights, prices and the base branch from the hand and the safe default.
void DecisionEngine::State::settle_gains(const Play& play, const std::vector<Chance>& chances,
                                         const std::vector<Chance>& safe, bool has_model,
                                         DecideAnswer& answer) const {
  Decision& decision = answer.decision;
  const Slot& slot = play.slot;
  const SlateGain gain = set_gains(decision.hand, chances, safe, slot.reward_range().width,
                                   play.places, !play.owner_stakes);
  const RewardScale scale = scale_of(p.reward_scales, slot, decision.hand);
  set_explore_weights(decision.hand, scale);
  const PersonState& person = *play.wanted.person.state;
  const double creep = p.creep == nullptr ? 0 : p.creep->of(person, decision.hand, play.places);
  RuleAnswer rule = apply_bet_rule({.slot = slot,
                                    .gain = gain,
                                    .hand = decision.hand,
                                    .scale = scale,
                                    .places = play.places,
                                    .fatigue = fatigue(person, decision.at_ms),
                                    .creep = creep,
                                    .has_model = has_model,
                                    .owner_stakes = play.owner_stakes});
  decision.policy.policy_version = kPolicyVersion;
  decision.policy.permitted = static_cast<float>(permitted(slot, play.owner_stakes));
  decision.policy.stake = rule.stake;
  decision.policy.base_branch = rule.place ? kExploitBranch : kSafeBranch;
  decision.prices = rule.prices;
  decision.reasons.push_back(std::move(rule.reason));
  if (decision.policy.permitted < 1)
    decision.reasons.push_back(
        fmt::format("ledger: a share of {:.3g} may be risked", decision.policy.permitted));
}

// The part that personalises; leaves the safe default where it cannot.
void DecisionEngine::State::place_bet(const Play& play, DecideAnswer& answer) const {
  const Slot& slot = play.slot;
  Decision& decision = answer.decision;
  const auto fall_back = [&](Fallback fallback) {
    decision.fallback = fallback;
    serve_untreated(play, Outcome::kFallback, answer);
  };
  const auto late = [&] {
    return play.deadline_ns > 0 && p.clock.monotonic_ns() > play.deadline_ns;
  };
  if (late()) return fall_back(Fallback::kDeadline);
  RankedHand ranked = p.ranker.rank(play.wanted, slot, decision.safe_default);
  answer.removed = ranked.removed;
  decision.rung = ranked.rung;
  decision.versions.model = ranked.model_version;
  decision.candidate_count = ranked.candidate_count;
  decision.candidate_digest = ranked.rest_digest;
  std::vector<Chance> chances;
  take_hand(ranked.items, decision.hand, chances);
  if (decision.hand.empty()) return fall_back(Fallback::kNoCandidates);
  const bool has_model = ranked.model_version != 0;
  const std::vector<Chance> safe = chances_of(ranked.safe);
  settle_gains(play, chances, safe, has_model, answer);
  if (late()) return fall_back(Fallback::kDeadline);

  decision.policy.seed = play.seed;
  decision.policy.places = static_cast<std::uint8_t>(play.places);
  const DrawnSlate drawn = draw_slate(mixture_of(decision, play.places), play.seed);
  decision.policy.drawn_branch = drawn.drawn_branch;
  for (const HandItem& item : decision.hand) answer.exploit_ranking.push_back(item.item);
  if (!is_personalised(decision.arm) || !is_open(slot)) {
    // The ghost log: what would have been shown.
    for (const DrawnPlace& place : drawn.places) decision.would_have.push_back(place.item);
    decision.fallback = slot.in_shadow()         ? Fallback::kSlotInShadow
                        : slot.fell_back.empty() ? Fallback::kNone
                                                 : Fallback::kFellBack;
    serve_untreated(play, Outcome::kAbstain, answer);
  } else {
    for (const DrawnPlace& place : drawn.places) {
      decision.served.push_back({place.item, {}, place.propensity, place.hand_index, {}});
    }
    decision.would_have = decision.safe_default;
    if (drawn.drawn_branch >= kFirstExploreBranch)
      decision.outcome = Outcome::kExplore;
    else if (drawn.drawn_branch == kExploitBranch)
      decision.outcome = Outcome::kBet;
    else
      decision.outcome = has_model ? Outcome::kAbstain : Outcome::kFallback;
    if (decision.outcome == Outcome::kFallback) decision.fallback = Fallback::kNoModel;
  }
  set_odds(chances, safe, answer);
  if (play.places != 1) return;
  for (const HandItem& item : decision.hand) {
    if (decision.served.empty() || item.item == decision.served.front().item) continue;
    answer.runner_up = item;
    break;
  }
}

// The list of a standing control; without one (too few lists of others) the safe default, by name.
std::vector<ItemKey> DecisionEngine::State::control_list(Arm control,
                                                         const CandidateRequest& wanted,
                                                         std::size_t places, std::uint64_t seed,
                                                         Decision& decision) const {
  decision.reasons.emplace_back(control_reason(control));
  if (control == Arm::kBestSingle) return best_single_of(wanted, p.ranker, places);
  if (control == Arm::kTrending) return trending_of(wanted, p.ranker, places);
  const std::vector<OtherListPointer> lists =
      others.of_others(decision.slot, wanted.person.oldest());
  const std::size_t first = lists.empty() ? 0 : Random(mix64(seed)).below(lists.size());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const OtherList& other = *lists[(first + i) % lists.size()];
    const std::size_t as_many = std::min(places, other.places);
    std::vector<ItemKey> list = allowed_of(wanted, other.items, as_many);
    if (list.size() == as_many) return list;
  }
  decision.fallback = Fallback::kNoOtherLists;
  decision.reasons.emplace_back(
      "control: too few lists of others yet; the safe default, uncounted");
  return decision.safe_default;
}

// Who is not treated: a control gets its list, everybody else the safe default.
void DecisionEngine::State::serve_untreated(const Play& play, Outcome otherwise,
                                            DecideAnswer& answer) const {
  Decision& decision = answer.decision;
  decision.outcome = decision.arm == Arm::kHoldout ? Outcome::kHoldout : otherwise;
  if (play.control_list == nullptr) return serve_list(decision.safe_default, answer);
  decision.outcome = Outcome::kControl;
  serve_list(*play.control_list, answer);
}

void DecisionEngine::State::serve_list(std::span<const ItemKey> list, DecideAnswer& answer) const {
  Decision& decision = answer.decision;
  decision.served.clear();
  for (const ItemKey key : list) {
    std::size_t at = 0;
    while (at < decision.hand.size() && decision.hand[at].item != key) ++at;
    const auto hand_index = static_cast<std::uint8_t>(at < decision.hand.size() ? at : 255);
    decision.served.push_back({key, {}, 1.0F, hand_index, {}});
  }
  if (decision.would_have.empty()) decision.would_have = decision.safe_default;
}

void DecisionEngine::State::name_items(DecideAnswer& answer) const {
  for (Placement& placement : answer.decision.served) {
    const Item* item = answer.catalog.find(placement.item);
    if (item == nullptr) continue;
    placement.item_id = item->id;
    placement.topics = item->topic_keys;
  }
}

void DecisionEngine::State::sign(DecideAnswer& answer) const {
  const Decision& decision = answer.decision;
  answer.tokens.reserve(decision.served.size());
  ImpressionToken token;
  token.tenant = decision.tenant;
  token.decision = decision.id;
  token.slot = decision.slot;
  token.arm = decision.arm;
  token.policy_version = decision.policy.policy_version;
  token.person = decision.people.empty() ? PersonHash{} : decision.people.front();
  token.at_ms = decision.at_ms;
  for (std::size_t k = 0; k < decision.served.size(); ++k) {
    token.item = decision.served[k].item;
    token.position = static_cast<std::uint8_t>(k + 1);
    token.propensity = decision.served[k].propensity;
    answer.tokens.push_back(p.signer.sign(token));
  }
}

// Whoever is drawn is asked, held out or not, whatever is shown. When they were asked last is read
// after the turn was asked: what it does not hold any more the profile has by then.
void DecisionEngine::State::ask(const ExposureTurn& turn, const Standing& standing,
                                DecideAnswer& answer) const {
  Decision& decision = answer.decision;
  if (p.questions == nullptr || !decision.activated || !standing.consent.measure) return;
  if (turn.is_asked()) return;
  const std::uint32_t asked_s = p.people.person(decision.people.front()).state->asked_s;
  auto drawn = p.questions->draw(p.holdout_salt, standing.person.oldest(), decision.at_ms, asked_s);
  if (!drawn) return;
  decision.asked = std::move(drawn->metric);
  answer.question = std::move(drawn->text);
}

// Hands the record to the journal, unwaited-for. A stranger's, and that of a person who does not
// want to be stored or measured, is not kept.
void DecisionEngine::State::record(const Consent& consent, DecideAnswer& answer) const {
  const Decision& decision = answer.decision;
  if (decision.people.empty() || !consent.store || !consent.measure) return;
  NewRecord record;
  record.partition = partition_of(decision.people.front());
  record.header.kind = RecordKind::kDecision;
  record.header.tenant = decision.tenant;
  record.header.person = decision.people.front();
  record.header.occurred_at = decision.at_ms;
  record.header.received_at = decision.at_ms;
  record.body = encode(decision);
  if (!p.journal.append_unacknowledged(std::move(record))) dropped.add();
}

DecisionEngine::DecisionEngine(Parts parts) : state_(std::make_unique<State>(std::move(parts))) {}
DecisionEngine::~DecisionEngine() = default;

// What a decision is before anything is chosen. The seed of its draw.
std::uint64_t DecisionEngine::State::begin(const DecideRequest& request, const Slot& slot,
                                           const Standing& standing, DecideAnswer& answer) const {
  Decision& decision = answer.decision;
  decision.at_ms = p.clock.now_ms();
  const std::uint64_t number = count.fetch_add(1, std::memory_order_relaxed);
  const PersonHash person = request.person.value_or(PersonHash{});
  Random random(mix64(p.seed ^ mix64(number ^ mix64(static_cast<std::uint64_t>(decision.at_ms) ^
                                                    person.value.lo))));
  const std::uint64_t id_a = random.next(), id_b = random.next(), draw_seed = random.next();
  decision.id = make_decision_id(decision.at_ms, partition_of(person), id_a, id_b);
  decision.tenant = request.tenant;
  if (request.person) {
    decision.people.push_back(person);
    if (standing.person.oldest() != person) decision.people.push_back(standing.person.oldest());
  }
  decision.slot = slot.key;
  decision.slot_name = slot.name;
  decision.arm = standing.arm;
  decision.activated = request.activate;
  decision.situation = request.situation;
  decision.attention_cost = static_cast<float>(slot.attention_cost);
  decision.versions.profile = standing.person.state->folded;
  decision.versions.catalog = answer.catalog.version();
  decision.traits = traits_of(*standing.person.state, decision.situation, decision.at_ms);
  return draw_seed;
}

// What is served: the safe default, somebody's bet or the slot's standing one.
void DecisionEngine::State::serve(const Slot& slot, const Standing& standing,
                                  const CandidateRequest& wanted, std::size_t places,
                                  std::int64_t deadline_ns, std::uint64_t seed,
                                  DecideAnswer& answer) const {
  Decision& decision = answer.decision;
  BetChoice choice = choose(slot, standing, decision);
  decision.bet = std::move(choice.part);
  const bool in_bet = choice.bet != nullptr && decision.bet.play != BetPlay::kShadow;
  Slot slot_of_bet;
  if (in_bet && !choice.bet->instead_of.empty()) {
    slot_of_bet = slot;
    slot_of_bet.safe_items = choice.bet->instead_of;
  }
  const Slot& slot_here = slot_of_bet.name.empty() ? slot : slot_of_bet;
  decision.safe_default = safe_default_of(wanted, slot_here, p.ranker, places);
  if (standing.settled) {
    decision.outcome = *standing.settled;
    if (decision.outcome == Outcome::kFallback) decision.fallback = Fallback::kNoProfile;
    return serve_list(decision.safe_default, answer);
  }
  if (standing.narrowed && is_open(slot))
    decision.reasons.emplace_back(control_reason(decision.arm));
  if (is_list_control(decision.arm) && is_open(slot)) {
    const std::vector<ItemKey> list = control_list(decision.arm, wanted, places, seed, decision);
    const bool has_none = decision.fallback == Fallback::kNoOtherLists;
    place_bet({slot_here, wanted, places, deadline_ns, seed, false, &list}, answer);
    if (has_none) decision.fallback = Fallback::kNoOtherLists;  // it is counted by this name
    return;
  }
  if (!in_bet) return place_bet({slot_here, wanted, places, deadline_ns, seed, false}, answer);
  if (decision.bet.play != BetPlay::kTreated) {
    decision.outcome = Outcome::kAbstain;
    decision.reasons.push_back(left_alone_reason(decision.bet));
    return serve_list(decision.safe_default, answer);
  }
  std::vector<ItemKey> content = content_of(*choice.bet, answer.catalog, wanted.supplied);
  if (content.empty()) content.push_back(ItemKey{});  // nothing, not everything
  CandidateRequest of_bet = wanted;
  of_bet.supplied = content;
  place_bet({slot_here, of_bet, places, deadline_ns, seed, true}, answer);
}

Result<DecideAnswer> DecisionEngine::decide(const DecideRequest& request) const {
  const State& s = *state_;
  const std::int64_t started_ns = s.p.clock.monotonic_ns();
  const std::int64_t deadline_ns =
      request.deadline_ms > 0 ? started_ns + request.deadline_ms * 1'000'000 : 0;
  TRY(check_limits(request));
  const std::shared_ptr<const SlotMap> slots = s.p.slots.get();
  const auto found = slots->find(request.slot);
  if (found == slots->end()) return no_such_slot(*slots, request.slot);
  const Slot& slot = found->second;
  Standing standing = s.standing_of(request, slot);
  // The decisions of one person are made one after another: what one shows, the next one counts.
  std::optional<ExposureTurn> turn;
  if (s.p.exposures != nullptr && !standing.settled) {
    turn.emplace(*s.p.exposures, standing.person.oldest());
    standing.person = s.p.people.person(*request.person);
  }
  DecideAnswer answer{.decision = {},
                      .tokens = {},
                      .exploit_ranking = {},
                      .runner_up = {},
                      .odds = 0,
                      .odds_lo = 0,
                      .odds_hi = 0,
                      .catalog = s.p.catalog.view(),
                      .removed = {},
                      .question = {}};
  Decision& decision = answer.decision;
  const std::uint64_t seed = s.begin(request, slot, standing, answer);
  const std::size_t places =
      std::min<std::size_t>(request.limit == 0 ? slot.limit : request.limit, kSlatePlacesMax);
  const std::vector<ItemKey> supplied = keys_of(request.candidates);
  std::vector<ItemKey> exclude = keys_of(request.exclude);
  std::vector<ItemKey> capped;
  if (turn && slot.repeat_exposures > 0) {
    capped = turn->at_limit(*standing.person.state, decision.at_ms, slot.repeat_exposures,
                            slot.repeat_days);
  }
  standing.narrowed = narrowed_sight(standing, decision);
  // What is on the page is not shown again, whoever may look at it.
  if (standing.narrowed && decision.situation.item != ItemKey{})
    exclude.push_back(decision.situation.item);
  const CandidateRequest wanted{
      standing.narrowed ? standing.narrowed->person : standing.person,
      answer.catalog,
      standing.narrowed ? standing.narrowed->situation : decision.situation,
      decision.at_ms,
      !standing.settled || *standing.settled == Outcome::kGeneral,
      slot.consumes_bought,
      supplied,
      exclude,
      capped};
  s.serve(slot, standing, wanted, places, deadline_ns, seed, answer);
  if (slot.controls.shuffled > 0 && decision.arm == Arm::kTreated && !standing.settled &&
      standing.consent.measure && is_open(slot) && !decision.served.empty())
    s.others.keep(decision);
  s.name_items(answer);
  s.sign(answer);
  if (turn) s.ask(*turn, standing, answer);
  if (turn && standing.consent.measure) turn->keep(decision);
  s.record(standing.consent, answer);
  s.outcomes[static_cast<std::size_t>(decision.outcome) - 1]->add();
  s.seconds.observe(static_cast<double>(s.p.clock.monotonic_ns() - started_ns) * 1e-9);
  return answer;
}

Result<std::vector<Placement>> replay(const Decision& decision) {
  const auto broken = [&](std::string_view why) {
    return data_loss(
        fmt::format("decision {} does not reproduce itself: {}", to_string(decision.id), why));
  };
  std::vector<Placement> placements;
  const auto add = [&](ItemKey item, float propensity, std::uint8_t hand_index) {
    Placement placement{item, {}, propensity, hand_index, {}};
    const std::size_t k = placements.size();
    if (k < decision.served.size()) {
      placement.item_id = decision.served[k].item_id;
      placement.topics = decision.served[k].topics;
    }
    placements.push_back(std::move(placement));
  };
  const bool drawn_is_served = serves_the_draw(decision);
  // Version 1 is version 2 with all permitted.
  if (decision.policy.policy_version > kPolicyVersion) {
    return broken("it was made by a policy this program does not have");
  }
  const Mixture mixture =
      mixture_of(decision, drawn_is_served ? decision.served.size() : decision.would_have.size());
  const bool has_draw = decision.policy.policy_version != 0 && decision.policy.seed != 0;
  if (has_draw) {
    if (const Result<void> valid = check_mixture(mixture); !valid)
      return broken(valid.error().message);
    const DrawnSlate drawn = draw_slate(mixture, decision.policy.seed);
    if (drawn.drawn_branch != decision.policy.drawn_branch)
      return broken("another branch is drawn");
    if (drawn_is_served) {
      for (const DrawnPlace& place : drawn.places)
        add(place.item, place.propensity, place.hand_index);
    } else if (!std::equal(drawn.places.begin(), drawn.places.end(), decision.would_have.begin(),
                           decision.would_have.end(), [](const DrawnPlace& place, ItemKey item) {
                             return place.item == item;
                           })) {
      return broken("it would have shown something else");
    }
  } else if (drawn_is_served) {
    return broken("it has no draw");
  }
  if (!drawn_is_served) {
    // A control's list is known from the record alone, as the safe default is.
    std::vector<ItemKey> list = decision.safe_default;
    if (decision.outcome == Outcome::kControl && decision.fallback != Fallback::kNoOtherLists) {
      list.clear();
      for (const Placement& placement : decision.served) {
        if (std::ranges::find(list, placement.item) == list.end()) list.push_back(placement.item);
      }
    }
    for (const ItemKey key : list) {
      std::size_t at = 0;
      while (at < decision.hand.size() && decision.hand[at].item != key) ++at;
      add(key, 1.0F, static_cast<std::uint8_t>(at < decision.hand.size() ? at : 255));
    }
  }
  if (placements != decision.served) return broken("other places or propensities come out");
  return placements;
}

}  // namespace ante

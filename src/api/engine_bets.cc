// The bets of the engine: placed and moved by people, kept by rules.

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/engine.h"
#include "base/text.h"
#include "report/bet_rulings.h"
#include "report/metrics.h"

namespace ante {
namespace {

constexpr std::string_view kRules = "rules";
constexpr double kSurest = 0.01;  // the model never states that a bet must pay, or cannot

// What the trial of a bet compares: it may not change while it runs.
bool compares_the_same(const Bet& a, const Bet& b) {
  return a.slot == b.slot && a.audience == b.audience && a.items == b.items && a.topic == b.topic &&
         a.instead_of == b.instead_of && a.left_alone == b.left_alone &&
         a.left_alone_who == b.left_alone_who && a.left_alone_learned == b.left_alone_learned &&
         a.stake == b.stake;
}

// What the bets of a slot are measured by. Its safe default is the editor's to change every day:
// they are bet against whatever it is.
bool measures_the_same(const Slot& a, const Slot& b) {
  return a.measures_as(b) && a.in_shadow() == b.in_shadow();
}

bool has_begun(const Bet& bet) {
  return bet.state != BetState::kDraft && bet.state != BetState::kShadow;
}

void add_move(Bet& bet, BetState to, TimeMs now_ms, const Author& author) {
  if (bet.moves.size() >= kBetMovesMax) bet.moves.erase(bet.moves.begin() + 1);
  bet.moves.push_back({now_ms, bet.state, to, author.who, author.why});
  bet.state = to;
}

void state_odds(Bet& bet, std::string who, double pays, TimeMs now_ms) {
  std::erase_if(bet.stated, [&who](const BetOdds& odds) { return odds.who == who; });
  bet.stated.push_back({now_ms, std::move(who), pays});
}

// Another bet that comes before this one and takes everybody this one is for.
const Bet* taken_by(const Bets& bets, const Bet& bet, TimeMs now_ms) {
  const auto in_slot = bets.by_slot.find(bet.slot);
  if (in_slot == bets.by_slot.end()) return nullptr;
  for (const BetPointer& other : in_slot->second) {
    if (other->id == bet.id || !other->live(now_ms)) continue;
    if (other->audience.kind == Predicate::Kind::kEverybody || other->audience == bet.audience)
      return other.get();
  }
  return nullptr;
}

Result<void> check_times(const Bet& bet, TimeMs now_ms) {
  if (bet.expires_at_ms <= now_ms)
    return invalid_argument("#/expires: lies in the past: nothing could be measured");
  if (bet.expires_at_ms > now_ms + kBetLongestMs)
    return invalid_argument(fmt::format(
        "#/expires: is more than {} days away: a bet must be settled", kBetLongestMs / kDayMs));
  return {};
}

// Why a slot whose brief counts serves nothing but its safe default, and what opens it. Empty: it
// is open.
struct Closed {
  std::string why, mend;
};
Closed why_closed(const Slot& slot) {
  if (slot.apprentice)
    return {"is in mode apprentice", "Set its mode to online, or choose another slot"};
  if (slot.in_shadow())
    return {"has no brief and none was waived", "Give the slot a brief, or waive it"};
  if (!slot.fell_back.empty())
    return {"fell back by itself (" + slot.fell_back + ")",
            fmt::format("If you know why it will not lose again: ante slot resume {} --why \"...\"",
                        slot.name)};
  return {};
}

Result<void> check_can_go_live(const Bets& bets, const SlotMap& slots, const Bet& bet,
                               TimeMs now_ms) {
  TRY(check_times(bet, now_ms));
  const auto slot = slots.find(bet.slot);
  if (slot == slots.end()) return conflict(fmt::format("its slot '{}' is gone", bet.slot));
  if (!slot->second.brief_missing.empty())
    return conflict(fmt::format(
        "bet '{}' cannot go live: slot '{}' shows nothing but its safe default, because {}. See "
        "what is open: ante brief check {}",
        bet.id, bet.slot, slot->second.brief_missing, slot->second.brief));
  if (const auto [why, mend] = why_closed(slot->second); !why.empty())
    return conflict(
        fmt::format("bet '{}' cannot go live: slot '{}' {}, so it shows nothing but its safe "
                    "default. {}",
                    bet.id, bet.slot, why, mend));
  if (const Bet* other = taken_by(bets, bet, now_ms))
    return conflict(
        fmt::format("bet '{}' already takes everybody that '{}' is for in slot '{}': "
                    "fold it, or choose another audience",
                    other->id, bet.id, bet.slot));
  return {};
}

}  // namespace

OutcomeEvidence Engine::outcomes_of(const Bet& bet) const {
  OutcomeEvidence outcomes;
  const auto all = slots().get();
  const auto slot = all->find(bet.slot);
  if (slot != all->end()) outcomes.goal_is_proxy = is_proxy_goal(slot->second, lift().metrics());
  if (const auto card = lift().scorecard_of(bet)) {
    outcomes.person = card->person;
    outcomes.business = card->business;
  }
  return outcomes;
}

Result<Bet> Engine::store_bet(Bet bet, const Author& author, ExpectedVersion expected) {
  const Object stored = TRY(put_object(kBetObjectType, bet.id, bet_to_json(bet), author, expected));
  bet.version = stored.version;
  return bet;
}

Result<void> Engine::check_no_bet_measures(std::string_view name, const Slot* next) const {
  const auto slots_now = slots().get();
  const auto present = slots_now->find(name);
  const auto all = bets().get();
  const auto in_slot = all->by_slot.find(name);
  if (present == slots_now->end() || in_slot == all->by_slot.end()) return {};
  std::string running;
  for (const BetPointer& bet : in_slot->second) {
    if (!bet->live(clock().now_ms())) continue;
    if (next != nullptr && measures_the_same(present->second, *next)) continue;
    running += (running.empty() ? "'" : ", '") + bet->id + "'";
  }
  if (running.empty()) return {};
  return conflict(fmt::format(
      "slot '{}' cannot {} while bets run in it that are measured by it: {}. Fold them first", name,
      next == nullptr ? "end" : "change its goal or its brief", running));
}

Result<Bet> Engine::put_bet(std::string_view id, std::string_view json, const Author& author,
                            ExpectedVersion expected) {
  MutexLock lock(bet_writes());
  Bet bet = TRY(bet_from_json(id, json, {person_key(), kFirstTenant}));
  const TimeMs now = clock().now_ms();
  const auto all_slots = slots().get();
  if (!all_slots->contains(bet.slot)) {
    std::vector<std::string_view> known;
    for (const auto& [name, slot] : *all_slots) known.push_back(name);
    return invalid_argument(
        fmt::format("#/slot: there is no slot '{}'.{}", bet.slot, did_you_mean(bet.slot, known)));
  }
  const auto all = bets().get();
  const auto found = all->by_id.find(id);
  if (found == all->by_id.end()) {
    const auto open = std::ranges::count_if(
        all->by_id, [](const auto& entry) { return entry.second->state != BetState::kFolded; });
    if (static_cast<std::size_t>(open) >= kBetsMax)
      return invalid_argument(fmt::format("at most {} bets that are not folded", kBetsMax));
    bet.placed_at_ms = now;
  } else {
    const Bet& present = *found->second;
    if (present.state == BetState::kFolded || present.state == BetState::kBanked)
      return conflict(fmt::format("bet '{}' is {}: it is settled. Place another", id,
                                  to_string(present.state)));
    if (has_begun(present) && !compares_the_same(present, bet))
      return conflict(fmt::format(
          "bet '{}' runs: its slot, audience, content, safe default, stake and who is left alone "
          "are what it compares. Fold it and place another",
          id));
    if (has_begun(present) && present.odds != bet.odds)
      return conflict(fmt::format(
          "bet '{}' runs: odds count as they were said before it began. Leave them as they are",
          id));
    bet.state = present.state;
    bet.placed_at_ms = present.placed_at_ms;
    bet.moves = present.moves;
    bet.stated = present.stated;
    bet.result = present.result;
  }
  TRY(check_times(bet, now));
  // What was said before it began counts; afterwards everybody is wiser.
  if (bet.odds && !has_begun(bet)) state_odds(bet, bet.owner, *bet.odds, now);
  return store_bet(std::move(bet), author, expected);
}

Result<Bet> Engine::move_bet(std::string_view id, BetState to, const Author& author,
                             ExpectedVersion expected) {
  MutexLock lock(bet_writes());
  const auto all = bets().get();
  const auto found = all->by_id.find(id);
  if (found == all->by_id.end()) {
    std::vector<std::string_view> known;
    for (const auto& [name, bet] : all->by_id) known.push_back(name);
    return not_found(fmt::format("there is no bet '{}'.{}", id, did_you_mean(id, known)));
  }
  Bet bet = *found->second;
  if (!may_move(bet.state, to))
    return conflict(fmt::format("bet '{}' is {}: it cannot become {}", id, to_string(bet.state),
                                to_string(to)));
  const TimeMs now = clock().now_ms();
  if (to != BetState::kFolded && bet.expires_at_ms <= now)
    return conflict(
        fmt::format("bet '{}' has expired: nothing could be measured. Give it a later "
                    "expiry, or fold it",
                    id));
  if (!has_begun(bet) && to == BetState::kSmallStake)
    TRY(check_can_go_live(*all, *slots().get(), bet, now));
  if (to == BetState::kBanked && !outcomes_of(bet).lets_it_win())
    return conflict(fmt::format(
        "bet '{}' cannot be banked: {}", id,
        outcomes_of(bet).person == Verdict::kLosing
            ? "people are worse off by a customer outcome (ante report metrics --bet)"
            : "its slot counts only what measures our own page, and no outcome says that it paid. "
              "Name an outcome in the slot's goal, or define a metric: ante metric new"));
  if (has_begun(bet) && (to == BetState::kFolded || to == BetState::kBanked)) {
    const auto evidence = lift().bet(bet, now);
    if (evidence) bet.result = result_of(evidence->lift, now);
  }
  add_move(bet, to, now, author);
  return store_bet(std::move(bet), author, expected ? expected : ExpectedVersion(bet.version));
}

EffectPrior Engine::effect_prior() const {
  std::vector<MeasuredBet> settled;
  const auto all = bets().get();
  for (const auto& [id, bet] : all->by_id) {
    const auto& result = bet->result;
    if (result && result->relative && result->relative_error && *result->relative_error > 0)
      settled.push_back({*result->relative, *result->relative_error});
  }
  return prior_from(settled);
}

Result<std::size_t> Engine::keep_slots() {
  std::size_t changes = 0;
  const auto all = slots().get();
  for (const auto& [name, slot] : *all) {
    if (slot.in_shadow() || !slot.fell_back.empty()) continue;
    const auto measured = lift().lift(name);
    if (!measured || measured->verdict != Verdict::kLosing) continue;
    Slot fallen = slot;
    fallen.fell_back = measured->sentence;
    const Author rules{std::string(kRules), "losing against its holdout"};
    const auto stored = put_object("slot", name, slot_to_json(fallen), rules, slot.version);
    if (!stored && stored.error().code == ErrorCode::kConflict) continue;  // somebody was faster
    if (!stored) return stored.error();
    ++changes;
  }
  return changes;
}

Result<std::size_t> Engine::keep_bets() {
  MutexLock lock(bet_writes());
  std::size_t changes = TRY(keep_briefs());
  changes += TRY(keep_slots());
  const TimeMs now = clock().now_ms();
  const EffectPrior prior = effect_prior();
  const auto all = bets().get();  // as it is now: each change below publishes another
  for (const auto& [id, present] : all->by_id) {
    if (present->state == BetState::kFolded) continue;
    if (!has_begun(*present)) {
      if (now < present->expires_at_ms) continue;
      Bet late = *present;
      const Author rules{std::string(kRules), "its time was over before it began"};
      add_move(late, BetState::kFolded, now, rules);
      const auto stored = store_bet(std::move(late), rules, present->version);
      if (!stored && stored.error().code != ErrorCode::kConflict) return stored.error();
      ++changes;
      continue;
    }
    const auto evidence = lift().bet(*present, now);
    if (!evidence) continue;  // its slot is not in the log's fold yet
    BetRuling ruling = rule_on(*present, evidence->lift, outcomes_of(*present), prior, now);
    if (!ruling.to && !ruling.model_odds) continue;
    Bet bet = *present;
    if (ruling.model_odds)
      state_odds(bet, "model", std::clamp(*ruling.model_odds, kSurest, 1 - kSurest), now);
    // What a banked bet won stays its result.
    if (ruling.result && !(bet.state == BetState::kBanked && bet.result))
      bet.result = std::move(ruling.result);
    const Author rules{std::string(kRules), ruling.why};
    if (ruling.to) add_move(bet, *ruling.to, now, rules);
    const auto stored = store_bet(std::move(bet), rules, present->version);
    if (!stored && stored.error().code == ErrorCode::kConflict) continue;  // somebody was faster
    if (!stored) return stored.error();
    ++changes;
  }
  return changes;
}

}  // namespace ante

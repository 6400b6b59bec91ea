#include "report/figures_fold.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/bytes.h"
#include "base/hash.h"
#include "report/lift_fold.h"
#include "reward/joiner.h"

namespace ante {

namespace {

constexpr std::uint8_t kFiguresFormat = 4;
constexpr std::uint64_t kSlotGroupSeed = 11, kBetGroupSeed = 12;
constexpr std::size_t kPendingBytes = 16 + 8 + 8 + 3 + 1;
constexpr std::size_t kGroupBytesMin = 8 + 1 + 1 + 1 + 12;

std::uint64_t slot_group(std::string_view name) { return hash64(name, kSlotGroupSeed); }
std::uint64_t bet_group(std::string_view id) { return hash64(id, kBetGroupSeed); }

// One of kPersonGroups; its last bit is the half of the persons.
std::uint8_t person_group(PersonHash person) {
  return static_cast<std::uint8_t>(mix64(person.value.lo ^ mix64(person.value.hi)) % kPersonGroups);
}

bool left_alone(BetPlay play) { return play == BetPlay::kControl || play == BetPlay::kExcluded; }

// Whether what was served came out of the policy's draw, with propensities of all it could do.
bool drawn_from_policy(const Decision& decision) {
  return decision.arm == Arm::kTreated && serves_the_draw(decision);
}

std::int32_t month_of(TimeMs at_ms) {
  using std::chrono::days;
  const std::chrono::sys_time<std::chrono::milliseconds> at{std::chrono::milliseconds(at_ms)};
  const std::chrono::year_month_day date{std::chrono::floor<days>(at)};
  return (static_cast<int>(date.year()) - 1970) * 12 +
         static_cast<std::int32_t>(static_cast<unsigned>(date.month())) - 1;
}

std::uint64_t list_hash(const Decision& decision) {
  std::uint64_t hash = 1;
  for (const Placement& place : decision.served) hash = mix64(hash ^ place.item.value);
  return hash;
}

bool has(const std::vector<ItemKey>& list, std::size_t size, ItemKey item) {
  const auto end = list.begin() + static_cast<std::ptrdiff_t>(std::min(size, list.size()));
  return std::find(list.begin(), end, item) != end;
}

bool serves(const Decision& decision, ItemKey item) {
  return std::any_of(decision.served.begin(), decision.served.end(),
                     [item](const Placement& place) { return place.item == item; });
}

double finite_or_zero(float x) { return std::isfinite(x) ? static_cast<double>(x) : 0.0; }

// Days before the first one that is kept count as that one.
void count_day(FigureSums& sums, bool treated, TimeMs at_ms) {
  const auto day = static_cast<std::int32_t>(at_ms / kDayMs);
  if (sums.days.empty()) sums.first_day = day;
  auto index = static_cast<std::size_t>(std::max(0, day - sums.first_day));
  if (index >= 2 * kFigureDaysMax) {  // after so long a gap what was before is gone
    sums.days.clear();
    sums.first_day = day;
    index = 0;
  }
  if (index >= sums.days.size()) sums.days.resize(index + 1);
  ++sums.days[index].all;
  if (treated) ++sums.days[index].treated;
  if (sums.days.size() <= kFigureDaysMax) return;
  const std::size_t gone = sums.days.size() - kFigureDaysMax;
  sums.days.erase(sums.days.begin(), sums.days.begin() + static_cast<std::ptrdiff_t>(gone));
  sums.first_day += static_cast<std::int32_t>(gone);
}

void write_exposures(ByteWriter& out, const ExposuresByGroup& seen) {
  for (const Exposures& each : seen) {
    out.varint(each.shown);
    out.varint(each.hits);
  }
}

void read_exposures(ByteReader& in, ExposuresByGroup& seen) {
  for (Exposures& each : seen) {
    each.shown = in.varint();
    each.hits = in.varint();
  }
}

// Every count of a group that is a plain number, in the order of its bytes.
template <typename Sums, typename Visit>
void for_each_count(Sums& sums, Visit visit) {
  visit(sums.decisions);
  for (auto& count : sums.outcomes) visit(count);
  for (auto& count : sums.rungs) visit(count);
  for (auto* count : {&sums.treated, &sums.personal, &sums.neighbours, &sums.neighbours_different,
                      &sums.last_list, &sums.acting, &sums.abstained, &sums.abstained_places,
                      &sums.explored, &sums.places, &sums.places_different, &sums.places_general,
                      &sums.displaced, &sums.replacing, &sums.first_places, &sums.candidates})
    visit(*count);
}

void write_group(ByteWriter& out, const FigureSums& sums) {
  out.string(sums.name);
  out.svarint(sums.last_ms);
  for_each_count(sums, [&](std::uint64_t count) { out.varint(count); });
  out.varint(sums.months.size());
  for (const auto& [month, levels] : sums.months) {
    out.svarint(month);
    for (const std::uint64_t count : levels) out.varint(count);
  }
  out.u8(sums.last_group);
  for (const double price :
       {sums.attention_saved, sums.miss_saved, sums.creep_saved, sums.attention_spent,
        sums.miss_spent, sums.creep_spent, sums.exploring_spent})
    out.f64(price);
  out.svarint(sums.first_day);
  out.varint(sums.days.size());
  for (const DayDecisions& day : sums.days) {
    out.varint(day.all);
    out.varint(day.treated);
  }
  write_exposures(out, sums.treated_seen);
  write_exposures(out, sums.general_seen);
  for (const DrawnTotals& half : sums.drawn) {
    out.varint(half.n);
    out.f64(half.r);
    out.f64(half.rr);
  }
  sums.items.save(out);
}

bool read_group(ByteReader& in, FigureSums& sums) {
  sums.name = in.string();
  sums.last_ms = in.svarint();
  for_each_count(sums, [&](std::uint64_t& count) { count = in.varint(); });
  const std::size_t months = in.count(1 + kLevels);
  if (months > kFigureMonthsMax) return false;
  for (std::size_t i = 0; i < months; ++i) {
    auto& levels = sums.months[static_cast<std::int32_t>(in.svarint())];
    for (std::uint64_t& count : levels) count = in.varint();
  }
  sums.last_group = in.u8();
  for (double* price :
       {&sums.attention_saved, &sums.miss_saved, &sums.creep_saved, &sums.attention_spent,
        &sums.miss_spent, &sums.creep_spent, &sums.exploring_spent})
    *price = in.f64();
  sums.first_day = static_cast<std::int32_t>(in.svarint());
  const std::size_t days = in.count(2);
  if (days > kFigureDaysMax) return false;
  sums.days.resize(days);
  for (DayDecisions& day : sums.days) {
    day.all = static_cast<std::uint32_t>(in.varint());
    day.treated = static_cast<std::uint32_t>(in.varint());
  }
  read_exposures(in, sums.treated_seen);
  read_exposures(in, sums.general_seen);
  for (DrawnTotals& half : sums.drawn) {
    half.n = in.varint();
    half.r = in.f64();
    half.rr = in.f64();
  }
  return sums.items.load(in) && sums.personal <= sums.treated &&
         sums.neighbours_different <= sums.neighbours && sums.abstained <= sums.acting;
}

}  // namespace

bool differs_from_general(const Decision& decision) {
  const auto& served = decision.served;
  const auto& general = decision.safe_default;
  for (std::size_t k = 0; k < served.size(); ++k) {
    if (k >= general.size() || served[k].item != general[k]) return true;
  }
  return false;
}

Level level_of(const Decision& decision) {
  // A standing control's list is nobody's own.
  if (is_control(decision.arm) || !differs_from_general(decision)) return Level::kNone;
  const bool has_model = decision.versions.model != 0;
  if (has_model && decision.rung == Rung::kPerson) return Level::kIndividual;
  if (has_model && decision.rung != Rung::kEverybody) return Level::kCluster;
  return decision.bet.play == BetPlay::kTreated ? Level::kSegment : Level::kNone;
}

FiguresFold::Side FiguresFold::slot_side(const Decision& decision) {
  if (!compares_arms(decision) || is_control(decision.arm)) return Side::kNone;
  return decision.arm == Arm::kHoldout ? Side::kGeneral : Side::kTreated;
}

FiguresFold::Side FiguresFold::bet_side(const Decision& decision) {
  if (!compares_arms(decision) || is_control(decision.arm)) return Side::kNone;
  return decision.arm == Arm::kHoldout || decision.bet.play == BetPlay::kControl ? Side::kGeneral
                                                                                 : Side::kTreated;
}

FigureSums& FiguresFold::open(Groups& groups, std::size_t groups_max, std::uint64_t key,
                              std::string_view name, TimeMs at_ms) {
  auto found = groups.find(key);
  if (found == groups.end()) {
    if (groups.size() >= groups_max) {
      const auto oldest = std::min_element(
          groups.begin(), groups.end(),
          [](const auto& a, const auto& b) { return a.second.last_ms < b.second.last_ms; });
      items_ -= oldest->second.items.size();
      groups.erase(oldest);
    }
    found = groups.try_emplace(key).first;
    found->second.name = name;
  }
  found->second.last_ms = std::max(found->second.last_ms, at_ms);
  return found->second;
}

ItemFigures& FiguresFold::item(FigureSums& sums, ItemKey key) {
  ItemTable& table = sums.items;
  if (ItemFigures* known = table.find(key)) return *known;
  items_ -= table.size();
  if (items_ + table.size() >= kFigureItemsTotalMax && table.size() > kFigureItemsPart)
    table.shrink();
  ItemFigures& added = table.at(key);
  items_ += table.size();
  return added;
}

void FiguresFold::consume(const CommittedRecord& record) {
  if (record.partition != kControlPartition) now_ms_ = std::max(now_ms_, record.header.received_at);
  if (record.header.kind == RecordKind::kObject) goals_.consume(record);
  if (record.header.kind != RecordKind::kDecision) return;
  if (const Decision* decision = decision_of(record)) decided(*decision);
}

void FiguresFold::forget_closed() {
  while (!closing_.empty() && closing_.begin()->first < forget_until_ms_) {
    pending_.erase(closing_.begin()->second);
    closing_.erase(closing_.begin());
  }
}

void FiguresFold::keep(DecisionId id, const Pending& pending) {
  if (pending_.size() >= kPendingDecisionsMax) {
    const auto oldest = pending_.begin();
    closing_.erase({oldest->second.closes_ms, oldest->first});
    pending_.erase(oldest);
  }
  if (pending_.emplace(id, pending).second) closing_.emplace(pending.closes_ms, id);
}

void FiguresFold::decided(const Decision& decision) {
  Pending pending;
  pending.slot = slot_group(decision.slot_name);
  pending.slot_side = slot_side(decision);
  pending.drawn = drawn_from_policy(decision);
  FigureSums& slot = open(slots_, kSlotsMax, pending.slot, decision.slot_name, decision.at_ms);
  count(slot, pending.slot_side, decision);
  count_day(slot, pending.slot_side == Side::kTreated, decision.at_ms);
  const BetPlay play = decision.bet.play;
  if (!decision.bet.id.empty() && (play == BetPlay::kTreated || play == BetPlay::kControl)) {
    pending.bet = bet_group(decision.bet.id);
    pending.bet_side = bet_side(decision);
    FigureSums& bet = open(bets_, kFigureBetsMax, pending.bet, decision.bet.id, decision.at_ms);
    count(bet, pending.bet_side, decision);
  }
  const Slot* known = goals_.find(decision.slot);
  if (known == nullptr || decision.served.empty()) return;  // the joiner waits for no others
  if (pending.slot_side == Side::kNone && pending.bet_side == Side::kNone) return;
  pending.closes_ms = decision.at_ms + known->goal_window_ms;
  if (!decision.activated) pending.closes_ms += kActivationWaitMs;
  keep(decision.id, pending);
}

void FiguresFold::count(FigureSums& sums, Side side, const Decision& decision) {
  ++sums.decisions;
  const auto outcome = static_cast<std::size_t>(decision.outcome) - 1;
  const auto rung = static_cast<std::size_t>(decision.rung) - 1;
  if (outcome < sums.outcomes.size()) ++sums.outcomes[outcome];
  if (rung < sums.rungs.size()) ++sums.rungs[rung];
  ++sums.months[month_of(decision.at_ms)][static_cast<std::size_t>(level_of(decision))];
  if (sums.months.size() > kFigureMonthsMax) sums.months.erase(sums.months.begin());
  if (side == Side::kTreated) count_treated(sums, decision);
}

void FiguresFold::count_treated(FigureSums& sums, const Decision& decision) {
  ++sums.treated;
  const bool explored = decision.outcome == Outcome::kExplore;
  const bool chosen = explored || decision.outcome == Outcome::kBet;
  const bool own = decision.rung == Rung::kPerson || decision.rung == Rung::kCluster;
  if (chosen && own && differs_from_general(decision)) ++sums.personal;

  const std::uint8_t group = person_group(decision.people.back());
  const std::uint64_t list = list_hash(decision);
  if (!explored) {
    if (sums.last_group < kPersonGroups && sums.last_group != group) {
      ++sums.neighbours;
      if (sums.last_list != list) ++sums.neighbours_different;
    }
    sums.last_group = group;
    sums.last_list = list;
  }

  // Free to bet: what was served is what the rule and the draw said, whatever that was.
  const bool abstained = decision.outcome == Outcome::kAbstain;
  const bool acts = (chosen || (abstained && decision.fallback == Fallback::kNone)) &&
                    !left_alone(decision.bet.play);
  if (acts) ++sums.acting;
  if (acts && chosen) {
    if (explored) ++sums.explored;
    sums.attention_spent += finite_or_zero(decision.attention_cost);
    sums.miss_spent += finite_or_zero(decision.prices.miss);
    sums.creep_spent += finite_or_zero(decision.prices.creep);
    if (explored) sums.exploring_spent += finite_or_zero(decision.prices.exploring);
  }
  if (acts && abstained) {
    ++sums.abstained;
    sums.abstained_places += decision.served.size();
    sums.attention_saved += finite_or_zero(decision.attention_cost);
    sums.miss_saved += finite_or_zero(decision.prices.miss);
    sums.creep_saved += finite_or_zero(decision.prices.creep);
  }
  if (!decision.served.empty()) count_places(sums, decision);
}

void FiguresFold::count_places(FigureSums& sums, const Decision& decision) {
  const auto& served = decision.served;
  const auto& general = decision.safe_default;
  ++sums.first_places;
  sums.candidates += decision.candidate_count;
  ++item(sums, served.front().item).first;
  for (std::size_t k = 0; k < served.size(); ++k) {
    const ItemKey shown = served[k].item;
    ++sums.places;
    if (k >= general.size() || shown != general[k]) ++sums.places_different;
    if (has(general, general.size(), shown)) {
      ++sums.places_general;
    } else {
      ++sums.replacing;
      ++item(sums, shown).replacing;
    }
    // As many of the safe default as were served would have stood here.
    if (k >= general.size() || serves(decision, general[k])) continue;
    ++sums.displaced;
    ++item(sums, general[k]).displaced;
  }
  if (!drawn_from_policy(decision)) return;
  const std::size_t index = served.front().hand_index;
  const double gain_served =
      index < decision.hand.size() ? finite_or_zero(decision.hand[index].gain_mean) : 0;
  const auto note_gain = [&](ItemKey key, double gain) {
    ItemFigures* known = sums.items.find(key);
    if (known == nullptr) return;
    ++known->in_hand;
    known->gain += gain;
    known->gain_served += gain_served;
  };
  bool safe_in_hand = general.empty();
  for (const HandItem& each : decision.hand) {
    note_gain(each.item, finite_or_zero(each.gain_mean));
    safe_in_hand = safe_in_hand || each.item == general.front();
  }
  if (!safe_in_hand) note_gain(general.front(), 0);
}

void FiguresFold::matured(const RewardRow& row) {
  // A joiner that reads an old part of the log again, alone, must not fill the memory.
  if (matured_.size() >= kPendingDecisionsMax) commit_consumed();
  matured_.push_back(
      {row.decision, row.item, row.reward, row.propensity, row.position, person_group(row.person)});
}

void FiguresFold::commit_consumed() {
  for (const Matured& row : matured_) {
    const auto found = pending_.find(row.decision);
    if (found == pending_.end() || !std::isfinite(row.reward)) {
      ++rows_unseen_;
      continue;
    }
    const Pending& pending = found->second;
    if (const auto group = slots_.find(pending.slot); group != slots_.end())
      count_row(group->second, pending.slot_side, pending.drawn, row);
    if (pending.bet == 0) continue;
    if (const auto group = bets_.find(pending.bet); group != bets_.end())
      count_row(group->second, pending.bet_side, pending.drawn, row);
  }
  matured_.clear();
  // A decision may be stored behind an act that came after its window: the joiner, which stands
  // before this one, tells its rows in the next commit, and not later.
  forget_closed();
  forget_until_ms_ = now_ms_;
}

void FiguresFold::count_row(FigureSums& sums, Side side, bool drawn, const Matured& row) {
  if (side == Side::kNone) return;
  Exposures& seen =
      side == Side::kTreated ? sums.treated_seen[row.group] : sums.general_seen[row.group];
  ++seen.shown;
  if (row.reward > 0) ++seen.hits;
  if (!drawn || side != Side::kTreated || row.position != 1 || !(row.propensity > 0)) return;
  const std::size_t half = row.group % 2;
  DrawnTotals& totals = sums.drawn[half];
  ++totals.n;
  totals.r += row.reward;
  totals.rr += row.reward * row.reward;
  item(sums, row.item).drawn[half].add(1 / static_cast<double>(row.propensity), row.reward);
}

const FigureSums* FiguresFold::slot(std::string_view name) const {
  const auto found = slots_.find(slot_group(name));
  return found == slots_.end() ? nullptr : &found->second;
}

std::map<std::string, std::uint64_t> FiguresFold::decisions_by_slot() const {
  std::map<std::string, std::uint64_t> found;
  for (const auto& [key, sums] : slots_) found[sums.name] = sums.decisions;
  return found;
}

const FigureSums* FiguresFold::bet(std::string_view id) const {
  const auto found = bets_.find(bet_group(id));
  return found == bets_.end() ? nullptr : &found->second;
}

std::string FiguresFold::save() const {
  std::string bytes, goals;
  goals_.save(goals);
  ByteWriter out(bytes);
  out.u8(kFiguresFormat);
  out.string(goals);
  out.varint(rows_unseen_);
  out.svarint(now_ms_);
  out.svarint(forget_until_ms_);
  for (const Groups* groups : {&slots_, &bets_}) {
    out.varint(groups->size());
    for (const auto& [key, sums] : *groups) {
      out.u64(key);
      write_group(out, sums);
    }
  }
  out.varint(pending_.size());
  for (const auto& [id, pending] : pending_) {
    out.u64(id.value.hi);
    out.u64(id.value.lo);
    out.u64(pending.slot);
    out.u64(pending.bet);
    out.u8(static_cast<std::uint8_t>(pending.slot_side));
    out.u8(static_cast<std::uint8_t>(pending.bet_side));
    out.u8(pending.drawn ? 1 : 0);
    out.svarint(pending.closes_ms);
  }
  return bytes;
}

Result<void> FiguresFold::load(std::string_view bytes) {
  const auto damaged = [] { return data_loss("figures: the checkpoint is damaged"); };
  ByteReader in(bytes);
  if (in.u8() != kFiguresFormat)
    return data_loss("figures: the checkpoint is of a format that is not known");
  TRY(goals_.load(in.string()));
  rows_unseen_ = in.varint();
  now_ms_ = in.svarint();
  forget_until_ms_ = in.svarint();
  for (const auto& [groups, groups_max] :
       {std::pair(&slots_, kSlotsMax), std::pair(&bets_, kFigureBetsMax)}) {
    const std::size_t count = in.count(kGroupBytesMin);
    if (count > groups_max) return damaged();
    for (std::size_t i = 0; i < count; ++i) {
      FigureSums& sums = (*groups)[in.u64()];
      if (!read_group(in, sums)) return damaged();
      items_ += sums.items.size();
    }
  }
  const std::size_t count = in.count(kPendingBytes);
  if (count > kPendingDecisionsMax) return damaged();
  for (std::size_t i = 0; i < count; ++i) {
    DecisionId id;
    id.value.hi = in.u64();
    id.value.lo = in.u64();
    Pending pending;
    pending.slot = in.u64();
    pending.bet = in.u64();
    const std::uint8_t slot_side = in.u8(), bet_side = in.u8();
    if (slot_side > 2 || bet_side > 2) return damaged();
    pending.slot_side = static_cast<Side>(slot_side);
    pending.bet_side = static_cast<Side>(bet_side);
    pending.drawn = in.u8() != 0;
    pending.closes_ms = in.svarint();
    keep(id, pending);
  }
  if (!in.ok() || !in.at_end()) return damaged();
  return {};
}

}  // namespace ante

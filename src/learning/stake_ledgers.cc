#include "learning/stake_ledgers.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "decision/policy.h"

namespace ante {

namespace {

constexpr std::uint8_t kLedgersFormat = 2;

StakeLedger ledger_with(double allowed_loss) {
  StakeLedgerOptions options;
  options.allowed_loss = allowed_loss;
  return StakeLedger(options);
}

// Whether the decision risked, or could have risked, the slot's own stake.
bool stakes_for_the_slot(const Decision& decision) {
  if (!is_personalised(decision.arm) || decision.policy.policy_version == 0) return false;
  if (decision.bet.play != BetPlay::kNone && decision.bet.play != BetPlay::kShadow) return false;
  return serves_the_draw(decision);
}

}  // namespace

void StakeLedgers::change_slots() {
  for (const auto& [key, slot] : slots_.all()) {
    const auto book = books_.find(key);
    if (book != books_.end() && book->second.allowed_loss == slot.allowed_loss) continue;
    if (book != books_.end()) {
      std::erase_if(rounds_, [&](const auto& round) { return round.second.slot == key; });
      books_.erase(book);
    }
    if (slot.allowed_loss > 0)
      books_.emplace(key, Book{slot.allowed_loss, ledger_with(slot.allowed_loss)});
  }
}

void StakeLedgers::draw(const Decision& decision) {
  const auto book = books_.find(decision.slot);
  if (book == books_.end() || !stakes_for_the_slot(decision)) return;
  Round round;
  round.slot = decision.slot;
  round.bet = decision.policy.drawn_branch != kSafeBranch;
  const bool exploits = decision.policy.base_branch == kExploitBranch;
  round.stake = static_cast<double>(decision.policy.permitted) *
                (exploits ? 1 : static_cast<double>(decision.policy.stake));
  round.stake = std::min(round.stake, StakeLedgerOptions{}.stake_max);
  if (round.bet && round.stake <= 0) return;  // made before the slot had a ledger
  if (!rounds_.emplace(decision.id, round).second) return;
  book->second.ledger.draw(round.bet);
}

void StakeLedgers::settle(const Round& round) {
  StakeLedger& ledger = books_.at(round.slot).ledger;
  if (round.matured)
    ledger.settle(round.stake, round.bet, std::max(0.0, round.reward));
  else
    ledger.withdraw(round.bet);
}

void StakeLedgers::matured(const RewardRow& row) {
  const auto found = rounds_.find(row.decision);
  if (found == rounds_.end()) return;
  found->second.reward += row.reward;
  if (std::exchange(found->second.matured, true)) return;
  matured_.push_back(row.decision);
}

void StakeLedgers::consume(const CommittedRecord& record) {
  if (record.header.kind == RecordKind::kObject) {
    slots_.consume(record);
    change_slots();
  } else if (record.header.kind == RecordKind::kDecision && !books_.empty()) {
    if (const Decision* decision = decision_of(record)) draw(*decision);
  } else {
    return;
  }
  const TimeMs now_ms = record.header.received_at;
  while (!rounds_.empty() && (rounds_.size() > kPendingDecisionsMax ||
                              rounds_.begin()->first.time_ms() + kLedgerWaitMs < now_ms)) {
    if (rounds_.begin()->second.matured) break;  // settled at the end of this commit
    settle(rounds_.begin()->second);
    rounds_.erase(rounds_.begin());
  }
}

void StakeLedgers::commit_consumed(Commit) {
  for (const DecisionId id : matured_) {
    const auto found = rounds_.find(id);
    if (found == rounds_.end()) continue;
    settle(found->second);
    rounds_.erase(found);
  }
  matured_.clear();
  if (!books_.empty() || !permitted_.get()->empty()) publish();
}

void StakeLedgers::publish() {
  auto next = std::make_shared<PermittedStakes>();
  for (const auto& [key, book] : books_) next->emplace(key, book.ledger.stake());
  if (*next != *permitted_.get()) permitted_.publish(std::move(next));
}

std::string StakeLedgers::save() const {
  std::string bytes, slots;
  slots_.save(slots);
  ByteWriter out(bytes);
  out.u8(kLedgersFormat);
  out.string(slots);
  out.varint(books_.size());
  for (const auto& [key, book] : books_) {
    out.u64(key.value);
    book.ledger.save(out);
  }
  out.varint(rounds_.size());
  for (const auto& [id, round] : rounds_) {
    out.u64(id.value.hi);
    out.u64(id.value.lo);
    out.u64(round.slot.value);
    out.f64(round.stake);
    out.u8(round.bet ? 1 : 0);
  }
  return bytes;
}

Result<void> StakeLedgers::load(std::string_view bytes) {
  const Error damaged = data_loss("stake ledgers: the checkpoint is damaged");
  ByteReader in(bytes);
  if (in.u8() != kLedgersFormat)
    return data_loss("stake ledgers: the checkpoint is of a format that is not known");
  TRY(slots_.load(in.string()));
  change_slots();
  const std::size_t books = in.count(8 + 6 + 40);
  for (std::size_t i = 0; i < books; ++i) {
    const auto book = books_.find(SlotKey{in.u64()});
    if (book == books_.end() || !book->second.ledger.load(in)) return damaged;
  }
  const std::size_t rounds = in.count(16 + 8 + 8 + 1);
  for (std::size_t i = 0; i < rounds; ++i) {
    DecisionId id;
    id.value.hi = in.u64();
    id.value.lo = in.u64();
    Round round;
    round.slot = SlotKey{in.u64()};
    round.stake = in.f64();
    round.bet = in.u8() == 1;
    if (!in.ok() || books_.find(round.slot) == books_.end()) return damaged;
    rounds_.emplace(id, round);
  }
  if (!in.ok() || !in.at_end()) return damaged;
  publish();
  return {};
}

}  // namespace ante

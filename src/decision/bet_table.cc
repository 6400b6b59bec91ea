#include "decision/bet_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/bytes.h"

namespace ante {

namespace {

constexpr std::uint8_t kBetTableFormat = 1;

bool decides_or_watches(const Bet& bet) {
  return bet.state != BetState::kDraft && bet.state != BetState::kFolded;
}

Exclusion exclusion_of(const Bet& bet, const AudienceQuestion& of, PersonHash oldest_member,
                       const LeaveAloneAdvice* advice) {
  if (std::ranges::binary_search(bet.left_alone, oldest_member)) return Exclusion::kListed;
  if (std::ranges::binary_search(bet.left_alone, of.person.person)) return Exclusion::kListed;
  if (bet.left_alone_who && holds(*bet.left_alone_who, of)) return Exclusion::kRule;
  if (!bet.left_alone_learned || advice == nullptr) return Exclusion::kNone;
  return advice->exclusion(bet.id, of.traits);
}

void drop_oldest_folded(std::map<std::string, BetPointer, std::less<>>& by_id) {
  std::vector<std::pair<TimeMs, std::string>> folded;
  for (const auto& [id, bet] : by_id) {
    if (bet->state == BetState::kFolded) folded.emplace_back(bet->placed_at_ms, id);
  }
  if (folded.size() <= kFoldedBetsMax) return;
  std::ranges::sort(folded);
  for (std::size_t i = 0; i < folded.size() - kFoldedBetsMax; ++i) by_id.erase(folded[i].second);
}

}  // namespace

void BetTable::publish(std::map<std::string, BetPointer, std::less<>> by_id) {
  drop_oldest_folded(by_id);
  auto next = std::make_shared<Bets>();
  next->by_id = std::move(by_id);
  for (const auto& [id, bet] : next->by_id) {
    if (decides_or_watches(*bet)) next->by_slot[bet->slot].push_back(bet);
  }
  for (auto& [slot, bets] : next->by_slot) {
    std::ranges::sort(bets, {}, [](const BetPointer& bet) {
      const TimeMs since = bet->live_since_ms();
      return std::tuple(since == 0, since, std::string_view(bet->id));
    });
  }
  bets_.publish(std::move(next));
}

void BetTable::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kObject) return;
  const Result<Object> object = decode_object(record.body);
  if (!object || object->type != kBetObjectType) return;
  auto by_id = bets_.get()->by_id;
  if (object->deleted) {
    by_id.erase(object->id);
  } else {
    // What cannot be read any more leaves the bet as it was: the writer validated it.
    Result<Bet> bet = stored_bet_from_json(object->id, object->json);
    if (!bet) return;
    bet->version = object->version;
    by_id[object->id] = std::make_shared<const Bet>(*std::move(bet));
  }
  publish(std::move(by_id));
}

std::string BetTable::save() const {
  const auto bets = bets_.get();
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kBetTableFormat);
  out.varint(bets->by_id.size());
  for (const auto& [id, bet] : bets->by_id) {
    out.string(id);
    out.varint(bet->version);
    out.string(bet_to_json(*bet));
  }
  return bytes;
}

Result<void> BetTable::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kBetTableFormat)
    return data_loss("bets: the checkpoint is of a format that is not known");
  const std::size_t count = in.count(3);
  std::map<std::string, BetPointer, std::less<>> by_id;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const std::string id(in.string());
    const std::uint64_t version = in.varint();
    Result<Bet> bet = stored_bet_from_json(id, in.string());
    if (!in.ok() || !bet) return data_loss("bets: the checkpoint is damaged at bet '" + id + "'");
    bet->version = version;
    by_id[id] = std::make_shared<const Bet>(*std::move(bet));
  }
  if (!in.ok() || !in.at_end()) return data_loss("bets: the checkpoint is damaged");
  publish(std::move(by_id));
  return {};
}

BetChoice choose_bet(const Bets& bets, std::string_view slot, const AudienceQuestion& of,
                     PersonHash oldest_member, std::string_view salt,
                     const LeaveAloneAdvice* advice) {
  const auto found = bets.by_slot.find(slot);
  if (found == bets.by_slot.end()) return {};
  BetChoice watching;
  for (const BetPointer& bet : found->second) {
    const bool live = bet->live(of.now_ms);
    if (!live && (bet->state != BetState::kShadow || watching.bet != nullptr)) continue;
    if (!holds(bet->audience, of)) continue;
    BetChoice choice{bet, {bet->id, BetPlay::kShadow, Exclusion::kNone, 0}};
    if (!live) {
      watching = std::move(choice);
      continue;
    }
    choice.part.treated_buckets = buckets_of(bet->treated_share(of.now_ms));
    choice.part.exclusion = exclusion_of(*bet, of, oldest_member, advice);
    const std::string bet_salt = std::string(salt) + " bet " + bet->id;
    if (choice.part.exclusion != Exclusion::kNone)
      choice.part.play = BetPlay::kExcluded;
    else if (bucket_of(bet_salt, oldest_member) < choice.part.treated_buckets)
      choice.part.play = BetPlay::kTreated;
    else
      choice.part.play = BetPlay::kControl;
    return choice;
  }
  return watching;
}

}  // namespace ante

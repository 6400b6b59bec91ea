#include "domain/decision.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "domain/format_reader.h"

namespace ante {

namespace {

constexpr std::uint8_t kDecisionVersion = 3;  // 2: bet, prices, traits; 3: question
constexpr std::size_t kReasonsMax = 64;
constexpr std::size_t kReasonBytesMax = 1000;
constexpr std::size_t kSituationBytesMax = 1000;  // each text of the situation
constexpr std::size_t kHandItemBytes = 8 + 2 + 4 * 4 + kFeatureCount;
constexpr std::size_t kPlacementTopicsMax = 64;

// One append a hand item: sixty-four of them are most of a record.
void write_hand_item(ByteWriter& out, const HandItem& item) {
  std::array<char, kHandItemBytes> bytes;
  char* at = bytes.data();
  const auto put = [&at](const auto& value) {
    std::memcpy(at, &value, sizeof value);
    at += sizeof value;
  };
  put(item.item.value);
  put(item.sources);
  put(finite_or_zero(item.gain_mean));
  put(finite_or_zero(item.gain_sd));
  put(finite_or_zero(item.probability));
  put(finite_or_zero(item.explore_weight));
  put(item.features);
  out.raw(std::string_view(bytes.data(), bytes.size()));
}

HandItem read_hand_item(FormatReader& in) {
  HandItem item;
  item.item = ItemKey{in.u64()};
  item.sources = in.u16();
  item.gain_mean = in.f32();
  item.gain_sd = in.f32();
  item.probability = in.f32();
  item.explore_weight = in.f32();
  const std::string_view features = in.raw(kFeatureCount);
  if (features.size() == kFeatureCount)
    std::memcpy(item.features.data(), features.data(), kFeatureCount);
  return item;
}

void write_keys(ByteWriter& out, const std::vector<ItemKey>& keys) {
  out.varint(keys.size());
  for (const ItemKey key : keys) out.u64(key.value);
}

std::vector<ItemKey> read_keys(FormatReader& in, std::size_t count_max) {
  std::vector<ItemKey> keys(in.count(8, count_max));
  for (ItemKey& key : keys) key = ItemKey{in.u64()};
  return keys;
}

void write_placement(ByteWriter& out, const Placement& placement) {
  CHECK(placement.topics.size() <= kPlacementTopicsMax);
  out.u64(placement.item.value);
  out.string(placement.item_id);
  out.f32(finite_or_zero(placement.propensity));
  out.u8(placement.hand_index);
  out.varint(placement.topics.size());
  for (const TopicKey topic : placement.topics) out.u64(topic.value);
}

Placement read_placement(FormatReader& in) {
  Placement placement;
  placement.item = ItemKey{in.u64()};
  placement.item_id = in.string(kIdBytesMax);
  placement.propensity = in.f32();
  placement.hand_index = in.u8();
  placement.topics.resize(in.count(8, kPlacementTopicsMax));
  for (TopicKey& topic : placement.topics) topic = TopicKey{in.u64()};
  return placement;
}

void write_situation(ByteWriter& out, const Situation& situation) {
  out.u64(situation.item.value);
  for (const std::string* text :
       {&situation.device, &situation.referrer, &situation.task, &situation.query}) {
    out.string(std::string_view(*text).substr(0, kSituationBytesMax));
  }
  out.u8(situation.hour);
  out.u8(situation.weekday);
}

Situation read_situation(FormatReader& in) {
  Situation situation;
  situation.item = ItemKey{in.u64()};
  situation.device = in.string(kSituationBytesMax);
  situation.referrer = in.string(kSituationBytesMax);
  situation.task = in.string(kSituationBytesMax);
  situation.query = in.string(kSituationBytesMax);
  situation.hour = in.u8();
  situation.weekday = in.u8();
  return situation;
}

void write_policy(ByteWriter& out, const PolicyTrace& policy) {
  out.u64(policy.seed);
  out.u32(policy.policy_version);
  out.f32(finite_or_zero(policy.stake));
  out.u8(policy.base_branch);
  out.u8(policy.drawn_branch);
}

PolicyTrace read_policy(FormatReader& in) {
  PolicyTrace policy;
  policy.seed = in.u64();
  policy.policy_version = in.u32();
  policy.stake = in.f32();
  policy.base_branch = in.u8();
  policy.drawn_branch = in.u8();
  return policy;
}

void write_bet(ByteWriter& out, const BetPart& bet) {
  out.string(bet.id);
  out.u8(static_cast<std::uint8_t>(bet.play));
  out.u8(static_cast<std::uint8_t>(bet.exclusion));
  out.u16(bet.treated_buckets);
}

BetPart read_bet(FormatReader& in) {
  BetPart bet;
  bet.id = in.string(kIdBytesMax);
  bet.play = in.enumerator(BetPlay::kNone, BetPlay::kShadow, "bet play");
  bet.exclusion = in.enumerator(Exclusion::kNone, Exclusion::kSleepingDog, "exclusion");
  bet.treated_buckets = in.u16();
  return bet;
}

void write_prices(ByteWriter& out, const Prices& prices) {
  for (const float price : {prices.miss, prices.creep, prices.information, prices.exploring})
    out.f32(finite_or_zero(price));
}

Prices read_prices(FormatReader& in) {
  Prices prices;
  for (float* price : {&prices.miss, &prices.creep, &prices.information, &prices.exploring})
    *price = in.f32();
  return prices;
}

Traits read_traits(FormatReader& in) {
  Traits traits;
  for (std::uint8_t& level : traits.level) level = in.u8();
  if (!valid(traits)) {
    in.refuse("a trait has a level that is not known");
    return {};
  }
  return traits;
}

void check_limits(const Decision& decision) {
  CHECK(decision.hand.size() <= kHandItemsMax && decision.served.size() <= kSlatePlacesMax);
  CHECK(decision.safe_default.size() <= kSafeDefaultItemsMax &&
        decision.would_have.size() <= kSlatePlacesMax);
  CHECK(decision.people.size() <= kLinkMembersMax && decision.reasons.size() <= kReasonsMax);
}

}  // namespace

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::kBet:
      return "bet";
    case Outcome::kExplore:
      return "explore";
    case Outcome::kAbstain:
      return "abstain";
    case Outcome::kHoldout:
      return "holdout";
    case Outcome::kGeneral:
      return "general";
    case Outcome::kNoConsent:
      return "no_consent";
    case Outcome::kPaused:
      return "paused";
    case Outcome::kFallback:
      return "fallback";
    case Outcome::kControl:
      return "control";
  }
  return "unknown";
}

const char* to_string(Fallback fallback) {
  switch (fallback) {
    case Fallback::kNone:
      return "none";
    case Fallback::kNoProfile:
      return "no_profile";
    case Fallback::kNoModel:
      return "no_model";
    case Fallback::kNoCandidates:
      return "no_candidates";
    case Fallback::kDeadline:
      return "deadline";
    case Fallback::kOverload:
      return "overload";
    case Fallback::kSlotInShadow:
      return "slot_in_shadow";
    case Fallback::kFellBack:
      return "fell_back";
    case Fallback::kNoOtherLists:
      return "no_other_lists";
  }
  return "unknown";
}

const char* to_string(Arm arm) {
  switch (arm) {
    case Arm::kTreated:
      return "treated";
    case Arm::kHoldout:
      return "holdout";
    case Arm::kBestSingle:
      return "best_single";
    case Arm::kShuffled:
      return "shuffled";
    case Arm::kTrending:
      return "trending";
    case Arm::kWithoutTold:
      return "without_told";
    case Arm::kWithoutNoticed:
      return "without_noticed";
    case Arm::kWithoutImported:
      return "without_imported";
    case Arm::kWithoutSituation:
      return "without_situation";
  }
  return "unknown";
}

const char* to_string(DataSource source) {
  switch (source) {
    case DataSource::kTold:
      return "told";
    case DataSource::kNoticed:
      return "noticed";
    case DataSource::kImported:
      return "imported";
    case DataSource::kSituation:
      return "situation";
  }
  return "unknown";
}

const char* to_string(Rung rung) {
  switch (rung) {
    case Rung::kEverybody:
      return "everybody";
    case Rung::kSegment:
      return "segment";
    case Rung::kCluster:
      return "cluster";
    case Rung::kPerson:
      return "person";
  }
  return "unknown";
}

const char* to_string(BetPlay play) {
  switch (play) {
    case BetPlay::kNone:
      return "none";
    case BetPlay::kTreated:
      return "treated";
    case BetPlay::kControl:
      return "control";
    case BetPlay::kExcluded:
      return "excluded";
    case BetPlay::kShadow:
      return "shadow";
  }
  return "unknown";
}

const char* to_string(Exclusion exclusion) {
  switch (exclusion) {
    case Exclusion::kNone:
      return "none";
    case Exclusion::kListed:
      return "listed";
    case Exclusion::kRule:
      return "rule";
    case Exclusion::kSureThing:
      return "sure_thing";
    case Exclusion::kLostCause:
      return "lost_cause";
    case Exclusion::kSleepingDog:
      return "sleeping_dog";
  }
  return "unknown";
}

bool serves_the_draw(const Decision& decision) {
  switch (decision.outcome) {
    case Outcome::kBet:
    case Outcome::kExplore:
      return true;
    case Outcome::kAbstain:
      return decision.fallback == Fallback::kNone && decision.bet.play != BetPlay::kControl &&
             decision.bet.play != BetPlay::kExcluded;
    case Outcome::kFallback:
      return decision.fallback == Fallback::kNoModel;
    case Outcome::kHoldout:
    case Outcome::kGeneral:
    case Outcome::kNoConsent:
    case Outcome::kPaused:
    case Outcome::kControl:
      return false;
  }
  return false;
}

std::string encode(const Decision& decision) {
  check_limits(decision);
  std::string bytes;
  bytes.reserve(400 + decision.hand.size() * kHandItemBytes + decision.served.size() * 100);
  ByteWriter out(bytes);
  out.u8(kDecisionVersion);
  write_hash(out, decision.id.value);
  out.varint(decision.tenant.value);
  out.varint(decision.people.size());
  for (const PersonHash person : decision.people) write_hash(out, person.value);
  out.u64(decision.slot.value);
  out.string(decision.slot_name);
  out.svarint(decision.at_ms);
  out.u8(static_cast<std::uint8_t>(decision.outcome));
  out.u8(static_cast<std::uint8_t>(decision.fallback));
  out.u8(static_cast<std::uint8_t>(decision.arm));
  out.u8(static_cast<std::uint8_t>(decision.rung));
  out.u8(decision.activated ? 1 : 0);
  out.string(std::string_view(decision.asked).substr(0, kIdBytesMax));
  write_situation(out, decision.situation);
  out.varint(decision.versions.profile);
  out.varint(decision.versions.catalog);
  out.varint(decision.versions.model);
  write_policy(out, decision.policy);
  out.f32(finite_or_zero(decision.attention_cost));
  out.varint(decision.hand.size());
  for (const HandItem& item : decision.hand) write_hand_item(out, item);
  out.varint(decision.candidate_count);
  write_hash(out, decision.candidate_digest);
  write_keys(out, decision.safe_default);
  out.varint(decision.served.size());
  for (const Placement& placement : decision.served) write_placement(out, placement);
  write_keys(out, decision.would_have);
  out.varint(decision.reasons.size());
  for (const std::string& reason : decision.reasons)
    out.string(std::string_view(reason).substr(0, kReasonBytesMax));
  out.f32(finite_or_zero(decision.policy.permitted));
  out.u8(decision.policy.places);
  write_bet(out, decision.bet);
  write_prices(out, decision.prices);
  for (const std::uint8_t level : decision.traits.level) out.u8(level);
  return bytes;
}

namespace {

// The first part of a decision: all that does not depend on its hand.
void read_head(FormatReader& in, Decision& decision) {
  decision.id = DecisionId{in.hash()};
  decision.tenant = TenantId{static_cast<std::uint32_t>(in.at_most(UINT32_MAX, "tenant"))};
  decision.people.resize(in.count(16, kLinkMembersMax));
  for (PersonHash& person : decision.people) person = PersonHash{in.hash()};
  decision.slot = SlotKey{in.u64()};
  decision.slot_name = in.string(kIdBytesMax);
  decision.at_ms = in.svarint();
  decision.outcome = in.enumerator(Outcome::kBet, Outcome::kControl, "outcome");
  decision.fallback = in.enumerator(Fallback::kNone, Fallback::kNoOtherLists, "fallback");
  decision.arm = in.enumerator(Arm::kTreated, kLastArm, "arm");
  decision.rung = in.enumerator(Rung::kEverybody, Rung::kPerson, "rung");
  const std::uint8_t activated = in.u8();
  if (activated > 1) in.refuse("unknown flags");
  decision.activated = activated == 1;
  if (in.version() >= 3) decision.asked = in.string(kIdBytesMax);
}

}  // namespace

namespace {

// Between the head and the hand.
void read_making(FormatReader& in, Decision& decision) {
  decision.situation = read_situation(in);
  decision.versions.profile = in.varint();
  decision.versions.catalog = in.varint();
  decision.versions.model = in.varint();
  decision.policy = read_policy(in);
  decision.attention_cost = in.f32();
}

}  // namespace

Result<DecisionHead> decode_decision_head(std::string_view bytes) {
  FormatReader in("decision", bytes, kDecisionVersion);
  Decision decision;
  read_head(in, decision);
  read_making(in, decision);
  in.raw(in.count(kHandItemBytes, kHandItemsMax) * kHandItemBytes);
  in.varint();
  in.hash();
  in.raw(in.count(8, kSafeDefaultItemsMax) * 8);
  DecisionHead head{decision.id,
                    decision.people.empty() ? PersonHash{} : decision.people.back(),
                    decision.slot,
                    decision.at_ms,
                    decision.activated,
                    !decision.asked.empty(),
                    {}};
  const std::size_t served = in.count(15, kSlatePlacesMax);
  for (std::size_t i = 0; i < served && in.ok(); ++i)
    head.served.push_back(read_placement(in).item);
  if (!in.ok()) TRY(in.finish());
  return head;
}

const Decision* decision_of(const CommittedRecord& record) {
  struct Last {
    std::string body;
    Decision decision;
    bool readable = false;
  };
  thread_local Last last;
  if (last.body != record.body) {
    auto decision = decode_decision(record.body);
    last.readable = decision.has_value();
    if (last.readable) last.decision = *std::move(decision);
    last.body.assign(record.body);
  }
  return last.readable ? &last.decision : nullptr;
}

Result<Decision> decode_decision(std::string_view bytes) {
  FormatReader in("decision", bytes, kDecisionVersion);
  Decision decision;
  read_head(in, decision);
  read_making(in, decision);
  const std::size_t hand_size = in.count(kHandItemBytes, kHandItemsMax);
  decision.hand.reserve(hand_size);
  for (std::size_t i = 0; i < hand_size && in.ok(); ++i)
    decision.hand.push_back(read_hand_item(in));
  decision.candidate_count = static_cast<std::uint32_t>(in.at_most(UINT32_MAX, "candidate count"));
  decision.candidate_digest = in.hash();
  decision.safe_default = read_keys(in, kSafeDefaultItemsMax);
  const std::size_t served = in.count(15, kSlatePlacesMax);
  for (std::size_t i = 0; i < served && in.ok(); ++i) decision.served.push_back(read_placement(in));
  decision.would_have = read_keys(in, kSlatePlacesMax);
  const std::size_t reasons = in.count(1, kReasonsMax);
  for (std::size_t i = 0; i < reasons && in.ok(); ++i)
    decision.reasons.push_back(in.string(kReasonBytesMax));
  if (in.version() >= 2) {
    decision.policy.permitted = in.f32();
    decision.policy.places = in.u8();
    decision.bet = read_bet(in);
    decision.prices = read_prices(in);
    decision.traits = read_traits(in);
  }
  TRY(in.finish());
  return decision;
}

std::string activation_message_id(const Activation& activation) {
  std::string id = "activate:" + to_string(activation.decision);
  for (const ItemKey item : activation.items) {
    std::array<char, 16> digits;
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), item.value, 16);
    id.append(":").append(digits.data(), end);
  }
  return id;
}

std::string encode(const Activation& activation) {
  CHECK(activation.items.size() <= kSlatePlacesMax);
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  write_hash(out, activation.decision.value);
  out.u64(activation.slot.value);
  write_keys(out, activation.items);
  return bytes;
}

Result<Activation> decode_activation(std::string_view bytes) {
  FormatReader in("activation", bytes);
  Activation activation;
  activation.decision = DecisionId{in.hash()};
  activation.slot = SlotKey{in.u64()};
  activation.items = read_keys(in, kSlatePlacesMax);
  TRY(in.finish());
  return activation;
}

std::string encode(const Reward& reward) {
  CHECK(reward.measure.size() <= kMeasureBytesMax);
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kFormatVersion);
  write_hash(out, reward.decision.value);
  out.u64(reward.slot.value);
  out.u64(reward.item.value);
  out.u8(reward.position);
  out.u8(static_cast<std::uint8_t>(reward.arm));
  out.f32(finite_or_zero(reward.propensity));
  out.string(reward.measure);
  out.f64(finite_or_zero(reward.value));
  return bytes;
}

Result<Reward> decode_reward(std::string_view bytes) {
  FormatReader in("reward", bytes);
  Reward reward;
  reward.decision = DecisionId{in.hash()};
  reward.slot = SlotKey{in.u64()};
  reward.item = ItemKey{in.u64()};
  reward.position = in.u8();
  reward.arm = in.enumerator(Arm::kTreated, kLastArm, "arm");
  reward.propensity = in.f32();
  reward.measure = in.string(kMeasureBytesMax);
  reward.value = in.f64();
  TRY(in.finish());
  return reward;
}

}  // namespace ante

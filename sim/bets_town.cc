#include "sim/bets_town.h"

#include <charconv>
#include <future>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/random.h"
#include "base/time_text.h"
#include "domain/item.h"

namespace ante::sim {

namespace {

constexpr TimeMs kTownStartMs = 1'700'000'000'000;
constexpr DurationMs kNeverMs = 400 * kDayMs;  // no checkpoint is wanted of a town
constexpr std::size_t kClicksOfBatch = 500;
const Author kTownClerk{"sim", "a world of bets"};

EngineOptions town_options(std::uint64_t seed) {
  EngineOptions options;
  Random random(mix64(seed + 1));
  for (std::uint8_t& byte : options.secret) byte = static_cast<std::uint8_t>(random.next());
  options.seed = random.next();
  options.entropy = [](std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = 7;
  };
  options.journal.checkpoint_interval_ms = kNeverMs;
  options.journal.checkpoint_records = UINT64_MAX;
  options.journal.follower_checkpoint_ms = kNeverMs;
  return options;
}

std::string person_name(std::uint64_t person) { return fmt::format("p{}", person); }

}  // namespace

std::string item_id(std::size_t item) { return fmt::format("item-{}", item); }

std::size_t item_number(const Placement& place) {
  constexpr std::size_t kPrefix = 5;  // "item-"
  std::size_t number = 0;
  const std::string& id = place.item_id;
  CHECK(id.size() > kPrefix);
  const auto [end, error] = std::from_chars(id.data() + kPrefix, id.data() + id.size(), number);
  CHECK(error == std::errc() && end == id.data() + id.size());
  return number;
}

ItemKey greedy_choice(const DecideAnswer& answer) {
  const bool bets = answer.decision.policy.base_branch == 1 && !answer.exploit_ranking.empty();
  if (bets) return answer.exploit_ranking.front();
  return answer.decision.safe_default.empty() ? ItemKey{} : answer.decision.safe_default.front();
}

BetsTown::BetsTown(std::uint64_t seed) : clock_(kTownStartMs) {
  auto opened = Engine::open(store_, clock_, metrics_, town_options(seed),
                             [](const Error&) { CHECK(false); });
  CHECK(opened.has_value());
  engine_ = std::move(*opened);
}

BetsTown::~BetsTown() = default;

void BetsTown::put_items(std::size_t count, std::size_t topics) {
  std::vector<Item> items;
  for (std::size_t i = 0; i < count; ++i) {
    Item item;
    item.id = item_id(i);
    item.key = item_key(item.id);
    item.title = item.id;
    item.topics = {fmt::format("topic-{}", i % topics)};
    item.topic_keys = {topic_key(item.topics.front())};
    item.published_at_ms = clock_.now_ms();
    item.evergreen = true;
    items.push_back(std::move(item));
  }
  CHECK(engine_->put_items_and_wait(std::move(items)).has_value());
}

void BetsTown::put_slot(const std::string& name, const std::string& more) {
  const std::string json =
      fmt::format(R"({{"limit":1,"repeatLimit":{{"exposures":0}},)"
                  R"("brief":{{"waived":{{"by":"sim","reason":"a world"}}}},{}}})",
                  more);
  const auto put = engine_->put_slot(name, json, kTownClerk, {});
  if (!put) fmt::print(stderr, "{}\n", put.error().message);
  CHECK(put.has_value());
}

void BetsTown::open_bet(const BetSpec& bet) {
  const std::string json = fmt::format(
      R"({{"need":"known","slot":"{}","owner":"sim","audience":{{"everybody":true}},)"
      R"("content":{{"items":["{}"]}},"insteadOf":{{"items":["{}"]}},"stake":{},"expires":"{}",)"
      R"("leaveAlone":{{"learned":{}}}}})",
      bet.slot, item_id(bet.content), item_id(bet.instead), bet.stake,
      format_time(clock_.now_ms() + bet.run_ms), bet.leave_alone_learned);
  const auto put = engine_->put_bet(bet.id, json, kTownClerk, 0);
  if (!put) fmt::print(stderr, "{}\n", put.error().message);
  CHECK(put.has_value());
  for (const BetState state : {BetState::kSmallStake, BetState::kOpen})
    CHECK(engine_->move_bet(bet.id, state, kTownClerk, {}).has_value());
}

DecideAnswer BetsTown::visit(const Visit& visit) {
  DecideRequest request;
  request.slot = visit.slot;
  request.person = person_hash(engine_->person_key(), kFirstTenant,
                               {RoutingKind::kAnonymous, person_name(visit.person)});
  request.situation = visit.situation;
  request.candidates = visit.candidates;
  Result<DecideAnswer> answer = engine_->decisions().decide(request);
  CHECK(answer.has_value());
  return std::move(*answer);
}

void BetsTown::reward(const DecideAnswer& answer) {
  const Result<ImpressionToken> token = engine_->signer().verify(answer.tokens.front());
  CHECK(token.has_value());
  Reward reward;
  reward.decision = token->decision;
  reward.slot = token->slot;
  reward.item = token->item;
  reward.position = token->position;
  reward.arm = token->arm;
  reward.propensity = token->propensity;
  reward.measure = "click";
  NewRecord record;
  record.partition = partition_of(token->person);
  record.header = {RecordKind::kReward, kFirstTenant, token->person, clock_.now_ms(),
                   clock_.now_ms()};
  record.body = encode(reward);
  CHECK(engine_->journal().append_unacknowledged(std::move(record)));
}

void BetsTown::click(std::uint64_t person, std::size_t item) {
  clicks_ += clicks_.empty() ? "{\"batch\":[" : ",";
  clicks_ += fmt::format(
      R"({{"type":"track","event":"Article Clicked","anonymousId":"{}","messageId":"m{}",)"
      R"("timestamp":"{}","properties":{{"itemId":"{}"}}}})",
      person_name(person), ++messages_, format_time(clock_.now_ms()), item_id(item));
  if (++click_count_ == kClicksOfBatch) send_clicks();
}

void BetsTown::send_clicks() {
  if (clicks_.empty()) return;
  IngestCaller caller;
  caller.key = KeyClass::kSecret;
  std::promise<void> done;
  engine_->ingest().accept(caller, EndpointKind::kBatch, clicks_ + "]}",
                           [&done](const IngestReply& reply) {
                             CHECK(!reply.refused && reply.rejected.empty());
                             done.set_value();
                           });
  done.get_future().wait();
  clicks_.clear();
  click_count_ = 0;
}

void BetsTown::flush() { CHECK(engine_->journal().flush().has_value()); }

void BetsTown::strike() {
  send_clicks();
  flush();
  clock_.advance_to(clock_.now_ms() + kHourMs);
  // Time passes for the followers with the next record: somebody looks at the clock.
  Event look;
  look.kind = EventKind::kPage;
  look.name = "clock";
  NewRecord record;
  const PersonHash nobody =
      person_hash(engine_->person_key(), kFirstTenant, {RoutingKind::kAnonymous, "clock"});
  record.partition = partition_of(nobody);
  record.header = {RecordKind::kEvent, kFirstTenant, nobody, clock_.now_ms(), clock_.now_ms()};
  record.body = encode(look);
  CHECK(engine_->journal().append_unacknowledged(std::move(record)));
  flush();
}

}  // namespace ante::sim

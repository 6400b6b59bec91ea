// Bets and predicates from JSON: what is taken, what is refused and in which words, and which moves
// there are.

#include "domain/bet.h"

#include <gtest/gtest.h>

#include "base/json_parser.h"
#include "base/json_writer.h"

namespace ante {
namespace {

const SecretKey kBetKey{1, 2, 3};
const PersonKey kBetPeople{kBetKey, kFirstTenant};

std::string bet_with(std::string_view more) {
  std::string json = R"({"need":"a long evening read","slot":"article-end","owner":"ines",)"
                     R"("audience":{"trait":{"name":"daypart","in":["evening"]}},)"
                     R"("content":{"items":["a","b","c","d"]},"expires":"2027-01-31T00:00:00Z")";
  if (!more.empty()) json.append(",").append(more);
  return json + "}";
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(BetJson, ReadsBackWhatItWrites) {
  for (const std::string_view more :
       {R"("stake":0.2,"odds":0.6,"stop":{"losing":false},"insteadOf":{"items":["z"]})",
        R"("leaveAlone":{"people":["user:u1","anonymous:a1","user:u1"],"learned":false,)"
        R"("who":{"not":{"fact":{"name":"plan","is":"gold"}}}})",
        R"("version":4,"id":"evening")", ""}) {
    const auto said = bet_from_json("evening", bet_with(more), kBetPeople);
    ASSERT_TRUE(said.has_value()) << said.error().message;
    Bet bet = *said;
    bet.state = BetState::kOpen;
    bet.placed_at_ms = 1'800'000'000'123;
    bet.moves = {{1'800'000'000'200, BetState::kDraft, BetState::kSmallStake, "ines", "go"},
                 {1'800'000'000'300, BetState::kSmallStake, BetState::kOpen, "rule", "paying"}};
    bet.stated = {{1'800'000'000'200, "model", 0.4}};
    bet.result = BetResult{1'800'000'000'400, 100,     90,   -0.25, -0.5, 0.125, -0.1, 0.05,
                           "losing",          "Lost.", false};
    const auto back = stored_bet_from_json("evening", bet_to_json(bet));
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, bet);
  }
  EXPECT_EQ(
      bet_from_json("e", bet_with(R"("leaveAlone":{"people":["user:u1","user:u1"]})"), kBetPeople)
          ->left_alone,
      (std::vector{person_hash(kBetKey, kFirstTenant, {RoutingKind::kUser, "u1"})}));
}

TEST(BetJson, NobodyIsStoredInTheClear) {
  const auto bet = bet_from_json(
      "e", bet_with(R"("leaveAlone":{"people":["user:ann@example.org"]})"), kBetPeople);
  ASSERT_TRUE(bet.has_value());
  EXPECT_EQ(bet_to_json(*bet).find("ann@"), std::string::npos);
}

TEST(BetJson, RefusesWithThePointer) {
  const std::string good = bet_with("");
  const struct {
    std::string json;
    std::string_view message;
  } rows[] = {
      {"[]", "#: a bet must be an object, found an array"},
      {"{", "JSON"},
      {replaced(good, R"("need":"a long evening read",)", ""), "#/need: is missing"},
      {replaced(good, R"("owner":"ines",)", ""), "#/owner: is missing"},
      {replaced(good, R"("audience":{"trait":{"name":"daypart","in":["evening"]}},)", ""),
       "#/audience: is missing"},
      {replaced(good, R"("content":{"items":["a","b","c","d"]},)", ""), "#/content: is missing"},
      {replaced(good, R"({"items":["a","b","c","d"]})", R"({"items":[]})"), "#/content: must name"},
      {replaced(good, R"({"items":["a","b","c","d"]})", R"({"items":["a"],"topic":"t"})"),
       "#/content: must name"},
      {replaced(good, R"(["a","b","c","d"])", R"(["a","b","a"])"), "'a' twice"},
      {replaced(good, R"(,"expires":"2027-01-31T00:00:00Z")", ""), "#/expires: is missing"},
      {replaced(good, "2027-01-31T00:00:00Z", "tomorrow"), "#/expires"},
      {bet_with(R"("stake":0)"), "#/stake: must be above 0"},
      {bet_with(R"("stake":1)"), "#/stake"},
      {bet_with(R"("odds":1.5)"), "#/odds"},
      {bet_with(R"("state":"open")"), "#/state: is no field of this object"},
      {bet_with(R"("moves":[])"), "#/moves: is no field"},
      {bet_with(R"("leaveAlone":{"people":["ann"]})"), "#/leaveAlone/people: 'ann' is nobody"},
      {bet_with(R"("insteadOf":{"items":[]})"), "#/insteadOf/items"},
  };
  for (const auto& row : rows) {
    const auto bet = bet_from_json("evening", row.json, kBetPeople);
    ASSERT_FALSE(bet.has_value()) << row.json;
    EXPECT_EQ(bet.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(bet.error().message.find(row.message), std::string::npos)
        << bet.error().message << " instead of " << row.message;
  }
  EXPECT_FALSE(bet_from_json("No Id", good, kBetPeople).has_value());
  EXPECT_FALSE(bet_from_json("", good, kBetPeople).has_value());
}

TEST(Bet, MovesForwardAndNeverFromFolded) {
  using enum BetState;
  const BetState all[] = {kDraft, kShadow, kSmallStake, kOpen, kFolded, kBanked};
  for (const BetState state : all) {
    EXPECT_EQ(parse_bet_state(to_string(state)), state);
    EXPECT_FALSE(may_move(kFolded, state));
    EXPECT_FALSE(may_move(state, state));
    EXPECT_EQ(may_move(state, kFolded), state != kFolded);
  }
  EXPECT_TRUE(may_move(kDraft, kShadow) && may_move(kShadow, kSmallStake) &&
              may_move(kSmallStake, kOpen) && may_move(kOpen, kBanked));
  EXPECT_FALSE(may_move(kDraft, kOpen));
  EXPECT_FALSE(may_move(kBanked, kOpen));
  EXPECT_FALSE(parse_bet_state("Open").has_value());
}

TEST(Bet, StakesWhatItsStateAllows) {
  Bet bet;
  bet.stake = 0.4;
  bet.expires_at_ms = 1000;
  for (const BetState idle : {BetState::kDraft, BetState::kShadow, BetState::kFolded}) {
    bet.state = idle;
    EXPECT_EQ(bet.treated_share(10), 0);
  }
  bet.state = BetState::kSmallStake;
  EXPECT_EQ(bet.treated_share(999), kSmallStakeMax);
  EXPECT_EQ(bet.treated_share(1000), 0);
  bet.state = BetState::kOpen;
  EXPECT_EQ(bet.treated_share(999), 0.4);
  bet.moves = {{2000, BetState::kOpen, BetState::kBanked, "rule", ""}};
  bet.state = BetState::kBanked;
  EXPECT_EQ(bet.treated_share(2000), 1 - kBankedControl);
  EXPECT_EQ(bet.treated_share(2000 + kBankedMs), 0);
}

TEST(Bet, ReadsAloud) {
  const auto bet = bet_from_json("evening", bet_with(R"("stake":0.2)"), kBetPeople);
  EXPECT_EQ(to_words(*bet),
            "Because of a long evening read, for daypart evening, we show a, b, c and 1 more "
            "instead of the slot's safe default in article-end, at stake 20 %, until 2027-01-31.");
}

Result<Predicate> predicate(std::string_view json) {
  JsonParser parser(10'000);
  const simdjson::dom::element root = TRY(parser.parse(R"({"p":)" + std::string(json) + "}"));
  JsonRefusal refusal;
  const JsonFields fields(root.get_object().value_unsafe(), "#", {}, refusal);
  auto read = read_predicate(fields, "p");
  if (refusal.first) return *refusal.first;
  return *std::move(read);
}

TEST(Predicate, ReadsBackWhatItWrites) {
  for (const std::string_view json :
       {R"({"everybody":true})",
        R"({"all":[{"trait":{"name":"visits","in":["few","regular"]}},)"
        R"({"not":{"task":{"in":["gift"]}}}]})",
        R"({"any":[{"fact":{"name":"age","atLeast":18,"atMost":30}},)"
        R"({"fact":{"name":"plan","in":["a","b"]}}]})",
        R"({"topic":{"name":"whisky","told":true}})",
        R"({"topic":{"name":"whisky","atLeast":0.25}})", R"({"item":{"id":"x","was":"touched"}})",
        R"({"count":{"of":"visits","atMost":3}})", R"({"fact":{"name":"plan","exists":false}})"}) {
    const auto read = predicate(json);
    ASSERT_TRUE(read.has_value()) << json << read.error().message;
    std::string out;
    JsonWriter writer(out);
    write_predicate(writer, *read);
    const auto again = predicate(out);
    ASSERT_TRUE(again.has_value()) << out << again.error().message;
    EXPECT_EQ(*again, *read);
    EXPECT_FALSE(to_words(*read).empty());
  }
}

TEST(Predicate, RefusesWhatAsksNothingOrTooMuch) {
  std::string deep = R"({"everybody":true})";
  for (int i = 0; i < 5; ++i) deep = R"({"not":)" + deep + "}";
  std::string wide = R"({"any":[)";
  for (int i = 0; i < 70; ++i) wide += std::string(i > 0 ? "," : "") + R"({"everybody":true})";
  const struct {
    std::string json;
    std::string_view message;
  } rows[] = {
      {"7", "#/p"},
      {"{}", "exactly one question"},
      {R"({"everybody":true,"all":[]})", "exactly one question"},
      {R"({"everybody":false})", "for nobody there is no bet"},
      {R"({"all":[]})", "#/p/all: must be a list of at least one question"},
      {R"({"all":[7]})", "#/p/all: must hold objects"},
      {R"({"trait":{"name":"shoe","in":["big"]}})", "#/p/trait/name: must be one of device"},
      {R"({"trait":{"name":"visits","in":["never"]}})", "must name levels of visits: first, few"},
      {R"({"trait":{"name":"visits","in":[]}})", "must name at least one level"},
      {R"({"fact":{"name":"plan"}})", "must say one of"},
      {R"({"fact":{"name":"plan","is":"a","exists":true}})", "must say one of"},
      {R"({"fact":{"name":"age","atLeast":9,"atMost":3}})", "nobody could be meant"},
      {R"({"topic":{"name":"whisky"}})", "either told or atLeast"},
      {R"({"item":{"id":"x","was":"eaten"}})", "must be one of bought"},
      {R"({"count":{"of":"pages","atLeast":1}})", "must be one of events"},
      {R"({"script":"1 == 1"})", "is no field of this object"},
      {deep, "is too large"},
      {wide + "]}", "is too large"},
  };
  for (const auto& row : rows) {
    const auto read = predicate(row.json);
    ASSERT_FALSE(read.has_value()) << row.json;
    EXPECT_NE(read.error().message.find(row.message), std::string::npos)
        << read.error().message << " instead of " << row.message;
  }
}

}  // namespace
}  // namespace ante

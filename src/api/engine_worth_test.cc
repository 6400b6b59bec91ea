// The ledger and the losers in the whole engine: people come, one place harms, it costs money.

#include <optional>

#include <gtest/gtest.h>

#include "api/books.h"
#include "api/test_engine.h"

namespace ante {
namespace {

constexpr const char* kBet =
    R"({"need":"n","slot":"home","owner":"ines","audience":{"everybody":true},)"
    R"("content":{"items":["bet"]},"stake":0.5,"odds":0.6,"expires":"2026-03-01T00:00:00Z"})";

class EngineWorthTest : public TestEngine {
 protected:
  EngineWorthTest() {
    put_items({"safe", "bet"});
    EXPECT_TRUE(engine_->put_slot(
        "home",
        R"({"limit":1,"safeDefault":{"items":["safe"]},"stake":0.5,"holdout":0.3,)"
        R"("attentionCost":0.001,"goal":{"windowMs":60000},)"
        R"("brief":{"waived":{"by":"t","reason":"t"}}})",
        kMe, 0));
  }

  // New people come, every other on a phone; treated ones do it with one chance, held out ones with
  // the other; treated ones on a phone with another.
  void come(int people, double treated, double held_out, std::optional<double> phone = {}) {
    for (int i = 0; i < people; ++i) {
      const bool on_phone = i % 2 == 0;
      const Decision decision =
          decide(somebody_new(), "home", on_phone ? "phone" : "desktop").decision;
      const double bet = on_phone ? phone.value_or(treated) : treated;
      if (random_.uniform() < (decision.arm == Arm::kHoldout ? held_out : bet))
        note_reward(decision);
    }
    pass(2 * kMinuteMs);
  }
  struct Chances {
    double click, finish;
  };
  // New people are decided for, click or not, read one article and finish it or not.
  void read_after_meeting(int people, Chances treated, Chances held_out) {
    for (int i = 0; i < people; ++i) {
      const PersonHash person = somebody_new();
      const Decision decision = decide(person).decision;
      const Chances& chances = decision.arm == Arm::kHoldout ? held_out : treated;
      if (random_.uniform() < chances.click) note_reward(decision);
      Event read;
      read.kind = EventKind::kArticleRead;
      read.name = "Article Read";
      read.finished = random_.uniform() < chances.finish;
      note(RecordKind::kEvent, person, encode(read));
    }
    pass(8 * kDayMs);  // the metrics' windows close
  }
  void enter_cost(double amount) {
    const auto cost =
        put_cost(*engine_, "staff",
                 R"({"kind":"staff","slot":"home","amount":)" + std::to_string(amount) +
                     R"(,"per":"once","from":"2026-01-01T00:00:00Z","owner":"ines"})",
                 kMe, {});
    ASSERT_TRUE(cost) << cost.error().message;
  }
  Worth home() { return worth_it(ledger_question(*engine_, nullptr)).slots.at(0); }
};

TEST_F(EngineWorthTest, PlantedCostsTurnAPlantedGainIntoAStop) {
  ASSERT_TRUE(put_worth(*engine_, "home", R"({"margin":2,"currency":"EUR"})", kMe, 0));
  EXPECT_EQ(home().verdict, WorthVerdict::kTooEarly);
  come(6000, 0.4, 0.2);  // about 4,200 treated x 0.2 x 2 = 1,680
  const LiftSummary lift = *engine_->lift().lift("home");
  const auto treated = static_cast<double>(lift.treated.n);
  Worth worth = home();
  EXPECT_EQ(worth.verdict, WorthVerdict::kPaying) << worth.sentence;
  EXPECT_DOUBLE_EQ(*worth.gain, *lift.value * treated * 2);
  EXPECT_DOUBLE_EQ(worth.gain_interval->low, *lift.low * treated * 2);
  // Annoyance: a thousandth of each decision that placed or explored something, at the margin.
  const FiguresSummary figures = *engine_->figures().slot("home");
  EXPECT_GT(figures.placed, 0U);
  EXPECT_NEAR(worth.cost, 2 * (0.001 * static_cast<double>(figures.placed) + figures.miss_spent),
              1e-6);
  EXPECT_EQ(figures.days.size(), 1U);
  EXPECT_EQ(figures.days[0].all, 6000U);
  enter_cost(100);
  EXPECT_EQ(home().verdict, WorthVerdict::kPaying);
  enter_cost(100'000);
  worth = home();
  EXPECT_EQ(worth.verdict, WorthVerdict::kStop) << worth.sentence;
  EXPECT_LT(worth.net_interval->high, 0);
  EXPECT_EQ(worth_it(ledger_question(*engine_, nullptr)).all.verdict, WorthVerdict::kStop);
  EXPECT_TRUE(losers_now(*engine_, nullptr, {}).losers.empty());
}

TEST_F(EngineWorthTest, APlaceThatHarmsIsListedAndItsCommandSwitchesItOff) {
  come(6000, 0.1, 0.3);
  const LosersReport report = losers_now(*engine_, nullptr, {});
  ASSERT_FALSE(report.losers.empty()) << report.sentence;
  const MapCell& worst = report.losers[0];
  EXPECT_EQ(name_of(worst), "home");
  EXPECT_TRUE(worst.switch_off);
  EXPECT_LT(worst.interval.high, 0);
  std::string body = worst.command.substr(worst.command.find("--body '") + 8);
  body.pop_back();
  ASSERT_TRUE(engine_->put_slot("home", body, kMe, 1)) << worst.command;
  DecideRequest request;
  request.slot = "home";
  for (std::uint64_t k = 0; k < 200; ++k) {
    request.person = PersonHash{{mix64(90'000 + k), 90'000 + k}};
    const auto answer = engine_->decisions().decide(request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->decision.served.at(0).item_id, "safe");
  }
  const ExecutivePage page = executive_page(executive_question(*engine_));
  ASSERT_GE(page.does_not.size(), 3U);  // the slot and both devices
  EXPECT_TRUE(page.does_not[0].starts_with("home: people with bets bring")) << page.does_not[0];
  EXPECT_EQ(page.needs.at(0),
            "home: everybody gets the safe default, since it is in mode apprentice.");
  // It is off: nothing more is offered, and why a bet cannot run there is said as it is.
  for (const MapCell& cell : losers_now(*engine_, nullptr, {}).map)
    EXPECT_TRUE(cell.command.empty() && !cell.switch_off) << cell.command;
  ASSERT_TRUE(engine_->put_bet("b", kBet, kMe, 0));
  EXPECT_EQ(engine_->move_bet("b", BetState::kSmallStake, kMe, {}).error().message,
            "bet 'b' cannot go live: slot 'home' is in mode apprentice, so it shows nothing but "
            "its safe default. Set its mode to online, or choose another slot");
  const ModelCard card = model_card(card_question(*engine_, engine_->slots().get()->at("home")));
  EXPECT_TRUE(card.worse_for.at(0).starts_with("home: −")) << card.worse_for.at(0);
  EXPECT_GT(card.facts.model_rows, 0U);
}

// The slot's command is refused while bets run there: it folds them first.
TEST_F(EngineWorthTest, APlaceThatHarmsIsSwitchedOffWithTheBetsThatRunInIt) {
  ASSERT_TRUE(engine_->put_bet("b", kBet, kMe, 0));
  ASSERT_TRUE(engine_->move_bet("b", BetState::kSmallStake, kMe, {}));
  come(6000, 0.1, 0.3);
  std::vector<std::string> commands;
  for (const MapCell& cell : losers_now(*engine_, nullptr, {}).map)
    if (!cell.command.empty()) commands.push_back(cell.command);
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_TRUE(commands[0].starts_with("ante bet fold 'b' --why 'its slot harms' && ante slot set "))
      << commands[0];
  std::string body = commands[0].substr(commands[0].find("--body '") + 8);
  body.pop_back();
  EXPECT_EQ(engine_->put_slot("home", body, kMe, 1).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(engine_->move_bet("b", BetState::kFolded, kMe, {}));
  EXPECT_TRUE(engine_->put_slot("home", body, kMe, 1));
}

TEST_F(EngineWorthTest, ABetThatASlotFellBackFromIsRefusedForThat) {
  Slot fallen = engine_->slots().get()->at("home");
  fallen.fell_back = "Losing.";
  ASSERT_TRUE(engine_->put_object("slot", "home", slot_to_json(fallen), kMe, {}));
  ASSERT_TRUE(engine_->put_bet("b", kBet, kMe, 0));
  const auto moved = engine_->move_bet("b", BetState::kSmallStake, kMe, {});
  ASSERT_FALSE(moved);
  EXPECT_TRUE(moved.error().message.starts_with(
      "bet 'b' cannot go live: slot 'home' fell back by itself (Losing.), so"))
      << moved.error().message;
  EXPECT_EQ(executive_page(executive_question(*engine_)).does_not,
            std::vector<std::string>{"home: fell back to the safe default on its own: Losing."});
}

TEST_F(EngineWorthTest, WhatASlotCostIsKnownAfterItIsGone) {
  EXPECT_EQ(executive_page(executive_question(*engine_)).sentence, "Nothing is personalised yet.");
  enter_cost(6833);
  ASSERT_TRUE(put_cost(*engine_, "each",
                       R"({"kind":"compute","slot":"home","amount":1,"per":"decision",)"
                       R"("from":"2026-01-01T00:00:00Z","owner":"ines"})",
                       kMe, {}));
  come(100, 0.2, 0.2);
  ASSERT_TRUE(engine_->delete_object("slot", "home", kMe, {}));
  pass(1);
  const WorthReport ledger = worth_it(ledger_question(*engine_, nullptr));
  ASSERT_EQ(ledger.slots.size(), 1U);
  EXPECT_EQ(ledger.slots[0].sentence,
            "Slot home is gone; it cost 6 933. What it brought is not known any more.");
  EXPECT_EQ(ledger.all.cost, 6933);
  const ExecutivePage page = executive_page(executive_question(*engine_));
  EXPECT_EQ(page.sentence, "Nothing is personalised now: the places where it was are gone.");
  EXPECT_NE(page.costs.at(0).find("6 933 of the cost is of what is gone"), std::string::npos)
      << page.costs.at(0);
}

TEST_F(EngineWorthTest, APlaceThatOnlyWatchesIsNotSaidToBeUnseen) {
  ASSERT_TRUE(engine_->put_slot("home", R"({"limit":1,"safeDefault":{"items":["safe"]}})", kMe, 1));
  for (int i = 0; i < 30; ++i) decide(somebody_new());
  pass(1);
  const ExecutivePage page = executive_page(executive_question(*engine_));
  EXPECT_EQ(page.sentence, "Of 1 place it works in 0, does not in 0, and is not known yet of 1.");
  EXPECT_EQ(page.needs.at(0),
            "home: everybody gets the safe default, since it has no brief and none was waived.");
}

TEST_F(EngineWorthTest, WhereNobodyIsHarmedNobodyIsListed) {
  come(6000, 0.2, 0.2);
  const LosersReport report = losers_now(*engine_, nullptr, {});
  EXPECT_TRUE(report.losers.empty()) << report.sentence;
  EXPECT_EQ(report.tested, 3U);  // everybody, phones, desktops
}

TEST_F(EngineWorthTest, AGroupThatIsHarmedIsFoundWhereTheWholeIsNot) {
  come(8000, 0.3, 0.2, 0.1);
  const LosersReport report = losers_now(*engine_, nullptr, {});
  ASSERT_EQ(report.losers.size(), 1U) << report.sentence;
  EXPECT_EQ(name_of(report.losers[0]), "home, device: phone");
  EXPECT_TRUE(report.losers[0].command.starts_with("ante bet new off-home-device-phone --body"));
}

// Bets bring clicks, and what is clicked is not finished: everybody who is asked hears of it.
TEST_F(EngineWorthTest, WhatReadersLoseIsSaidWhateverItEarns) {
  ASSERT_TRUE(put_worth(*engine_, "home", R"({"margin":2,"currency":"EUR"})", kMe, 0));
  read_after_meeting(4000, {.click = 0.5, .finish = 0.2}, {.click = 0.3, .finish = 0.4});
  const ConflictReport apart = conflicts_now(*engine_, nullptr);
  ASSERT_EQ(apart.apart.size(), 1U) << apart.sentence;
  EXPECT_EQ(apart.apart[0].reader.metric, "finish-rate");
  EXPECT_EQ(apart.apart[0].publisher.metric, "clicks");
  EXPECT_EQ(apart.apart[0].reader.where, "home");
  const WorthReport ledger = worth_it(ledger_question(*engine_, nullptr));
  EXPECT_EQ(ledger.slots.at(0).readers, Verdict::kLosing);
  EXPECT_NE(ledger.slots.at(0).sentence.find("Readers lose"), std::string::npos);
  const ExecutivePage page = executive_page(executive_question(*engine_));
  ASSERT_GE(page.does_not.size(), 2U);
  EXPECT_TRUE(
      page.does_not[0].starts_with("home: readers get less of what they came for. Finishes "
                                   "what they start: Worse"))
      << page.does_not[0];
  EXPECT_EQ(page.does_not.back(), apart.apart[0].sentence);
  EXPECT_TRUE(page.works.empty());
}

TEST_F(EngineWorthTest, WhereNothingMovesApartNothingIsSaid) {
  read_after_meeting(4000, {.click = 0.5, .finish = 0.4}, {.click = 0.3, .finish = 0.4});
  EXPECT_TRUE(conflicts_now(*engine_, nullptr).apart.empty());
  const ExecutivePage page = executive_page(executive_question(*engine_));
  EXPECT_TRUE(page.does_not.empty());
  const std::string none = "nothing";
  EXPECT_EQ(conflicts_now(*engine_, &none).pairs, 0U);
}

TEST_F(EngineWorthTest, CostsAreCheckedAgainstEachOther) {
  const auto refused = [&](std::string_view json) {
    const auto cost = put_cost(*engine_, "c", json, kMe, {});
    return cost ? std::string("taken") : cost.error().message;
  };
  enter_cost(5);
  EXPECT_TRUE(refused(R"({"kind":"staff","slot":"hme","amount":1,"per":"once",)"
                      R"("from":"2026-01-01T00:00:00Z","owner":"i"})")
                  .starts_with("#/slot: there is no slot 'hme'. Did you mean 'home'?"));
  ASSERT_TRUE(put_worth(*engine_, "home", R"({"margin":2,"currency":"EUR"})", kMe, 0));
  EXPECT_TRUE(refused(R"({"kind":"staff","amount":1,"per":"once","currency":"USD",)"
                      R"("from":"2026-01-01T00:00:00Z","owner":"i"})")
                  .starts_with("#/currency: is USD, but worth 'home' is in EUR"));
  // The only one that has a currency may change it.
  EXPECT_TRUE(put_worth(*engine_, "home", R"({"margin":2,"currency":"USD"})", kMe, {}));
  EXPECT_FALSE(put_worth(*engine_, "home", R"({"margin":2})", kMe, 1));
  EXPECT_EQ(put_worth(*engine_, "hme", R"({"margin":2})", kMe, {}).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(list_costs(*engine_).size(), 1U);
  EXPECT_EQ(find_cost(*engine_, "staff")->version, 1U);
  ASSERT_TRUE(engine_->delete_object(kCostObjectType, "staff", kMe, {}));
  EXPECT_FALSE(find_cost(*engine_, "staff"));
}

}  // namespace
}  // namespace ante

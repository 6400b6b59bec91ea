// The ledger and the losers in the whole engine: people come, one place harms, it costs money.

#include <optional>

#include <gtest/gtest.h>

#include "api/books.h"
#include "api/test_entropy.h"
#include "base/random.h"
#include "store/memory_store.h"

namespace ante {
namespace {

constexpr TimeMs kWorthStart = 1'770'000'000'000;

class EngineWorthTest : public testing::Test {
 protected:
  EngineWorthTest() {
    EngineOptions options;
    options.secret = {4, 5, 6};
    options.entropy = seeded(7);
    engine_ = *Engine::open(store_, clock_, metrics_, options, [](Error) { FAIL(); });
    std::vector<Item> items(2);
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].id = i == 0 ? "safe" : "bet";
      items[i].key = item_key(items[i].id);
      items[i].title = items[i].id;
    }
    EXPECT_TRUE(engine_->put_items_and_wait(items));
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
      DecideRequest request;
      request.slot = "home";
      request.person = PersonHash{{mix64(++person_), person_}};
      request.situation.device = i % 2 == 0 ? "phone" : "desktop";
      const auto answer = engine_->decisions().decide(request);
      ASSERT_TRUE(answer);
      const bool held = answer->decision.arm == Arm::kHoldout;
      const double bet = i % 2 == 0 ? phone.value_or(treated) : treated;
      if (random_.uniform() >= (held ? held_out : bet)) continue;
      Reward reward;
      reward.decision = answer->decision.id;
      reward.slot = answer->decision.slot;
      reward.item = answer->decision.served.at(0).item;
      reward.measure = "click";
      append(RecordKind::kReward, *request.person, encode(reward));
    }
    store_records_and_pass(2 * kMinuteMs);
  }
  // After their decisions. Then time passes, and somebody outside the trial makes the log notice.
  void store_records_and_pass(DurationMs ms) {
    ASSERT_TRUE(engine_->journal().flush());
    ASSERT_TRUE(engine_->journal().append_and_wait(std::move(records_)));
    records_.clear();
    clock_.advance_to(clock_.now_ms() + ms);
    append(RecordKind::kConsent, PersonHash{{9ULL << 56, 1}}, std::string(1, '\x1f'));
    ASSERT_TRUE(engine_->journal().append_and_wait(std::move(records_)));
    records_.clear();
    ASSERT_TRUE(engine_->journal().flush());
  }
  struct Chances {
    double click, finish;
  };
  // New people are decided for, click or not, read one article and finish it or not.
  void read_after_meeting(int people, Chances treated, Chances held_out) {
    for (int i = 0; i < people; ++i) {
      DecideRequest request;
      request.slot = "home";
      request.person = PersonHash{{mix64(++person_), person_}};
      const auto answer = engine_->decisions().decide(request);
      ASSERT_TRUE(answer);
      const Chances& chances = answer->decision.arm == Arm::kHoldout ? held_out : treated;
      if (random_.uniform() < chances.click) {
        Reward reward;
        reward.decision = answer->decision.id;
        reward.slot = answer->decision.slot;
        reward.item = answer->decision.served.at(0).item;
        reward.measure = "click";
        append(RecordKind::kReward, *request.person, encode(reward));
      }
      Event read;
      read.kind = EventKind::kArticleRead;
      read.name = "Article Read";
      read.finished = random_.uniform() < chances.finish;
      append(RecordKind::kEvent, *request.person, encode(read));
    }
    store_records_and_pass(8 * kDayMs);  // the metrics' windows close
  }
  void append(RecordKind kind, PersonHash person, std::string body) {
    NewRecord record;
    record.partition = partition_of(person);
    record.header = {kind, kFirstTenant, person, clock_.now_ms(), clock_.now_ms()};
    record.body = std::move(body);
    records_.push_back(std::move(record));
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

  const Author kMe{"test", "why"};
  MemoryStore store_;
  SimulatedClock clock_{kWorthStart};
  Metrics metrics_;
  Random random_{3};
  std::uint64_t person_ = 0;
  std::vector<NewRecord> records_;
  std::unique_ptr<Engine> engine_;
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
  const ModelCard card = model_card(card_question(*engine_, engine_->slots().get()->at("home")));
  EXPECT_TRUE(card.worse_for.at(0).starts_with("home: −")) << card.worse_for.at(0);
  EXPECT_GT(card.facts.model_rows, 0U);
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

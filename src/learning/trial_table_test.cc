#include "learning/trial_table.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "learning/trial_basis.h"

namespace ante {
namespace {

TrialColumns asking(std::string treatment = "segment", std::string outcome = "visit") {
  TrialColumns columns;
  columns.file = "t.csv";
  columns.treatment = std::move(treatment);
  columns.outcome = std::move(outcome);
  return columns;
}

// A randomised e-mail test as such files look: three arms, text and numbers, quotes, other outcomes
// that a mail moves.
std::string mail_test(std::size_t rows) {
  Random random(1);
  std::string csv =
      "recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit,spend\r\n";
  const char* segments[] = {"1) $0 - $100", "2) $100 - $200", "3) $200 - $350"};
  const char* zips[] = {"Surburban", "Urban", "Rural"};
  const char* channels[] = {"Web", "Phone", "\"Multi, channel\""};
  const char* arms[] = {"Womens E-Mail", "No E-Mail", "Mens E-Mail"};
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t arm = random.below(3), segment = random.below(3);
    const double history = 100.0 * static_cast<double>(segment) + 90 * random.uniform();
    const bool visit = random.uniform() < (arm == 1 ? 0.1 : 0.3);
    csv += std::to_string(1 + random.below(12)) + "," + segments[segment] + "," +
           std::to_string(history) + "," + std::to_string(random.below(2)) + "," +
           std::to_string(random.below(2)) + "," + zips[random.below(3)] + "," +
           std::to_string(random.below(2)) + "," + channels[random.below(3)] + "," + arms[arm] +
           "," + (visit ? "1" : "0") + "," + (visit ? std::to_string(20 + random.below(50)) : "0") +
           "\r\n";
  }
  return csv;
}

std::string with_rows(const std::string& header, std::size_t rows,
                      const std::vector<std::string>& cycle) {
  std::string csv = header + "\n";
  for (std::size_t i = 0; i < rows; ++i) csv += cycle[i % cycle.size()] + "\n";
  return csv;
}

TEST(TrialTable, ReadsATestOfThreeArms) {
  const auto table = parse_trial(mail_test(3000), asking());
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->rows(), 3000u);
  EXPECT_EQ(table->arms, (std::vector<std::string>{"No E-Mail", "Mens E-Mail", "Womens E-Mail"}));
  EXPECT_TRUE(table->is_binary());
  std::vector<std::string> names;
  for (const TrialFeature& feature : table->features) {
    names.push_back(feature.name);
    EXPECT_EQ(feature.is_category, feature.name != "recency" && feature.name != "history")
        << feature.name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"recency", "history_segment", "history", "mens",
                                             "womens", "zip_code", "newbie", "channel"}));
  // What a mail moves was not known before it.
  ASSERT_EQ(table->left_out.size(), 1u);
  EXPECT_EQ(table->left_out[0].name, "spend");
  EXPECT_NE(table->left_out[0].why.find("says nearly all of the outcome"), std::string::npos)
      << table->left_out[0].why;
  EXPECT_TRUE(table->differing().empty());
  std::vector<std::string> channels = table->features[7].level_names;
  std::ranges::sort(channels);
  EXPECT_EQ(channels, (std::vector<std::string>{"Multi, channel", "Phone", "Web"}));
}

TEST(TrialTable, WordsAreOutcomesAndTheControlIsFoundByItsLabel) {
  struct Row {
    const char *treated, *control, *yes, *no;
  };
  const Row rows[] = {{"1", "0", "yes", "no"},
                      {"Yes", "No", "True", "False"},
                      {"B", "control", "2.5", "-1"},
                      {"banner", "no banner", "1e1", "0"}};
  for (const Row& row : rows) {
    const std::string t = row.treated, c = row.control, y = row.yes, n = row.no;
    const auto table = parse_trial(
        with_rows("arm,bought", 400, {t + "," + y, c + "," + n, t + "," + n, c + "," + y}),
        asking("arm", "bought"));
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_EQ(table->arms[0], c);
  }
}

TEST(TrialTable, ASmallShareOfBrokenRowsIsCounted) {
  std::string csv = with_rows("arm,x,y", 1000, {"a,1,0", "control,2,1", "a,3,1", "control,4,0"});
  csv += "a,1\ncontrol,2,\n,3,1\na,3,nothing\na,\"4,1\n";
  const auto table = parse_trial(csv, asking("arm", "y"));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->broken_rows, 5u);
  EXPECT_EQ(table->rows(), 1000u);
}

TEST(TrialTable, BadInputSaysWhatIsWrongAndWhatToDo) {
  const std::vector<std::string> good = {"a,1,0", "control,2,1", "a,3,1", "control,4,0"};
  std::string broken = with_rows("arm,x,y", 900, good);
  for (int i = 0; i < 100; ++i) broken += "a,1\n";
  TrialColumns no_control = asking("arm", "y"), wrong_control = asking("arm", "y"),
               constant = asking("arm", "y"), after = asking("arm", "y"),
               twice = asking("arm", "y"), one_time = asking("arm", "y");
  wrong_control.control = "contrl";
  constant.features = {"x"};
  after.features = {"spend"};
  twice.features = {"y"};
  one_time.treated_at = "x";
  struct Case {
    std::string csv;
    TrialColumns columns;
    std::string says;
  };
  const Case cases[] = {
      {"", asking("arm", "y"), "the file is empty"},
      {"arm\n", asking("arm", "y"), "separated by commas"},
      {"\"arm,y\n", asking("arm", "y"), "the header (line 1): "},
      {with_rows("arm,x,y", 400, good), asking("arms", "y"), "Did you mean 'arm'?"},
      {with_rows("arm,x,y", 400, good), asking("arm", "z"), "no column 'z' for the outcome"},
      {with_rows("arm,x,x,y", 400, {"a,1,1,0"}), asking("x", "y"), "names 'x' twice"},
      {with_rows("arm,x,y", 400, good), asking("y", "y"), "treatment and outcome at once"},
      {with_rows("arm,x,y", 400, good), twice, "cannot be a feature too"},
      {with_rows("arm,x,y", 400, {"a,1,0", "a,2,1"}), asking("arm", "y"), "one arm has nothing"},
      {with_rows("arm,x,y", 400, {"a,1,0", "b,2,1"}), no_control, "Say it with --control"},
      {with_rows("arm,x,y", 400, good), wrong_control, "Did you mean 'control'?"},
      {with_rows("arm,x,y", 400, {"a,1,1", "control,2,1"}), asking("arm", "y"),
       "without variation"},
      {with_rows("arm,x,y", 400, {"a,1,1", "control,2,-1e308"}), asking("arm", "y"),
       "line 3: 'y' is -1e308; outcomes lie between -1e+15 and 1e+15"},
      {with_rows("arm,x,y", 400, {"a,1,1e-300", "control,2,0", "a,2,0"}), asking("arm", "y"),
       "so little cannot be told"},
      {with_rows("arm,x,y", 400, {"a,1,1e9", "control,2,1000000001", "a,2,1000000002"}),
       asking("arm", "y"), "take away what all rows have in common"},
      {with_rows("arm,x,y", 400, {"a,1,1", "control,1,0", "a,1,0"}), constant,
       "the same in every row"},
      {broken, asking("arm", "y"),
       "100 of 1000 rows cannot be read, the first in line 902: 2 "
       "fields, the header has 3"},
      {with_rows("arm,x,y", 50, good), asking("arm", "y"), "fewer than 100 says nothing"},
      {with_rows("arm,x,y", 400, good) + "b,1,1\n", asking("arm", "y"), "only 1 row(s)"},
      {with_rows("arm,spend,y", 4000, {"a,1,0", "control,0,1", "a,1,1", "control,0,0"}), after,
       "measured after the treatment"},
      {with_rows("arm,arm_at,y,y_at", 400, {"a,5,1,7", "control,5,0,", "a,5,0,4"}),
       asking("arm", "y"), "line 4: the outcome happened before the treatment ('y_at' 4"},
      {with_rows("arm,x,y", 400, good), one_time, "go together"},
      {with_rows("arm,x,y", 400, {"a,1,0", "control,2,red"}), asking("arm", "y"), "'red'"},
  };
  for (const Case& c : cases) {
    const auto table = parse_trial(c.csv, c.columns);
    ASSERT_FALSE(table) << c.says;
    EXPECT_NE(table.error().message.find(c.says), std::string::npos) << table.error().message;
    EXPECT_TRUE(table.error().message.starts_with("t.csv: ")) << table.error().message;
  }
}

TEST(TrialTable, LeavesOutWhatOnlyNamesOrTellsNobodyApart) {
  std::string csv = "id,name,same,huge,arm,y\n";
  for (int i = 0; i < 2000; ++i) {
    csv += std::to_string(i * 7) + ",n" + std::to_string(i % 200) + ",1," + std::to_string(i % 99) +
           "e300," + (i % 2 == 0 ? "0," : "1,") + (i % 3 == 0 ? "1" : "0") + "\n";
  }
  const auto table = parse_trial(csv, asking("arm", "y"));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_TRUE(table->features.empty());
  ASSERT_EQ(table->left_out.size(), 4u);
  EXPECT_NE(table->left_out[0].why.find("only names the rows"), std::string::npos);
  EXPECT_NE(table->left_out[1].why.find("more than 50"), std::string::npos);
  EXPECT_NE(table->left_out[2].why.find("the same in every row"), std::string::npos);
  EXPECT_NE(table->left_out[3].why.find("a number beyond 1e+15"), std::string::npos);
}

// Spending says who bought. Where mails move purchases it was written with them; where nothing
// moves the outcome, the outcome was there before.
TEST(TrialTable, AnotherOutcomeIsNoFeature) {
  std::string csv = "age,arm,bought,spend\n";
  Random random(4);
  for (int i = 0; i < 4000; ++i) {
    const bool treated = i % 2 == 0, bought = random.uniform() < (treated ? 0.06 : 0.04);
    csv += std::to_string(20 + random.below(50)) + (treated ? ",1," : ",0,") +
           (bought ? "1," + std::to_string(1 + random.below(500)) : "0,0") + "\n";
  }
  const auto table = parse_trial(csv, asking("arm", "bought"));
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->features.size(), 1u);
  EXPECT_EQ(table->features[0].name, "age");
  ASSERT_EQ(table->left_out.size(), 1u);
  EXPECT_NE(table->left_out[0].why.find("says nearly all of the outcome"), std::string::npos);
  EXPECT_TRUE(table->warning.empty());
}

// Columns as files have them: numbers, money with whales, mostly 0, rare levels, gaps; nothing
// differs, and one arm is small. One trial in a hundred may be doubted: of 300, 10 or more have a
// chance below .001.
TEST(TrialTable, SeldomDoubtsATrialThatChanceDrew) {
  int doubted = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    std::string csv = "arm,y";
    for (int c = 0; c < 30; ++c) csv += ",c" + std::to_string(c);
    csv += "\n";
    const double control_share = seed % 2 == 0 ? 0.5 : 0.05;
    for (int i = 0; i < 600; ++i) {
      csv += random.uniform() < control_share ? "0," : "1,";
      csv += random.uniform() < 0.3 ? "1" : "0";
      for (int c = 0; c < 30; ++c) {
        const double money = std::exp(3 * random.normal());
        csv += ",";
        if (c % 5 == 0) csv += std::to_string(random.normal());
        if (c % 5 == 1) csv += std::to_string(money);
        if (c % 5 == 2) csv += random.uniform() < 0.9 ? "0" : std::to_string(money);
        if (c % 5 == 3) csv += "l" + std::to_string(static_cast<int>(std::min(30.0, money)));
        if (c % 5 == 4 && random.uniform() < 0.8) csv += std::to_string(random.below(90));
      }
      csv += "\n";
    }
    const auto table = parse_trial(csv, asking("arm", "y"));
    ASSERT_TRUE(table) << table.error().message;
    doubted += table->differing().empty() ? 0 : 1;
  }
  EXPECT_LT(doubted, 10);
}

// Arms that were chosen: by age, by being either young or old, by whether the age is known, by
// money's being 0, by a text.
TEST(TrialTable, DoubtsATrialWhoseArmsWereChosen) {
  for (const char* by : {"age", "both ends", "known", "money", "town"}) {
    const std::string_view how = by;
    Random random(3);
    std::string csv = "age,money,town,arm,y\n";
    for (int i = 0; i < 2000; ++i) {
      const int age = 20 + static_cast<int>(random.below(50));
      const bool known = random.uniform() < 0.8, pays = random.uniform() < 0.2;
      const bool urban = random.uniform() < 0.5;
      const bool chosen = how == "age"         ? age > 45
                          : how == "both ends" ? age < 33 || age > 57
                          : how == "known"     ? known
                          : how == "money"     ? pays
                                               : urban;
      csv += (known ? std::to_string(age) : "") + "," +
             (pays ? std::to_string(1 + random.below(500)) : "0") +
             (urban ? ",urban," : ",rural,") +
             (random.uniform() < (chosen ? 0.65 : 0.35) ? "1," : "0,") +
             (random.uniform() < 0.3 ? "1\n" : "0\n");
    }
    const auto table = parse_trial(csv, asking("arm", "y"));
    ASSERT_TRUE(table) << table.error().message;
    ASSERT_EQ(table->differing().size(), 1u) << by;
    EXPECT_EQ(table->differing()[0], how == "money" || how == "town" ? by : "age");
  }
}

TEST(TrialTable, AColumnThatWasNotAskedForAndDiffersIsToldAsAWarning) {
  Random random(6);
  std::string csv = "age,pages,arm,y\n";
  for (int i = 0; i < 3000; ++i) {
    const bool treated = random.uniform() < 0.5;
    csv += std::to_string(20 + random.below(50)) + "," +
           std::to_string(random.below(treated ? 9 : 6)) + (treated ? ",1," : ",0,") +
           (random.uniform() < 0.3 ? "1\n" : "0\n");
  }
  TrialColumns columns = asking("arm", "y");
  columns.features = {"age"};
  const auto table = parse_trial(csv, columns);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_TRUE(table->differing().empty());
  EXPECT_TRUE(table->left_out.empty());
  EXPECT_TRUE(table->warning.starts_with("'pages', which is not among the features, differs"))
      << table->warning;
}

// Bought comes only with a visit, a visit always with what was bought: neither says that the arms
// were not drawn at random, whichever of the two is the outcome.
TEST(TrialTable, WhatComesOnlyWithTheOutcomeIsNoSignOfOtherPersons) {
  Random random(7);
  std::string csv = "age,arm,visit,bought\n";
  for (int i = 0; i < 6000; ++i) {
    const bool treated = random.uniform() < 0.5, visit = random.uniform() < (treated ? 0.3 : 0.1);
    const bool bought = visit && random.uniform() < 0.4;
    csv += std::to_string(20 + random.below(50)) + (treated ? ",1," : ",0,") +
           (visit ? "1," : "0,") + (bought ? "1\n" : "0\n");
  }
  for (const auto& [outcome, other] : {std::pair{"visit", "bought"}, {"bought", "visit"}}) {
    const auto table = parse_trial(csv, asking("arm", outcome));
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_TRUE(table->differing().empty()) << outcome;
    ASSERT_EQ(table->left_out.size(), 1u) << outcome;
    EXPECT_EQ(table->left_out[0].name, other);
    EXPECT_EQ(table->features.size(), 1u);
  }
}

TEST(TrialTable, WarnsOfAnOutcomeThatWasKnownBefore) {
  const auto table =
      parse_trial(with_rows("arm,segment,history", 800,
                            {"a,low,10", "control,high,200", "a,high,210", "control,low,20",
                             "a,low,12", "control,high,190", "a,high,207", "control,low,24"}),
                  asking("arm", "history"));
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_TRUE(table->features.empty());
  EXPECT_NE(table->warning.find("the treatment cannot have caused it"), std::string::npos);
}

TEST(TrialBasis, IsStandardisedAndFitsAnotherFile) {
  const auto table = parse_trial(mail_test(3000), asking()),
             other = parse_trial(mail_test(500), asking());
  ASSERT_TRUE(table && other);
  const TrialBasis basis(*table);
  const auto rows = basis.rows_of(*table);
  ASSERT_TRUE(rows);
  for (std::size_t c = 1; c < basis.width(); ++c) {
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < 3000; ++i) {
      mean += (*rows)[i * basis.width() + c] / 3000;
      squares += (*rows)[i * basis.width() + c] * (*rows)[i * basis.width() + c] / 3000;
    }
    EXPECT_NEAR(mean, 0, 1e-9) << c;
    EXPECT_NEAR(squares, 1, 1e-9) << c;
  }
  // Row 0 of both files is the same person, though levels were first seen in another order.
  const auto of_other = basis.rows_of(*other);
  ASSERT_TRUE(of_other);
  for (std::size_t c = 0; c < basis.width(); ++c) EXPECT_EQ((*rows)[c], (*of_other)[c]);
  TrialTable less = *other;
  less.features.erase(less.features.begin());
  const auto refused = basis.rows_of(less);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("'recency'"), std::string::npos);
}

TEST(TrialBasis, AnUnknownNumberIsAColumnOfItsOwn) {
  std::string csv = "age,arm,y\n";
  for (int i = 0; i < 1000; ++i) {
    csv += (i % 5 == 0 ? std::string() : std::to_string(20 + i % 50)) + "," +
           (i % 2 == 0 ? "0," : "1,") + (i % 3 == 0 ? "1" : "0") + "\n";
  }
  const auto table = parse_trial(csv, asking("arm", "y"));
  ASSERT_TRUE(table) << table.error().message;
  const TrialBasis basis(*table);
  EXPECT_EQ(basis.columns().back().kind, BasisColumn::Kind::kUnknown);
  EXPECT_NEAR(basis.columns().back().mean, 0.2, 1e-12);
}

}  // namespace
}  // namespace ante

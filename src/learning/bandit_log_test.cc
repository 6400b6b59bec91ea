#include "learning/bandit_log.h"

#include <gtest/gtest.h>

namespace ante {
namespace {

const LogOptions kOptions{"log.ndjson", 0, 1};

std::string round(const char* decision, const char* actions, const char* chosen, const char* reward,
                  const char* more = "") {
  return std::string("{\"decision\":\"") + decision + "\",\"actions\":[" + actions +
         "],\"chosen\":\"" + chosen + "\",\"reward\":" + reward + more + "}\n";
}

const char* const kTwo = R"({"id":"a","propensity":0.25},{"id":"b","propensity":0.75})";

TEST(NativeLog, ReadsRounds) {
  const std::string bytes =
      round("d1", kTwo, "b", "1",
            R"(,"features":[1,2.5],"model":7,"time":"2026-01-01T00:00:00Z")") +
      round("d2", R"({"id":"b","propensity":1})", "b", "0.5", R"(,"features":[0,-1],"model":7)") +
      round("d3", kTwo, "a", "null", R"(,"features":[0,0])");
  const auto log = parse_native_log(bytes, kOptions);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->action_names, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(log->rounds.size(), 2u);
  EXPECT_EQ(log->without_reward, 1u);
  EXPECT_EQ(log->rounds[0].chosen, 1u);
  EXPECT_EQ(log->rounds[1].first_action, 2u);
  EXPECT_EQ(log->rounds[1].reward, 0.5);
  EXPECT_EQ(log->rounds[1].line, 2u);
  EXPECT_EQ(log->actions, (std::vector<std::uint32_t>{0, 1, 1}));
  EXPECT_EQ(log->propensities, (std::vector<double>{0.25, 0.75, 1}));
  EXPECT_EQ(log->features, (std::vector<double>{1, 2.5, 0, -1}));
  EXPECT_TRUE(log->targets.empty());
  EXPECT_FALSE(log->learning_policy);
  EXPECT_TRUE(parse_native_log(bytes.substr(0, bytes.size() - 1), kOptions));
}

TEST(NativeLog, AChangedModelIsALearningPolicy) {
  const auto log = parse_native_log(round("d1", kTwo, "b", "1", R"(,"model":"v1")") +
                                        round("d2", kTwo, "b", "1", R"(,"model":"v2")"),
                                    kOptions);
  ASSERT_TRUE(log);
  EXPECT_TRUE(log->learning_policy);
}

TEST(NativeLog, ALogMaySayThatItsPolicyLearns) {
  const auto log = parse_native_log(round("d1", kTwo, "b", "1", R"(,"learning":true)"), kOptions);
  ASSERT_TRUE(log);
  EXPECT_TRUE(log->learning_policy);
  EXPECT_FALSE(parse_native_log(round("d1", kTwo, "b", "1", R"(,"learning":false)"), kOptions)
                   ->learning_policy);
}

TEST(NativeLog, WhatNoPolicyDrewIsLeftOutAndCounted) {
  const auto log =
      parse_native_log(round("d1", kTwo, "b", "1", R"(,"drawn":true)") +
                           R"({"decision":"d2","drawn":false})"
                           "\n" +
                           R"({"decision":"d3","drawn":false,"reward":1,"chosen":"x"})",
                       kOptions);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->rounds.size(), 1u);
  EXPECT_EQ(log->not_drawn, 2u);
  EXPECT_EQ(log->without_reward, 0u);
  for (const char* field : {R"(,"drawn":"no")", R"(,"learning":1)"}) {
    const auto bad = parse_native_log(round("d1", kTwo, "b", "1", field), kOptions);
    ASSERT_FALSE(bad) << field;
    EXPECT_NE(bad.error().message.find("is neither true nor false"), std::string::npos);
  }
}

TEST(NativeLog, ReadsSlates) {
  const std::string places = R"({"decision":"d1","reward":2,"places":[)"
                             R"({"chosen":"b","actions":[{"id":"a","propensity":0.5,"target":1},)"
                             R"({"id":"b","propensity":0.5,"target":0}]},)"
                             R"({"chosen":"a","actions":[{"id":"a","propensity":1,"target":1}]}]})";
  const std::string slate = R"({"decision":"d2","reward":0,"slate":["c","a"],"actions":[)"
                            R"({"id":"a","weight":3,"target":1},{"id":"b","weight":0,"target":0},)"
                            R"({"id":"c","weight":0.5,"target":9}]})";
  const auto log = parse_native_log(places + "\n" + slate, {"f", 0, 3});
  ASSERT_TRUE(log) << log.error().message;
  ASSERT_EQ(log->slates.size(), 2u);
  EXPECT_EQ(log->slates[0].slate, (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(log->slates[0].logging, SlateLogging::kIndependent);
  EXPECT_EQ(log->slates[1].slate, (std::vector<std::uint32_t>{2, 0}));
  EXPECT_EQ(log->slates[1].logging, SlateLogging::kPlackettLuce);
  EXPECT_EQ(log->slates[1].logged[0], (std::vector<double>{3, 0, 0.5}));
}

TEST(NativeLog, BadLinesAreRefusedWithFileLineAndWhatToDo) {
  struct Case {
    std::string bytes;
    const char* says;
  };
  const std::string good = round("d0", kTwo, "b", "1");
  const Case cases[] = {
      {"", "no round with a reward"},
      {round("d1", kTwo, "b", "null"), "no round with a reward (1 without)"},
      {round("d1", kTwo, "b", "1", R"(,"drawn":false)"), "(0 without), and 1 that no policy drew"},
      {good + "{\"decision\":", "line 2: JSON"},
      {good + "\n" + round("d1", kTwo, "b", "1"), "line 2: JSON"},
      {good + "[1]", "line 2: not a JSON object"},
      {good + good, "line 2: decision 'd0' stands in the log already"},
      {R"({"actions":[],"chosen":"a","reward":1})", "no \"decision\""},
      {round("", kTwo, "b", "1"), "\"decision\" is no text, or empty"},
      {R"({"decision":"d"})", "no \"reward\""},
      {round("d", kTwo, "b", "\"1\""), "\"reward\" is no finite number"},
      {round("d", kTwo, "b", "1e999"), "line 1"},
      {round("d", kTwo, "b", "1.5"), "the reward is 1.5, outside 0 to 1"},
      {round("d", kTwo, "b", "-0.1"), "outside 0 to 1"},
      {round("d", kTwo, "c", "1"), "'c' is not in \"actions\""},
      {round("d", "", "a", "1"), "0 entries"},
      {round("d", R"({"id":"a","propensity":0},{"id":"b","propensity":1})", "a", "1"),
       "propensity 0"},
      {round("d", R"({"id":"a","propensity":1.2})", "a", "1"), "not between 0 and 1"},
      {round("d", R"({"id":"a","propensity":-0.5},{"id":"b","propensity":1.5})", "a", "1"),
       "not between 0 and 1"},
      {round("d", R"({"id":"a"})", "a", "1"), "no \"propensity\""},
      {round("d", R"({"id":"a","propensity":null})", "a", "1"), "no finite number"},
      {round("d", R"({"id":"a","propensity":0.5})", "a", "1"), "sums to 0.5"},
      {round("d", R"({"id":"a","propensity":0.5},{"id":"a","propensity":0.5})", "a", "1"), "twice"},
      {round("d", R"({"id":"a","propensity":0.5,"target":0.5},{"id":"b","propensity":0.5})", "a",
             "1"),
       "\"target\" stands in some actions"},
      {round("d", R"({"id":"a","propensity":1,"target":0.9})", "a", "1"), "\"target\" sums to 0.9"},
      {good + round("d1", R"({"id":"a","propensity":1,"estimate":0.5})", "a", "1"),
       "line 2: \"estimate\" stands in some"},
      {good + round("d1", kTwo, "b", "1", R"(,"features":[1])"), "line 2: 1 features; the log "},
      {round("d", kTwo, "b", "1", R"(,"features":["x"])"), "no finite number"},
      {good + R"({"decision":"s","reward":1,"slate":["a"],)"
              R"("actions":[{"id":"a","weight":1,"target":1}]})",
       "single choices and slates"},
      {R"({"decision":"s","reward":1,"slate":["a","a"],)"
       R"("actions":[{"id":"a","weight":1,"target":1}]})",
       "twice"},
      {R"({"decision":"s","reward":1,"slate":["b"],"actions":[{"id":"a","weight":1,"target":1}]})",
       "not in \"actions\""},
      {R"({"decision":"s","reward":1,"slate":["a"],"actions":[{"id":"a","weight":0,"target":1}]})",
       "propensity 0"},
      {R"({"decision":"s","reward":1,"slate":["a"],"actions":[{"id":"a","weight":1,"target":0}]})",
       "every \"target\" is 0"},
      {R"({"decision":"s","reward":1,"slate":[],"actions":[{"id":"a","weight":1,"target":1}]})",
       "empty"},
      {R"({"decision":"s","reward":1,"places":[]})", "\"places\" is empty"},
      {R"({"decision":"s","reward":1,"places":[{"chosen":"a","actions":)"
       R"([{"id":"a","propensity":0.4,"target":1}]}]})",
       "sums to 0.4"},
      {R"({"decision":"s","reward":1,"places":[7]})", "a place is an object"},
  };
  for (const Case& c : cases) {
    const auto log = parse_native_log(c.bytes, kOptions);
    ASSERT_FALSE(log) << c.bytes;
    EXPECT_EQ(log.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(log.error().message.find(c.says), std::string::npos)
        << log.error().message << "\nfor " << c.bytes;
    EXPECT_NE(log.error().message.find("log.ndjson"), std::string::npos);
  }
}

const std::string kHeader = ",item_id,position,click,propensity_score,rest\n";

TEST(ObdLog, ReadsRowsAndWhatWasNeverLogged) {
  const auto log =
      parse_obd_log(kHeader + "0,7,1,1,0.5,x\n1,8,1,0,0.5,x\n2,7,2,0,0.25,\"a,b\"\n", {"f", 0, 1});
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->action_names, (std::vector<std::string>{"7", "8"}));
  ASSERT_EQ(log->rounds.size(), 3u);
  EXPECT_EQ(log->feature_count, 1u);
  EXPECT_EQ(log->features, (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(log->propensities,
            (std::vector<double>{0.5, kUnknownPropensity, kUnknownPropensity, 0.5, 0.25, 0}));
}

TEST(ObdLog, TargetsAreSmoothedFrequenciesByPosition) {
  auto log = parse_obd_log(kHeader + "0,7,1,1,0.5,\n1,8,1,0,0.5,\n2,7,2,0,0.5,\n3,8,2,0,0.5,\n",
                           {"f", 0, 1});
  const auto other = parse_obd_log(
      kHeader + "0,7,1,0,0.9,\n1,7,1,0,0.9,\n2,8,1,0,0.1,\n3,8,2,1,0.1,\n", {"g", 0, 1});
  ASSERT_TRUE(log && other);
  ASSERT_TRUE(set_targets_from_obd(*log, *other, "g"));
  const std::vector<double> expected = {3.0 / 5, 2.0 / 5, 3.0 / 5, 2.0 / 5,
                                        1.0 / 3, 2.0 / 3, 1.0 / 3, 2.0 / 3};
  ASSERT_EQ(log->targets.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(log->targets[i], expected[i], 1e-12);
  const auto stranger = parse_obd_log(kHeader + "0,9,1,0,0.9,\n1,9,2,0,0.9,\n", {"g", 0, 1});
  const auto narrow = parse_obd_log(kHeader + "0,7,1,0,0.9,\n", {"g", 0, 1});
  EXPECT_FALSE(set_targets_from_obd(*log, *stranger, "g"));
  EXPECT_FALSE(set_targets_from_obd(*log, *narrow, "g"));
}

TEST(ObdLog, BadFilesAreRefused) {
  struct Case {
    std::string bytes;
    const char* says;
  };
  const Case cases[] = {
      {"", "empty"},
      {kHeader, "no rows"},
      {"item_id,position,click\n1,1,0\n", "no column 'propensity_score'"},
      {kHeader + "0,7,1,1,0,x\n", "line 2: the propensity is 0"},
      {kHeader + "0,7,1,1,1.01,x\n", "must be above 0 and at most 1"},
      {kHeader + "0,7,1,1,-0.2,x\n", "the propensity is -0.2"},
      {kHeader + "0,7,1,1,,x\n", "'propensity_score' holds ''"},
      {kHeader + "0,7,1,1,nan,x\n", "no finite number"},
      {kHeader + "0,7,1,2,0.5,x\n", "the reward is 2, outside 0 to 1"},
      {kHeader + "0,7,1,yes,0.5,x\n", "'click' holds 'yes'"},
      {kHeader + "0,,1,1,0.5,x\n", "item_id or position is empty"},
      {kHeader + "0,7,1,1,0.5,x\n0,7,1\n", "line 3: 3 columns, the header has 6"},
      {kHeader + "0,7,1,1,0.5,\"x\n", "line 2: a quote opens here and is never closed"},
  };
  for (const Case& c : cases) {
    const auto log = parse_obd_log(c.bytes, {"men.csv", 0, 1});
    ASSERT_FALSE(log) << c.bytes;
    EXPECT_NE(log.error().message.find(c.says), std::string::npos) << log.error().message;
    EXPECT_NE(log.error().message.find("men.csv"), std::string::npos);
  }
}

}  // namespace
}  // namespace ante

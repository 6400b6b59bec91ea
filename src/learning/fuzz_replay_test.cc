// The corpora of logs and labelled rows, replayed without libFuzzer.

#include <gtest/gtest.h>

#include "base/fuzz_corpus.h"

#define LLVMFuzzerTestOneInput decision_log_entry
#include "learning/decision_log_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput labelled_rows_entry
#include "learning/labelled_rows_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput experiment_looks_entry
#include "learning/experiment_looks_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput trial_table_entry
#include "learning/trial_table_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace ante {
namespace {

TEST(FuzzReplay, DecisionLog) { EXPECT_GT(replay_corpus("decision_log", decision_log_entry), 0u); }

TEST(FuzzReplay, LabelledRows) {
  EXPECT_GT(replay_corpus("labelled_rows", labelled_rows_entry), 0u);
}

TEST(FuzzReplay, ExperimentLooks) {
  EXPECT_GT(replay_corpus("experiment_looks", experiment_looks_entry), 0u);
}

TEST(FuzzReplay, TrialTable) { EXPECT_GT(replay_corpus("trial_table", trial_table_entry), 0u); }

}  // namespace
}  // namespace ante

// The corpora of logs and labelled rows, replayed without libFuzzer.

#include <gtest/gtest.h>

#include "base/fuzz_corpus.h"

#define LLVMFuzzerTestOneInput decision_log_entry
#include "learning/decision_log_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput labelled_rows_entry
#include "learning/labelled_rows_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace ante {
namespace {

TEST(FuzzReplay, DecisionLog) { EXPECT_GT(replay_corpus("decision_log", decision_log_entry), 0u); }

TEST(FuzzReplay, LabelledRows) {
  EXPECT_GT(replay_corpus("labelled_rows", labelled_rows_entry), 0u);
}

}  // namespace
}  // namespace ante

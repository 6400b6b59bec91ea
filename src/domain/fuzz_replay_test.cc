// Every corpus of this folder's fuzzers, replayed without libFuzzer.

#include <gtest/gtest.h>

#include "base/fuzz_corpus.h"

#define LLVMFuzzerTestOneInput log_value_entry
#include "domain/log_value_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput decision_entry
#include "domain/decision_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput event_bytes_entry
#include "domain/event_bytes_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput item_json_entry
#include "domain/item_json_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput slot_json_entry
#include "domain/slot_json_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput bet_json_entry
#include "domain/bet_json_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput brief_json_entry
#include "domain/brief_json_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput token_entry
#include "domain/token_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace ante {
namespace {

TEST(FuzzReplay, LogValue) { EXPECT_GT(replay_corpus("log_value", log_value_entry), 0u); }
TEST(FuzzReplay, Decision) { EXPECT_GT(replay_corpus("decision", decision_entry), 0u); }
TEST(FuzzReplay, EventBytes) { EXPECT_GT(replay_corpus("event_bytes", event_bytes_entry), 0u); }
TEST(FuzzReplay, ItemJson) { EXPECT_GT(replay_corpus("item_json", item_json_entry), 0u); }
TEST(FuzzReplay, SlotJson) { EXPECT_GT(replay_corpus("slot_json", slot_json_entry), 0u); }
TEST(FuzzReplay, BetJson) { EXPECT_GT(replay_corpus("bet_json", bet_json_entry), 0u); }
TEST(FuzzReplay, BriefJson) { EXPECT_GT(replay_corpus("brief_json", brief_json_entry), 0u); }
TEST(FuzzReplay, Token) { EXPECT_GT(replay_corpus("token", token_entry), 0u); }

}  // namespace
}  // namespace ante

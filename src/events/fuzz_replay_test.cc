// The corpus of event JSON, replayed without libFuzzer.

#include <gtest/gtest.h>

#include "base/fuzz_corpus.h"

#define LLVMFuzzerTestOneInput event_json_entry
#include "events/event_json_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace ante {
namespace {

TEST(FuzzReplay, EventJson) { EXPECT_GT(replay_corpus("event_json", event_json_entry), 0u); }

}  // namespace
}  // namespace ante

// A brief that is taken is stored and read without a change, fits into the log, and can be said.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "domain/brief.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto brief = brief_from_json("evening", bytes)) {
    const auto again = stored_brief_from_json("evening", brief_to_json(*brief));
    CHECK(again && *again == *brief);
    CHECK(!to_words(*brief).empty());
    CHECK(answered(*brief) <= kBriefQuestions && registered_changes(*brief, *again).empty());
  }
  // What is stored may be damaged: never worse than refused.
  if (const auto stored = stored_brief_from_json("evening", bytes)) {
    const auto again = stored_brief_from_json("evening", brief_to_json(*stored));
    CHECK(again && *again == *stored);
    CHECK(stored->due_ms() >= 0 || stored->registered_at_ms < 0);
  }
  return 0;
}

// A bet that is taken is stored and read without a change, and can be said aloud.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "domain/bet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const SecretKey key{};
  const PersonKey people{key, TenantId{}};
  if (const auto bet = bet_from_json("evening", bytes, people)) {
    const auto again = stored_bet_from_json("evening", bet_to_json(*bet));
    CHECK(again && *again == *bet);
    CHECK(!to_words(*bet).empty());
  }
  // What is stored may be damaged: never worse than refused.
  if (const auto stored = stored_bet_from_json("evening", bytes)) {
    const auto again = stored_bet_from_json("evening", bet_to_json(*stored));
    CHECK(again && *again == *stored);
  }
  return 0;
}

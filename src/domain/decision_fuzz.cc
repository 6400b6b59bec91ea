// What can be decoded is encoded again to bytes that decode to the same.

#include <cstdint>
#include <string_view>

#include "domain/decision.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto decision = decode_decision(bytes))
    CHECK(*decode_decision(encode(*decision)) == *decision);
  if (const auto reward = decode_reward(bytes)) CHECK(*decode_reward(encode(*reward)) == *reward);
  if (const auto shown = decode_activation(bytes))
    CHECK(*decode_activation(encode(*shown)) == *shown);
  return 0;
}

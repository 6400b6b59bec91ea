// A slot that is taken is written and read without a change.

#include <cstdint>
#include <string_view>

#include "domain/slot.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto slot = slot_from_json("home", bytes);
  if (slot) CHECK(*slot_from_json("home", slot_to_json(*slot)) == *slot);
  return 0;
}

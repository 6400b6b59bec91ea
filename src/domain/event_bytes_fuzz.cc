// What can be decoded is encoded again to bytes that decode to the same.

#include <cstdint>
#include <string_view>

#include "domain/event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto event = decode_event(bytes)) CHECK(*decode_event(encode(*event)) == *event);
  if (const auto facts = decode_facts(bytes)) CHECK(*decode_facts(encode(*facts)) == *facts);
  if (const auto link = decode_link(bytes)) CHECK(*decode_link(encode(*link)) == *link);
  return 0;
}

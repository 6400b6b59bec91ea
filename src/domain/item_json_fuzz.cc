// An item that is taken is written, read and stored without a change; patches never crash.

#include <cstdint>
#include <string_view>

#include "domain/item.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto item = item_from_json(bytes);
  if (item) {
    CHECK(*item_from_json(item_to_json(*item)) == *item);
    CHECK(*decode_item(encode(*item)) == *item);
  }
  static_cast<void>(decode_item(bytes));
  Item known;
  known.id = "a";
  known.key = item_key("a");
  static_cast<void>(item_patched(known, bytes));
  return 0;
}

// A damaged log value is refused, and a good one is read within its bytes.

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "domain/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  std::string value(reinterpret_cast<const char*>(data), size);
  static_cast<void>(decode_log_value(value));
  // And with a right checksum, so that what lies behind it is reached.
  if (value.size() >= 4) {
    value.resize(value.size() - 4);
    const std::uint32_t crc = crc32c(value);
    ByteWriter(value).u32(crc);
    const auto records = decode_log_value(value);
    if (records) {
      for (const CommittedRecord& record : *records) {
        CHECK(record.body.empty() ||
              (record.body.data() >= value.data() &&
               record.body.data() + record.body.size() <= value.data() + value.size()));
      }
    }
  }
  return 0;
}

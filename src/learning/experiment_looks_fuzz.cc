// Any bytes as running counts: refused with a message, or series whose calls can be counted.

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "learning/experiment_looks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = parse_experiment_looks(bytes, "file");
  if (!file) {
    CHECK(file.error().message.starts_with("file: "));
    return 0;
  }
  for (const LookCrossings& row : look_crossings(*file)) {
    CHECK(row.sequence_now <= row.naive_now && row.naive_now <= row.naive_ever);
    CHECK(row.naive_ever <= row.series && row.series <= file->series.size());
  }
  return 0;
}

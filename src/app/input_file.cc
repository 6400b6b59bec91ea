#include "app/input_file.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "api/inflate.h"

namespace ante {
namespace {

constexpr std::size_t kInflatedBytesMax = 4ULL << 30;

}  // namespace

Result<std::string> read_input_file(const std::string& path) {
  std::string bytes;
  if (path == "-") {
    bytes.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) return not_found("cannot read " + path);
    bytes.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (file.bad()) return not_found("cannot read " + path + ": is it a file?");
  }
  if (!bytes.starts_with("\x1f\x8b")) return bytes;
  std::string inflated;
  switch (inflate_bytes(bytes, kInflatedBytesMax, inflated)) {
    case Inflated::kDone:
      return inflated;
    case Inflated::kTooLarge:
      return invalid_argument(
          fmt::format("{}: more than {} bytes inside; split it", path, kInflatedBytesMax));
    case Inflated::kDamaged:
      break;
  }
  return data_loss(path + ": its gzip bytes are damaged or cut off; get the file again");
}

}  // namespace ante

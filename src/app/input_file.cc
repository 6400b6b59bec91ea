#include "app/input_file.h"

#include <filesystem>
#include <fstream>
#include <iostream>

#include <fmt/format.h>

#include "api/inflate.h"

namespace ante {
namespace {

constexpr std::size_t kInflatedBytesMax = 4ULL << 30;
constexpr std::size_t kPieceBytes = 64 * 1024;

// False: reading failed. Iterators over a stream's buffer would throw then; read() does not.
bool read_all(std::istream& in, std::string& bytes) {
  std::string piece(kPieceBytes, '\0');
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    bytes.append(piece, 0, static_cast<std::size_t>(in.gcount()));
  }
  return !in.bad();
}

}  // namespace

Result<std::string> read_input_file(const std::string& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure))
    return invalid_argument("cannot read " + path + ": it is a directory; name a file");
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  if (!file) return not_found("cannot read " + path);
  std::string bytes;
  if (!read_all(path == "-" ? std::cin : file, bytes))
    return unavailable("cannot read " + path + ": reading it failed on the way");
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

#include "api/inflate.h"

#include <algorithm>
#include <zlib.h>

#include "base/check.h"

namespace ante {
namespace {

constexpr int kGzipOrZlib = 15 + 32;
constexpr int kGzip = 15 + 16;
constexpr std::size_t kFirstOutput = 16 * 1024;

Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
}

// Inflates all members from `stream` into `out`; `out` never grows beyond bytes_max + 1.
Inflated inflate_members(z_stream& stream, std::size_t bytes_max, std::string& out) {
  std::size_t used = 0;
  while (true) {
    if (used == out.size()) {
      if (used > bytes_max) return Inflated::kTooLarge;
      out.resize(std::min(bytes_max + 1, std::max(kFirstOutput, out.size() * 2)));
    }
    const std::size_t room = out.size() - used;
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(std::min<std::size_t>(room, 1u << 30));
    const uInt before = stream.avail_out;
    const int status = inflate(&stream, Z_NO_FLUSH);
    used += before - stream.avail_out;
    if (used > bytes_max) return Inflated::kTooLarge;
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) break;
      if (inflateReset(&stream) != Z_OK) return Inflated::kDamaged;
    } else if (status != Z_OK) {
      return Inflated::kDamaged;
    } else if (stream.avail_in == 0 && stream.avail_out != 0) {
      return Inflated::kDamaged;  // cut off
    }
  }
  out.resize(used);
  return Inflated::kDone;
}

}  // namespace

Inflated inflate_bytes(std::string_view bytes, std::size_t bytes_max, std::string& out) {
  out.clear();
  z_stream stream{};
  if (bytes.empty() || inflateInit2(&stream, kGzipOrZlib) != Z_OK) return Inflated::kDamaged;
  stream.next_in = input_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  const Inflated result = inflate_members(stream, bytes_max, out);
  inflateEnd(&stream);
  if (result != Inflated::kDone) out.clear();
  return result;
}

std::string gzip_bytes(std::string_view bytes) {
  z_stream stream{};
  CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) ==
        Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = input_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace ante

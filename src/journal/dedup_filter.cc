#include "journal/dedup_filter.h"

#include <algorithm>

#include "base/bytes.h"

namespace ante {

namespace {

constexpr std::size_t kBlockWords = 8;
constexpr std::size_t kBlockBits = kBlockWords * 64;
constexpr int kBitsSet = 7;  // 7 × 9 bits of one hash choose them
constexpr std::uint8_t kDedupFilterFormat = 1;
constexpr std::size_t kSegmentsMax = 64;

__extension__ using Wide = unsigned __int128;

std::size_t block_of(std::uint64_t hash, std::size_t blocks) {
  return static_cast<std::size_t>((static_cast<Wide>(hash) * blocks) >> 64);
}

std::uint64_t block_hash(const Hash128& key) { return mix64(key.hi + 0x9e3779b97f4a7c15ULL); }
std::uint64_t bits_hash(const Hash128& key) { return mix64(key.lo ^ (key.hi << 1) ^ 0x51ed27); }

}  // namespace

DedupFilter::Segment DedupFilter::make_segment(std::size_t keys_max) {
  Segment segment;
  segment.keys_max = keys_max;
  const std::size_t blocks = (keys_max * kFilterBitsPerKey + kBlockBits - 1) / kBlockBits;
  segment.words.assign(blocks * kBlockWords, 0);
  return segment;
}

DedupFilter::DedupFilter(std::size_t keys_expected) {
  segments_.push_back(make_segment(std::max(keys_expected, kFilterKeysMin)));
}

std::size_t DedupFilter::bytes() const {
  std::size_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.words.size() * sizeof(std::uint64_t);
  return sum;
}

void DedupFilter::insert(const Hash128& key, std::size_t bytes_max) {
  const Segment& last = segments_.back();
  if (last.keys >= last.keys_max && segments_.size() < kSegmentsMax) {
    const std::size_t keys_next = last.keys_max * 2;
    if (bytes() + keys_next * kFilterBitsPerKey / 8 <= bytes_max) {
      segments_.push_back(make_segment(keys_next));
    }
  }
  Segment& segment = segments_.back();
  std::uint64_t* block =
      &segment.words[block_of(block_hash(key), segment.words.size() / kBlockWords) * kBlockWords];
  std::uint64_t bits = bits_hash(key);
  for (int i = 0; i < kBitsSet; ++i, bits >>= 9) {
    block[(bits >> 6) & 7] |= std::uint64_t{1} << (bits & 63);
  }
  ++segment.keys;
  ++keys_;
}

bool DedupFilter::maybe(const Hash128& key) const {
  const std::uint64_t where = block_hash(key);
  const std::uint64_t which = bits_hash(key);
  for (const Segment& segment : segments_) {
    const std::uint64_t* block =
        &segment.words[block_of(where, segment.words.size() / kBlockWords) * kBlockWords];
    std::uint64_t bits = which;
    bool all = true;
    for (int i = 0; i < kBitsSet && all; ++i, bits >>= 9) {
      all = (block[(bits >> 6) & 7] >> (bits & 63)) & 1;
    }
    if (all) return true;
  }
  return false;
}

std::string DedupFilter::save() const {
  std::string out;
  out.reserve(bytes() + 64);
  ByteWriter writer(out);
  writer.u8(kDedupFilterFormat);
  writer.varint(keys_);
  writer.varint(segments_.size());
  for (const Segment& segment : segments_) {
    writer.varint(segment.keys);
    writer.varint(segment.keys_max);
    writer.varint(segment.words.size());
    writer.raw({reinterpret_cast<const char*>(segment.words.data()),
                segment.words.size() * sizeof(std::uint64_t)});
  }
  return out;
}

Result<DedupFilter> DedupFilter::load(std::string_view bytes) {
  ByteReader reader(bytes);
  DedupFilter filter;
  if (reader.u8() != kDedupFilterFormat) return data_loss("a dedup filter of an unknown format");
  filter.keys_ = reader.varint();
  const std::size_t segments = reader.count(3);
  filter.segments_.clear();
  for (std::size_t i = 0; i < segments && reader.ok(); ++i) {
    Segment segment;
    segment.keys = reader.varint();
    segment.keys_max = reader.varint();
    const std::size_t words = reader.count(sizeof(std::uint64_t));
    const std::string_view raw = reader.raw(words * sizeof(std::uint64_t));
    if (!reader.ok() || words == 0 || words % kBlockWords != 0) break;
    segment.words.resize(words);
    std::memcpy(segment.words.data(), raw.data(), raw.size());
    filter.segments_.push_back(std::move(segment));
  }
  if (!reader.ok() || !reader.at_end() || filter.segments_.size() != segments || segments == 0 ||
      segments > kSegmentsMax) {
    return data_loss("a dedup filter is damaged");
  }
  return filter;
}

}  // namespace ante

// Raw numbers of a context → features of about unit size, learned from the stream itself.
//
// In:   one row of raw numbers at a time. Out: its features.
//
//   1, then each number standardised by the mean and deviation of the rows so far and held within
//   kStandardMax; then their products (squares too), hashed with a sign into at most kCrossSlots
//   when there are more (Weinberger et al. 2009); then, for numbers that have shown at most
//   kLevelsMax different values, each twice on average, which value it is, hashed with a sign into
//   kLevelSlots.
//
// Nothing is known beforehand: no names, no ranges, no row count. The features after the last level
// that was seen are not in the answer, so a context of continuous numbers costs no level slots.
// Equal rows in equal order give equal bits. One thread.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ante {

inline constexpr std::size_t kRawNumbersMax = 1024;     // of one context
inline constexpr std::size_t kStandardSlots = 256;      // more numbers than this are hashed into it
inline constexpr std::size_t kCrossedNumbersMax = 128;  // the first so many are crossed
inline constexpr std::size_t kCrossSlots = 64;
inline constexpr std::size_t kLevelSlots = 64;
inline constexpr std::size_t kLevelsMax = 16;
inline constexpr float kStandardMax = 5;

class FeatureMap {
 public:
  // REQUIRES raw_count <= kRawNumbersMax.
  explicit FeatureMap(std::size_t raw_count);

  std::size_t features_max() const { return 1 + standards_ + crosses_ + kLevelSlots; }

  // Takes the row into the moments and levels, then gives its features: valid until the next call.
  // REQUIRES raw.size() == raw_count, all finite.
  std::span<const float> observe(std::span<const double> raw);
  // The features of a row as the rows so far tell: takes nothing in.
  std::span<const float> look(std::span<const double> raw);

 private:
  struct Column {
    double mean = 0, squares = 0;
    std::vector<double> levels;  // in the order of first sight; more than kLevelsMax: none count
  };
  struct Slot {
    std::uint16_t slot = 0;
    float sign = 1;
  };
  void take_in(std::span<const double> raw);

  std::size_t raw_count_, standards_, crosses_, crossed_;
  std::uint64_t rows_ = 0;
  std::size_t size_;  // of the answer: it grows with the levels seen
  std::vector<Column> columns_;
  std::vector<Slot> standard_slots_, cross_slots_;
  float cross_scale_;
  std::vector<float> standard_, features_;
};

}  // namespace ante

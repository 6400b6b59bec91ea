// Where a reader's metric and a publisher's move apart: one gets better, the other worse.
//
// In:   what was measured of each metric against the holdout, and whose it is. Out: the pairs that
//       moved apart credibly, those that probably did, and a sentence.
//
// A pair is apart when both halves are credible: its p is the larger of its two (intersection-union
// test, Berger 1982), each of the sequence that holds at every look (math/statistics.h). Over all
// pairs the chance of one false word is kept at kConflictAlpha (Holm 1979), however metrics go
// together. Maybe apart ("probably" in JSON): not that, and each half is kHintEachHalf likely to be
// on its side, by itself and at one look: a hint, not a finding, and said as one. Intervals are
// those of the sequence. Pure; any thread.
// docs/decisions/0078-losers-and-conflicts.md.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "math/statistics.h"

namespace ante {

inline constexpr double kConflictAlpha = 0.05;
inline constexpr double kHintEachHalf = 0.95;
inline constexpr std::size_t kConflictMetricsMax = 200;  // of each side; later ones are left out

enum class Whose : std::uint8_t { kReader, kPublisher };

struct Measurement {
  std::string metric;  // its id
  std::string where;   // a slot or bet; only those of one place are paired
  Whose whose = Whose::kPublisher;
  std::string metric_class;  // customer, business, proxy
  bool higher_is_better = true;
  double difference = 0;      // treated - holdout
  double standard_error = 0;  // of it; above 0
  std::uint64_t n = 0;        // persons in both arms

  double better_by() const { return higher_is_better ? difference : -difference; }
  // 95 %, at every look. REQUIRES n and standard_error above 0.
  Interval interval() const;
};

struct Conflict {
  Measurement reader, publisher;
  double p = 1;  // Holm's, over all pairs
  bool credible = false;
  std::string sentence;
};

struct ConflictReport {
  std::vector<Conflict> apart, probably;  // surest first
  std::size_t pairs = 0;
  std::vector<std::string> unusable;  // metrics without an error or without anybody
  std::string sentence;               // how many; which ones say their own
};

ConflictReport conflicts(std::span<const Measurement> measured);

// `{sentence, apart: [{where, reader: {...}, publisher: {...}, p, sentence}], probably: [...],
// pairs, alpha, unusable}`.
std::string to_json(const ConflictReport& report);

}  // namespace ante

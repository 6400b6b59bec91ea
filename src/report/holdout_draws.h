// What a new draw of the holdout leaves behind: the evidence of the draw before it, and whether the
// people who were held out come to the other side now.
//
// In:   the object "holdout"; the trials of slots as they are closed by it; who enters them anew.
// Out:  the draw that counts; for each slot the closed sums, and how many of those who were held
//       out before came back, and how many of them are held out again: by chance as many as the
//       holdout's share, or the draws are not independent.
// Part of the lift's fold. One thread at a time. docs/decisions/0076-standing-controls.md.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "domain/decision.h"
#include "domain/holdout.h"
#include "domain/record.h"
#include "math/statistics.h"
#include "reward/person_links.h"

namespace ante {

struct SlotDraw {
  // Of the draw before the one that counts.
  std::uint32_t closed_epoch = 0;
  OutcomeSums treated, holdout;
  // Of the one that counts.
  std::uint64_t entered = 0, held_out = 0;
  std::uint64_t returned = 0;          // of `entered`: were held out in the draw before
  std::uint64_t held_again = 0;        // of `returned`
  std::uint64_t expected_buckets = 0;  // of `returned`: sum of the holdout's share, of kBuckets
  std::uint64_t variance_buckets = 0;  // and of share x (kBuckets - share)
};

class HoldoutDraws {
 public:
  const HoldoutDraw& draw() const { return draw_; }
  // Zeros for a slot without people.
  SlotDraw slot(SlotKey slot) const;

  // True when the object is a draw with another salt than the one that counted.
  bool consume(const Object& object);
  // The slot's trial ends with these sums; `held_out` were its holdout.
  void close(SlotKey slot, const OutcomeSums& treated, const OutcomeSums& holdout,
             std::vector<PersonHash> held_out);
  void entered(SlotKey slot, PersonHash person, Arm arm, std::uint16_t holdout_buckets);
  void join(const PersonLinks::Joined& joined);
  void forget(PersonHash person);

  void save(std::string& bytes) const;
  Result<void> load(std::string_view bytes);

 private:
  struct Known {
    SlotDraw counts;
    std::unordered_set<PersonHash, PersonHasher> held_before;  // and not yet back
  };
  HoldoutDraw draw_;
  std::map<SlotKey, Known> slots_;
};

}  // namespace ante

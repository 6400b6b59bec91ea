// Any bytes as labelled rows: refused with a message, or rows that a trial can play.

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "learning/bandit_trial.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto rows = parse_labelled_tsv(bytes, "file");
  if (!rows) return 0;
  CHECK(rows->rows() >= 1 && rows->numbers.size() == rows->rows() * rows->columns);
  if (rows->columns > 16) return 0;  // a trial of many columns is slow
  const auto rule = exploration_rule("squarecb");
  const BanditTrial trial = run_bandit_trial(*rows, **rule, 1);
  CHECK(std::isfinite(trial.progressive_loss) && trial.propensity_sum_error < 1e-9);
  return 0;
}

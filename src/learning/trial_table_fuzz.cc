// Any bytes as a trial: refused with a message, or a table that a policy can be evaluated on.

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "learning/trial_basis.h"
#include "learning/trial_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  TrialColumns columns;
  columns.file = "file";
  columns.treatment = "segment";
  columns.outcome = "visit";
  const auto table = parse_trial(bytes, columns);
  if (!table) {
    CHECK(table.error().message.size() > 10);
    return 0;
  }
  CHECK(table->arms.size() >= 2 && table->outcome.size() == table->rows());
  const TrialBasis basis(*table);
  const auto rows = basis.rows_of(*table);
  CHECK(rows.has_value());
  if (basis.width() > 40 || table->rows() > 2000) return 0;  // slow
  const TrialReport report = evaluate_trial(
      {basis.width(), *rows, table->arm, table->outcome, table->arms.size()}, {0.1, 1}, 1);
  CHECK(report.heterogeneity_p >= 0 && report.heterogeneity_p <= 1);
  CHECK(!report.claim || report.value > 0);
  return 0;
}

// Any bytes as a log of either format: refused with a message, or rows that every estimator takes.

#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "learning/policy_evaluation.h"
#include "learning/reward_model.h"

namespace {

void use(ante::BanditLog log) {
  using namespace ante;
  for (const SlateRound& slate : log.slates) {
    const auto weight = slate_weight(slate);
    CHECK(!weight || std::isfinite(weight->out_of_support));
  }
  if (log.rounds.empty()) return;
  const std::vector<double> expected = cross_fitted_rewards(log);
  if (log.targets.empty()) CHECK(set_targets(log, "uniform", expected).has_value());
  const auto rows = off_policy_rows(log, calibrated_to_target(log, expected));
  CHECK(rows.size() == log.rounds.size());
  if (rows.size() >= 2) static_cast<void>(evaluate_off_policy(rows, {}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const LogOptions options{"log", -10, 10};
  if (auto log = parse_native_log(bytes, options)) use(*std::move(log));
  if (auto log = parse_obd_log(bytes, options)) use(*std::move(log));
  return 0;
}

#include "math/sample_size.h"

#include <cmath>

#include "base/check.h"
#include "math/statistics.h"

namespace ante {
namespace {

double outcome_spread(const Comparison& c) {
  CHECK(c.control_share > 0 && c.control_share < 1);
  return std::sqrt(c.treated_variance / (1 - c.control_share) +
                   c.control_variance / c.control_share);
}

}  // namespace

Comparison rates_compared(double base_rate, double relative_lift, double control_share) {
  const double treated = base_rate * (1 + relative_lift);
  CHECK(base_rate > 0 && base_rate < 1 && treated > 0 && treated < 1);
  CHECK(control_share > 0 && control_share < 1);
  Comparison comparison;
  comparison.treated_variance = treated * (1 - treated);
  comparison.control_variance = base_rate * (1 - base_rate);
  comparison.control_share = control_share;
  return comparison;
}

double smallest_difference(const Comparison& c, double persons) {
  CHECK(persons > 0);
  const double z = normal_quantile(1 - c.alpha / 2) + normal_quantile(c.power);
  return z * outcome_spread(c) / std::sqrt(persons);
}

double persons_needed_watched(const Comparison& c, double difference) {
  CHECK(difference > 0);
  // At the planned look the half width times sqrt(persons) does not depend on the plan.
  const double z = sequence_half_width(1, 1, c.alpha) + normal_quantile(c.power);
  const double root = z * outcome_spread(c) / difference;
  return root * root;
}

double cost_of_unequal_arms(double control_share) {
  CHECK(control_share > 0 && control_share < 1);
  return 1 / (4 * control_share * (1 - control_share));
}

double days_needed(double persons, double new_persons_a_day, double window_days) {
  CHECK(new_persons_a_day > 0 && window_days >= 0);
  return persons / new_persons_a_day + window_days;
}

}  // namespace ante

#include "math/cholesky.h"

#include <cmath>

#include "base/check.h"

namespace ante {

bool cholesky_factor(std::span<double> a, std::size_t rows) {
  CHECK(a.size() == triangle_size(rows));
  for (std::size_t i = 0; i < rows; ++i) {
    double* const row = a.data() + triangle_size(i);
    for (std::size_t j = 0; j <= i; ++j) {
      const double* const other = a.data() + triangle_size(j);
      double left = row[j];
      for (std::size_t k = 0; k < j; ++k) left -= row[k] * other[k];
      if (j < i) {
        row[j] = left / other[j];
      } else {
        if (!(left > 0)) return false;
        row[i] = std::sqrt(left);
      }
    }
  }
  return true;
}

void cholesky_solve(std::span<const double> l, std::span<double> x) {
  CHECK(l.size() == triangle_size(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double* const row = l.data() + triangle_size(i);
    for (std::size_t k = 0; k < i; ++k) x[i] -= row[k] * x[k];
    x[i] /= row[i];
  }
  for (std::size_t i = x.size(); i-- > 0;) {
    const double* const row = l.data() + triangle_size(i);
    x[i] /= row[i];
    for (std::size_t k = 0; k < i; ++k) x[k] -= row[k] * x[i];
  }
}

}  // namespace ante

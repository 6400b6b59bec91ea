// Cholesky factors of small symmetric positive definite matrices, in doubles.
//
// In:   the lower triangle, row after row, without gaps: element (i, j), j <= i, at i (i+1)/2 + j.
// Out:  solutions. Plain loops: for up to a few hundred rows. Pure; any thread.

#pragma once

#include <cstddef>
#include <span>

namespace ante {

constexpr std::size_t triangle_size(std::size_t rows) { return rows * (rows + 1) / 2; }

// A becomes L with A = L L'. False, and A is spoilt, when it is not positive definite.
// REQUIRES a.size() == triangle_size(rows).
[[nodiscard]] bool cholesky_factor(std::span<double> a, std::size_t rows);

// x becomes the solution y of L L' y = x. REQUIRES l made by cholesky_factor of x.size() rows.
void cholesky_solve(std::span<const double> l, std::span<double> x);

}  // namespace ante

#include "math/cholesky.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ante {
namespace {

TEST(Cholesky, SolvesWhatItFactored) {
  constexpr std::size_t kRows[] = {1, 2, 5, 17, 64};
  for (const std::size_t rows : kRows) {
    Random random(rows);
    // A = B B' + I, as a full matrix beside the triangle.
    std::vector<std::vector<double>> b(rows, std::vector<double>(rows)), a = b;
    for (auto& row : b) {
      for (double& value : row) value = random.normal();
    }
    std::vector<double> triangle;
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < rows; ++j) {
        a[i][j] = i == j ? 1 : 0;
        for (std::size_t k = 0; k < rows; ++k) a[i][j] += b[i][k] * b[j][k];
        if (j <= i) triangle.push_back(a[i][j]);
      }
    }
    std::vector<double> x(rows), right(rows, 0);
    for (double& value : x) value = random.normal();
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < rows; ++j) right[i] += a[i][j] * x[j];
    }
    ASSERT_TRUE(cholesky_factor(triangle, rows));
    cholesky_solve(triangle, right);
    for (std::size_t i = 0; i < rows; ++i) EXPECT_NEAR(right[i], x[i], 1e-9);
  }
}

TEST(Cholesky, WhatIsNotPositiveDefiniteIsRefused) {
  std::vector<double> zero = {0}, negative = {1, 2, 1}, singular = {1, 1, 1};
  EXPECT_FALSE(cholesky_factor(zero, 1));
  EXPECT_FALSE(cholesky_factor(negative, 2));
  EXPECT_FALSE(cholesky_factor(singular, 2));
  std::vector<double> nothing;
  EXPECT_TRUE(cholesky_factor(nothing, 0));
}

}  // namespace
}  // namespace ante

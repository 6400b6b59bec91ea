// False discoveries: which of many p-values still count when all were looked at.
//
// In:   p-values. Out: q-values: the smallest share of false discoveries at which each would still
//       be among the discoveries.
//
// Benjamini & Hochberg 1995, "Controlling the false discovery rate" (JRSS B 57): calling all with
// q <= Q discoveries keeps the expected share of false ones at most Q when the p-values are
// independent or positively dependent (Benjamini & Yekutieli 2001). Pure; any thread.

#pragma once

#include <span>
#include <vector>

namespace ante {

// q[i] = min over p[j] >= p[i] of p[j] x n / rank(p[j]), at most 1, in the order of `p`.
// REQUIRES every p in [0, 1] (and so none is NaN). Empty: empty. Cost: a sort.
std::vector<double> false_discovery_q(std::span<const double> p);

}  // namespace ante

#!/usr/bin/env bash
# The worlds of bets at full size: `bets.sh [part [runs [first seed]]]`, all parts without one. Writes
# bench/results/bets-<part>.json beside what it prints; 1 when a target is missed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=build/release/sim/sim_bets
[ -x "$program" ] || { echo "bets: $program is not built; run ./dev bench bets" >&2; exit 1; }
parts=(breakeven same harm odds ledger fall)
[ $# = 0 ] || { parts=("$1"); shift; }
commit=$(git rev-parse --short=12 HEAD)
git diff --quiet HEAD -- src sim || commit+="+"
mkdir -p bench/results
failed=0
for part in "${parts[@]}"; do
  "$program" "$part" "${1:-0}" "${2:-1}" "$commit" | tee "bench/results/bets-$part.json" || failed=1
done
exit "$failed"

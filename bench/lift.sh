#!/usr/bin/env bash
# The 400-world trial of the lift report; writes bench/results/lift.json beside what it prints.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=build/release/sim/sim_lift
[ -x "$program" ] || { echo "lift: $program is not built; run ./dev bench lift" >&2; exit 1; }
mkdir -p bench/results
"$program" "${1:-400}" "${2:-1}" "$(git rev-parse HEAD)" | tee bench/results/lift.json

#!/usr/bin/env bash
# Runs the pinned clients against the given binary: run.sh ANTE. Exit 77 (skipped) without node.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
readonly NODE_MAJOR_MIN=20
command -v node >/dev/null || { echo "skipped: node is not installed"; exit 77; }
major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$major" -ge "$NODE_MAJOR_MIN" ] || { echo "skipped: node $major is older than $NODE_MAJOR_MIN"; exit 77; }
[ -d node_modules ] || { echo "skipped: run npm ci in tests/compat (./dev test does)"; exit 77; }
ANTE_BINARY=${1:-} exec node --test --test-force-exit --test-concurrency=1

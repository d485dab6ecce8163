#!/usr/bin/env bash
# Long runs that `make test` has no time for: the server killed again and again under load. `make soak ROUNDS=500` kills it 500 times.
set -euo pipefail
cd "$(dirname "$0")/.."
export CITYBRAIN_CRASH_ROUNDS=${ROUNDS:-200}
cargo build --workspace --bins --tests --locked
cargo test --workspace --test main --locked -- --nocapture \
  --include-ignored crash:: cut_off:: faults::

#!/usr/bin/env bash
# Long runs that `make test` has no time for: the server killed again and again under load, and every decoder given random input.
# `make soak ROUNDS=500 FUZZ_SECONDS=600` kills it 500 times, and gives each decoder ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
export CITYBRAIN_CRASH_ROUNDS=${ROUNDS:-200}
cargo build --workspace --bins --tests --example fuzz --locked
"${CARGO_TARGET_DIR:-$HOME/.cache/citybrain/target}/debug/examples/fuzz" --seconds "${FUZZ_SECONDS:-60}"
cargo test --workspace --test main --locked -- --nocapture \
  --include-ignored crash:: cut_off:: faults::

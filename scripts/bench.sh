#!/usr/bin/env bash
# The measurements of benches/README.md, on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$HOME/.cache/citybrain/target}
export CITYBRAIN=$target/release/citybrain
cargo bench --locked -p citybrain-benches "$@"
# What the analyses find of planted facts, unless a single bench was asked for.
if [ $# -eq 0 ]; then
    cargo run --release --locked -p citybrain-benches --bin planted
    cargo run --release --locked -p citybrain-benches --bin pictures
    for part in fold serve; do
        cargo run --release --locked -p citybrain-benches --bin live -- "$part"
    done
fi

#!/usr/bin/env bash
# The measurements of benches/README.md, on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$HOME/.cache/citybrain/target}
CITYBRAIN=$target/release/citybrain cargo bench --locked -p citybrain-benches "$@"

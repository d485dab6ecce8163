#!/usr/bin/env bash
# Everything the project promises, cheapest first. `make test` calls it.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s\n' "$*"; }

step "formatting"
cargo fmt --all --check
step "the page: lints, types, unit tests"
(cd web-map/ui && npm run --silent check && npm test --silent)
step "Rust lints"
cargo clippy --workspace --all-targets --locked -- -D warnings
step "Rust documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
step "Rust tests"
# Bins and tests in one build: apart they would unify features differently and build the dependencies twice.
cargo build --workspace --bins --tests --locked
cargo test --workspace --locked
step "the page's types are those of the server"
scripts/api.sh --check
step "the page in a real browser"
scripts/browser.sh

#!/usr/bin/env bash
# The browser tests against the built binary: the sample city with history, served on a free port.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$HOME/.cache/citybrain/target}
scratch=$(mktemp -d)
"$target/debug/citybrain" demo --state-dir "$scratch/state" --listen 127.0.0.1:0 >"$scratch/out" 2>"$scratch/err" & server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
for _ in $(seq 600); do
  url=$(grep -oE 'http://[0-9.:]+' "$scratch/out" | head -n 1 || true)
  [ -n "$url" ] && curl -fsS "$url/readyz" >/dev/null 2>&1 && break
  kill -0 "$server" 2>/dev/null || { cat "$scratch/err" >&2; exit 1; }
  sleep 0.2
done
[ -n "${url:-}" ] || { echo "citybrain: the server did not say where it listens" >&2; cat "$scratch/err" >&2; exit 1; }
cd web-map/ui
CITYBRAIN_URL=$url npm run --silent test:browser

#!/usr/bin/env bash
# The page's API types, generated from the server's OpenAPI document; with --check, tells whether they are current.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$HOME/.cache/citybrain/target}
types=web-map/ui/src/api/api.gen.ts
scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT
"$target/debug/citybrain" openapi >"$scratch/openapi.json"
(cd web-map/ui && npx --no-install openapi-typescript "$scratch/openapi.json" -o "$scratch/api.gen.ts" >/dev/null)
if [ "${1:-}" = --check ]; then
  diff -u "$types" "$scratch/api.gen.ts" || { echo "citybrain: $types is not current; run scripts/api.sh" >&2; exit 1; }
else
  cp "$scratch/api.gen.ts" "$types"
fi

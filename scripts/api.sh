#!/usr/bin/env bash
# The page's API types, made from the OpenAPI document of the built server; with --check, tells whether they are current.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${CARGO_TARGET_DIR:-$HOME/.cache/citybrain/target}/debug/citybrain
types=web-map/ui/src/api/api.gen.ts
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$binary" openapi >"$scratch/openapi.json"
(cd web-map/ui && npx --no-install openapi-typescript "$scratch/openapi.json" --array-length --output "$scratch/api.gen.ts" >/dev/null)
if [ "${1:-}" = --check ]; then
  diff -u "$types" "$scratch/api.gen.ts" || { echo "$types is not what the server says: run make api" >&2; exit 1; }
else
  cp "$scratch/api.gen.ts" "$types"
fi

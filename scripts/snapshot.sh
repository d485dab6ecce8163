#!/usr/bin/env bash
# Builds the helper that paints pictures by maplibre-rs, and puts it beside the built programs, where the server looks for it.
set -euo pipefail
cd "$(dirname "$0")/../web-map/snapshot"
packages=()
command -v protoc >/dev/null || packages+=(protobuf-compiler)
compgen -G '/usr/share/vulkan/icd.d/*' >/dev/null || packages+=(libvulkan1 mesa-vulkan-drivers)
if [ ${#packages[@]} -gt 0 ]; then
  sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
target=${CARGO_TARGET_DIR:-$HOME/.cache/citybrain/target}
CARGO_TARGET_DIR=$target/snapshot cargo build --release --locked
for folder in "$target/debug" "$target/release"; do
  [ -d "$folder" ] && cp "$target/snapshot/release/citybrain-snapshot" "$folder/"
done
echo "built: $target/snapshot/release/citybrain-snapshot"

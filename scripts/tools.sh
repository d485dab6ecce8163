#!/usr/bin/env bash
# What building and testing needs beside Rust: looks, installs what Debian has, names what it cannot install.
set -euo pipefail

at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }
missing() { echo "citybrain: $1" >&2; echo "  install it with: $2" >&2; exit 1; }

command -v cargo >/dev/null || missing "Rust is missing" "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
rust=$(rustc --version | cut -d ' ' -f 2)
at_least 1.95.0 "$rust" || missing "Rust $rust is too old, 1.95 or newer is needed" "rustup update stable"

packages=()
command -v cc >/dev/null || packages+=(build-essential)
command -v chromium >/dev/null || [ -n "${CHROMIUM:-}" ] || packages+=(chromium)
command -v python3 >/dev/null || packages+=(python3)
python3 -c "import ensurepip" 2>/dev/null || packages+=(python3-venv)
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
# The broker of the tests over MQTT; it is started by them, on a port and with a file of their own.
{ command -v mosquitto || [ -x /usr/sbin/mosquitto ]; } >/dev/null || packages+=(mosquitto)
command -v mosquitto_pub >/dev/null || packages+=(mosquitto-clients)
command -v curl >/dev/null || packages+=(curl)
# The certificate of a webhook over TLS in a test.
command -v openssl >/dev/null || packages+=(openssl)
# Shifts the clock of a server under test.
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || packages+=(libfaketime)
if [ ${#packages[@]} -gt 0 ]; then
  echo "installing ${packages[*]}" >&2
  sudo=(); [ "$(id -u)" = 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
    missing "these packages could not be installed: ${packages[*]}" "apt-get install ${packages[*]}"
fi

node=$(node --version | tr -d v)
at_least 20.19.0 "$node" || missing "Node $node is too old, 20.19 or newer is needed" "npm install --global n && n 22"

# What runs the notebooks of data/notebooks, outside of the clone.
notebooks=${CITYBRAIN_NOTEBOOKS:-$HOME/.cache/citybrain/notebooks}
if ! [ -f "$notebooks/ready" ]; then
  echo "installing GeoPandas, Matplotlib and Jupyter's client in $notebooks" >&2
  if python3 -m venv "$notebooks" 2>/dev/null || { "${sudo[@]:-env}" apt-get install -y -qq --no-install-recommends python3-venv >/dev/null && python3 -m venv "$notebooks"; }; then
    "$notebooks/bin/pip" install -q --disable-pip-version-check geopandas matplotlib nbclient ipykernel && touch "$notebooks/ready"
  fi || echo "citybrain: the notebooks' packages could not be installed; their test is skipped" >&2
fi
# Another engine that reads the lake, and an S3 server, for tests; they lie outside of the clone. Without them these tests say so.
python=${CITYBRAIN_PYTHON:-$HOME/.cache/citybrain/python/bin/python}
if ! "$python" -c 'import polars, deltalake, moto' 2>/dev/null; then
  folder=$(dirname "$(dirname "$python")")
  if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check polars deltalake 'moto[server]'; } >&2; then
    echo "citybrain: Polars and moto could not be installed; the tests with another engine and on S3 are skipped" >&2
  fi
fi
# A client of the SensorThings API that others wrote, for one test.
frost=${CITYBRAIN_FROST:-$HOME/.cache/citybrain/frost/bin/python}
if ! "$frost" -c 'import frost_sta_client' 2>/dev/null; then
  folder=$(dirname "$(dirname "$frost")")
  if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check frost_sta_client; } >&2; then
    echo "citybrain: frost_sta_client could not be installed; the test with it is skipped" >&2
  fi
fi

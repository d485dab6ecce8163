# citybrain: `make demo` and `make test` do everything on a fresh Debian machine with Rust; `make help` lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export CARGO_TARGET_DIR ?= $(HOME)/.cache/citybrain/target
export CARGO_TERM_COLOR ?= auto

UI := web-map/ui
BINARY := $(CARGO_TARGET_DIR)/release/citybrain
DEBUG_BINARY := $(CARGO_TARGET_DIR)/debug/citybrain

.PHONY: help demo run test soak bench snapshot fmt lint clean tools page api

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: $(BINARY) ## the sample city with history and a live feed, served on loopback
	exec $(BINARY) demo $(ARGS)

run: $(BINARY) ## any command of the release build: make run ARGS="sql --help"
	exec $(BINARY) $(ARGS)

test: tools page ## everything the project promises, the page in a real browser included
	scripts/test.sh

soak: tools page ## long runs: the server killed hundreds of times under load (ROUNDS=200)
	ROUNDS=$(ROUNDS) scripts/soak.sh

bench: $(BINARY) ## the measurements of benches/README.md
	scripts/bench.sh

snapshot: tools ## the helper that paints pictures by maplibre-rs (optional; needs Vulkan, software will do)
	scripts/snapshot.sh

fmt: page ## format Rust and TypeScript
	cargo fmt --all
	cd $(UI) && npm run --silent fmt

api: page ## the page's API types, from the server's OpenAPI document
	cargo build --workspace --bins --tests --locked
	scripts/api.sh

lint: page ## all lints, without tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cd $(UI) && npm run --silent check

clean: ## forget what was built
	rm -rf $(CARGO_TARGET_DIR) $(UI)/dist $(UI)/node_modules

tools:
	@scripts/tools.sh

# The page is embedded in the binary, so it is built first.
page: tools $(UI)/dist/index.html

$(UI)/node_modules/.package-lock.json: $(UI)/package.json $(UI)/package-lock.json
	cd $(UI) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(UI)/dist/index.html: $(UI)/node_modules/.package-lock.json $(shell find $(UI)/src $(UI)/public $(UI)/*.html $(UI)/vite.config.ts -type f 2>/dev/null)
	cd $(UI) && npm run --silent build
	touch $@

# Cargo knows best whether the binary is current.
.PHONY: $(BINARY)
$(BINARY): page
	cargo build --release --locked -p citybrain

# Otelier: `make` prints the targets. STACK (or ENV) names a stack of stacks/src/catalog; ARGS goes to
# the command behind a target: `make plan STACK=dev ARGS='-o json'`.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STACK ?= $(or $(ENV),prod)
ARGS ?=

STACKS := cargo run --quiet --package stacks --
SCRIPTS := .ci/run .config/tool .config/run-tests tests/live/control-plane tests/live/given tests/live/peer

.PHONY: help
help: ## print every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stacks. Without a kubeconfig these act on the sandbox, and say so.

.PHONY: up plan drift down
up: ## make the cluster hold STACK, and wait until it is ready
	$(STACKS) up $(STACK) $(ARGS)
plan: ## show what `up` would do
	$(STACKS) plan $(STACK) $(ARGS)
drift: ## show what others changed (exit status 2: there is drift)
	$(STACKS) drift $(STACK) $(ARGS)
down: ## remove what STACK made; volumes stay
	$(STACKS) down $(STACK) $(ARGS)

# The checks. RUSTFLAGS stays untouched and the features are the workspace's, so that each shares
# the build of the one before.

.PHONY: test conformance lint audit
test: ## every test, against the sandbox; needs Rust and nothing else
	.config/run-tests default $(ARGS)
	cargo test --locked --doc --workspace

conformance: ## replay what a real API server answered against the sandbox, counted per area
	.config/run-tests conformance $(ARGS)

lint: ## formatting, clippy, documentation, licences and duplicates, scripts
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps
	@if deny=$$(.config/tool cargo-deny); then \
	  set -x; "$$deny" --log-level error check bans licenses sources; \
	else \
	  echo 'lint: SKIPPED cargo deny: licences, duplicate packages and sources were not checked'; \
	fi
	for script in $(SCRIPTS); do bash -n "$$script"; done
	@if command -v go >/dev/null; then set -x; cd tests/live; test -z "$$(gofmt -l .)"; \
	  CGO_ENABLED=0 go vet -trimpath -gcflags=all=-dwarf=false ./harness; fi

audit: ## known vulnerabilities of what we depend on (asks the advisory database)
	"$$(.config/tool cargo-deny)" check advisories

# Only a KUBECONFIG on the command line counts: one that happens to be exported is not meant for tests.

# The transcripts are replayed only where nobody else writes.

ifeq ($(origin KUBECONFIG),command line)
REAL := tests/live/given $(KUBECONFIG) --
LIVE := live-given
REPLAY := @echo 'live: the transcripts are not replayed against a given cluster'; :
else
REAL := tests/live/control-plane run --
LIVE := live
REPLAY := tests/live/control-plane run --no-controllers --
endif

.PHONY: live live-all
live: ## transcripts and suite against a real Kubernetes: one built here (Go), or KUBECONFIG=FILE
	cargo build --locked --workspace --bins
	cargo test --locked --workspace --test suite --test conformance --no-run
	$(REPLAY) .config/run-tests conformance
	peers=$$(tests/live/peer build); OTELIER_PEERS=$$peers $(REAL) .config/run-tests $(LIVE) $(ARGS)
live-all: ## the same, with what takes long and with Jaeger, Loki and VictoriaMetrics, whose builds do
	cargo build --locked --workspace --bins
	cargo test --locked --workspace --test suite --test conformance --no-run
	$(REPLAY) .config/run-tests conformance
	peers=$$(tests/live/peer build collector prometheus alertmanager python sdk python-client node-client rust-client h2spec \
	    collector-older jaeger loki victoria-metrics); \
	  GATEWAY_KILLS=200 OTELIER_PEERS=$$peers $(REAL) .config/run-tests live-all $(ARGS)

# Images without a container engine: static programs in archives that any engine and any registry client loads.
# Static with musl where its compiler is (Debian: musl-tools; `rustup target add` gets the rest), else with glibc.

ARCH := $(shell uname -m)
MUSL := $(ARCH)-unknown-linux-musl
ifneq ($(shell command -v musl-gcc),)
TARGET ?= $(MUSL)
else
TARGET ?= $(ARCH)-unknown-linux-gnu
endif
IMAGES := target/image
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
IMAGE = cargo run --quiet --locked --package image -- build --output $(IMAGES)/$(1).tar --name localhost/otelier/$(1):$(VERSION) \
  --add target/$(TARGET)/release/$(1):/$(1):0755 --entrypoint /$(1) \
  $(foreach file,$(wildcard /etc/ssl/certs/ca-certificates.crt),--add $(file):$(file))

.PHONY: image
image: ## the gateway and the injector as container images: archives in target/image
	@case $(TARGET) in \
	*musl) command -v musl-gcc >/dev/null || { \
	    echo 'image: $(TARGET) needs musl-gcc (Debian: apt-get install musl-tools)' >&2; exit 1; }; \
	  rustc --print target-libdir --target $(TARGET) | xargs test -d || rustup target add $(TARGET) || { \
	    echo 'image: needs the standard library of $(TARGET): `rustup target add $(TARGET)`' >&2; exit 1; };; \
	*) echo 'image: no musl-gcc (Debian: apt-get install musl-tools): static with glibc instead';; esac
	RUSTFLAGS='-C target-feature=+crt-static' cargo build --locked --release --target $(TARGET) --package gateway --package injector
	$(call IMAGE,gateway) --argument=--config --argument=/etc/gateway/config.yaml --port 4317/tcp --port 4318/tcp --port 8888/tcp --port 13133/tcp
	$(call IMAGE,injector)
	for name in gateway injector; do rm -rf $(IMAGES)/$$name; \
	  cargo run --quiet --locked --package image -- check $(IMAGES)/$$name.tar $(IMAGES)/$$name >/dev/null; \
	  $(IMAGES)/$$name/$$name --version; \
	  if command -v skopeo >/dev/null; then skopeo inspect --config oci-archive:$(IMAGES)/$$name.tar >/dev/null; \
	  else echo "image: SKIPPED skopeo: no other tool has read $$name.tar"; fi; done

# The gateway, measured, loaded for long and killed: nothing else should run beside, and none of it is part of `ci`.
# Several scenarios are run one after the other, and it fails if one shows something wrong.

KILLS ?= 200
KILLED ?= crash crash-tail crash-power crash-roll
MINUTES ?= 10
SOAKED ?= soak soak-tail

.PHONY: bench bench-gateway soak-gateway crash-gateway ci
bench: ## what the engine costs per object, built for speed
	cargo bench --locked --workspace --bench engine
bench-gateway: ## the gateway beside its peers: cost, memory, delay and loss, beside its goals (docs/benchmarks.md)
	cargo build --locked --release --package gateway --package load
	peers=$$(tests/live/peer build collector rotel); \
	  OTELIER_PEERS=$$peers target/release/load bench --json target/bench-gateway.json $(ARGS)
soak-gateway: ## load for MINUTES=10 each on the gateway, whose sink dies again and again: does anything grow?
	cargo build --locked --release --package gateway --package load
	status=0; for scenario in $(SOAKED); do \
	  target/release/load soak --scenario $$scenario --minutes $(MINUTES) --json target/$$scenario-gateway.json $(ARGS) || status=1; \
	  done; exit $$status
crash-gateway: ## kill -9 KILLS=200 times under load: is anything lost, or more than 0.1 % twice?
	cargo build --locked --release --package gateway --package load
	status=0; for scenario in $(KILLED); do \
	  target/release/load crash --scenario $$scenario --times $(KILLS) --json target/$$scenario-gateway.json $(ARGS) || status=1; \
	  done; exit $$status
ci: ## lint, test and live, as a change must pass them
	.ci/run

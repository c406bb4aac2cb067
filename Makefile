# Otelier: `make` prints the targets. STACK (or ENV) names a stack of stacks/src/catalog; ARGS goes to
# the command behind a target: `make plan STACK=dev ARGS='-o json'`.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

STACK ?= $(or $(ENV),prod)
ARGS ?=

STACKS := cargo run --quiet --package stacks --
SCRIPTS := .ci/run .config/tool

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

.PHONY: test lint audit
test: ## every test, against the sandbox; needs Rust and nothing else
	@if nextest=$$(.config/tool cargo-nextest); then \
	  set -x; "$$nextest" nextest run --locked --workspace $(ARGS); \
	else \
	  echo 'test: cargo test instead, which does not end a hung test'; \
	  set -x; cargo test --locked --workspace --all-targets $(ARGS) -- --skip live::; \
	fi
	cargo test --locked --doc --workspace

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

audit: ## known vulnerabilities of what we depend on (asks the advisory database)
	"$$(.config/tool cargo-deny)" check advisories

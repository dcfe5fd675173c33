# What there is to do here. `make` alone lists it.

target := $(abspath $(or $(CARGO_TARGET_DIR),target))
export KONTOR_BIN ?= $(target)/debug/kontor

ROUNDS ?= 200

.PHONY: help run test test-rust test-node test-python test-sim lint bench bench-compare crash sim deny fuzz schemathesis clean-data need

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build Kontor and start it (ARGS="--listen 0.0.0.0:4242" for more)
	cargo build --release --locked -p kontor
	exec $(target)/release/kontor serve $(ARGS)

test: need ## Run every test, on SQLite and on a private PostgreSQL
	scripts/with-postgres $(MAKE) --no-print-directory test-rust test-node test-python test-sim

test-rust: ## Only the Rust tests (ARGS="-p kontor-ledger" for some)
	scripts/need build postgres
	scripts/with-postgres cargo test --locked $(or $(ARGS),--workspace)

test-node: server ## Only the official Node package against a server
	scripts/need postgres node
	cd tests/sdk-node && ../../scripts/with-postgres npm test --silent

test-python: server ## Only the official Python package, and the README's examples
	scripts/need postgres node python curl
	cd tests/sdk-python && ../../scripts/with-postgres .venv/bin/pytest

test-sim: ## Only the simulator: 200,000 steps in fresh worlds
	scripts/need build
	cargo run --quiet --profile sim --locked -p kontor-sim -- --worlds 40 --steps 5000 --at-once 2

.PHONY: server
server: # the binary that the tests of the official packages start
	cargo build --locked -p kontor

lint: deny ## Check formatting, lints, licences and that Cargo.lock is current
	cargo metadata --locked --format-version 1 >/dev/null
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

bench: ## Measure payments per second (ARGS for the bench program)
	scripts/need build postgres
	cargo build --release --locked -p kontor -p kontor-bench
	scripts/with-postgres $(target)/release/kontor-bench --kontor $(target)/release/kontor $(ARGS)

bench-compare: ## The same, beside the figures of an earlier run (WITH=old.json)
	$(MAKE) bench ARGS="--compare $(WITH) $(ARGS)"

crash: ## Kill the server under load, ROUNDS times on each engine (KONTOR_CRASH_SEED=… plays the same kills)
	scripts/need build postgres
	cargo build --release --locked -p kontor
	KONTOR_BIN=$(target)/release/kontor KONTOR_CRASH_ROUNDS=$(ROUNDS) scripts/with-postgres \
	  cargo test --locked -p kontor --test reliability crash -- --nocapture

sim: ## Simulate a marketplace with faults (SEED=… plays the same world, STEPS=… for how long, ARGS="--worlds 100")
	scripts/need build
	cargo run --quiet --profile sim --locked -p kontor-sim -- $(if $(SEED),--seed $(SEED)) --steps $(or $(STEPS),20000) $(ARGS)

# Where cargo-deny is missing it is built first, which takes two cores five minutes, once.
# Advisories come from a database on the network: where it cannot be fetched, they are left out, and that is said with why.
deny: ## Check licences, bans and sources of what is linked in, and advisories where their database can be reached
	scripts/need deny
	cargo deny --locked check licenses bans sources
	@if why=$$(cargo deny fetch db 2>&1); then cargo deny --locked --offline check advisories; \
	else printf '%s\nadvisories: NOT checked, since their database could not be fetched\n' "$$why" >&2; fi

fuzz: ## Throw bytes at all that reads what strangers send (SECONDS=… for each target, ARGS="--target forms --seed 1")
	scripts/need build
	cargo run --quiet --locked --profile sim -p kontor-fuzz -- --seconds $(or $(SECONDS),60) $(ARGS)

schemathesis: server ## Ask a server all that its OpenAPI document allows (SECONDS=…, SEED=…)
	scripts/need schemathesis
	SECONDS_AT_MOST=$(or $(SECONDS),60) tests/schemathesis/run

need: ## Install what the tests need and this machine lacks
	scripts/need

clean-data: ## Delete ./kontor-data, where `make run` keeps its books
	rm -rf kontor-data

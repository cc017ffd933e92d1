# The verbs of this project, each a few lines. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help up down status deploy sample demo test check lint unit contract chaos e2e bench bench-full fuzz gen release-documents picture

CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR
# How often the operator reads again what it does not watch; the tests want it short.
RESYNC ?= 10m
NAMESPACE ?= shop
# One call for all that is released, the demo included, and one set of packages for all tests: cargo chooses the
# features of dependencies by what a call names, and would build them again for another choice.
RELEASE := SQLX_OFFLINE=true cargo build --release --locked -p ecommercestack-operator -p auth -p product -p order -p e2e
FAIL_POINTS := order/fail-points,product/fail-points
CONTROL_PLANE := ecommercestack-operator/control-plane
TESTS := cargo test --workspace --locked --features $(FAIL_POINTS)
# cargo builds the services' own binaries for their integration tests, and not for those of other packages.
BINARIES := SQLX_OFFLINE=true $(TESTS) --quiet --no-run --test it

help: ## List the verbs
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 18

up: ## Bring up a cluster, the operator and a sample shop, and place an order through the ingress
	@cluster/up
	$(MAKE) --no-print-directory deploy sample demo

down: ## Remove the cluster and everything it made; keeps the cache of tools and images
	@cluster/down

status: ## Say what runs
	@cluster/status

deploy: ## Build the images from this tree and install the operator
	@echo "Building the operator and the services …"
	$(RELEASE)
	cluster/images
	eval "$$(cluster/env)"
	helm upgrade --install ecommercestack-operator charts/ecommercestack-operator --namespace ecommercestack-system \
	  --create-namespace --set image.tag="$$(cluster/version)" --set resync=$(RESYNC) \
	  --set ingress.address=traefik.traefik.svc --take-ownership --wait --timeout 3m >/dev/null
	echo "The operator runs in the namespace ecommercestack-system."

sample: ## Apply the sample shop and wait until it is ready
	@eval "$$(cluster/env)"
	kubectl create namespace $(NAMESPACE) --dry-run=client -o yaml | kubectl apply -f - >/dev/null
	kubectl label --overwrite namespace $(NAMESPACE) pod-security.kubernetes.io/enforce=restricted >/dev/null
	sed "s/^  version: .*/  version: $$(cluster/version)/" manifests/samples/minimal.yaml | kubectl --namespace $(NAMESPACE) apply -f -
	echo "Waiting for the shop to be ready …"
	kubectl --namespace $(NAMESPACE) wait --for=condition=Ready --timeout=5m ecommercestack/shop || { kubectl --namespace $(NAMESPACE) describe ecommercestack shop; exit 1; }
	kubectl --namespace $(NAMESPACE) get ecommercestack

demo: ## Place an order in the sample shop
	@eval "$$(cluster/env)"
	$(RELEASE) --quiet
	"$$CARGO_TARGET_DIR/release/demo" --namespace $(NAMESPACE)

test: ## All tests: check, some rounds of chaos, then e2e
	@BUILD_CONTROL_PLANE=1 tests/tally $(MAKE) --no-print-directory CHAOS_SHARE=12 check chaos e2e

check: lint unit contract ## Format, lints, unit, SQL and HTTP tests, the API's contract, drift of generated files; needs no cluster

lint:
	@tests/cargo-tools typos-cli cargo-deny cargo-machete
	source tests/cargo-tools.path
	cargo fmt --all --check
	SQLX_OFFLINE=true cargo clippy --workspace --all-targets --features $(FAIL_POINTS),$(CONTROL_PLANE),chaos/chaos,contract/contract,e2e/cluster --locked -- -D warnings
	typos
	cargo deny --log-level error check bans licenses sources
	cargo machete
	type -P shellcheck >/dev/null || tests/packages shellcheck
	git ls-files -z | xargs -0 grep -lE '^#!/usr/bin/env bash|^# shellcheck shell=' | xargs shellcheck

unit:
	@tests/with-postgres $(TESTS) --no-fail-fast
	tests/with-control-plane $(TESTS),$(CONTROL_PLANE) --test control-plane -- --test-threads=2
	images/postgres/test

contract: ## Check running services against their OpenAPI documents, and the documents against clients and the last release
	@tests/contract/tools
	source tests/contract/tools.path
	$(BINARIES)
	CONTRACT_BINARIES=$$CARGO_TARGET_DIR/debug SQLX_OFFLINE=true $(TESTS),contract/contract --test contract -- --test-threads=2

chaos: ## Break shops of bare processes (kills, lost responses, disconnects, no auth, old versions) and audit them
	@$(BINARIES)
	CHAOS_BINARIES=$$CARGO_TARGET_DIR/debug SQLX_OFFLINE=true $(TESTS),chaos/chaos --test chaos -- --test-threads=1 --show-output $(if $(CHAOS_PREVIOUS),--include-ignored)

e2e: ## The tests that need a cluster
	@cluster/up
	$(MAKE) --no-print-directory deploy RESYNC=15s
	eval "$$(cluster/env)"
	export ECOMMERCESTACK_VERSION=$$(cluster/version)
	SQLX_OFFLINE=true $(TESTS),e2e/cluster --test e2e --test permissions -- --test-threads=$${E2E_THREADS:-4}

bench: ## Orders per second as ratios to pgbench and to a conventional service; a quarter of an hour
	@$(RELEASE) -p bench
	"$$CARGO_TARGET_DIR/release/bench" run --quick

bench-full: ## The same with longer legs and more rounds
	@$(RELEASE) -p bench
	"$$CARGO_TARGET_DIR/release/bench" run --full

fuzz: ## Feed odd bytes to every body, header, id and cursor, FUZZ_SECONDS for each target; `make test` does a few thousand
	@tests/cargo-tools cargo-fuzz
	source tests/cargo-tools.path
	for target in json headers auth_bodies product_bodies order_bodies; do
	  seeds=json; [ $$target = headers ] && seeds=headers
	  mkdir -p fuzz/target/corpus/$$target
	  # Without a sanitizer, and with the stable compiler: what is looked for are panics and overflows of the stack.
	  RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=fuzz/target cargo fuzz run --sanitizer none $$target fuzz/target/corpus/$$target \
	    fuzz/corpus/$$seeds -- -max_total_time=$${FUZZ_SECONDS:-600} -rss_limit_mb=1024
	done

gen: ## Renew the generated files: CRD, OpenAPI documents, list of error codes, query data, install manifest
	@tests/cargo-tools sqlx-cli
	source tests/cargo-tools.path
	tests/with-postgres tests/generate

release-documents: ## Make today's OpenAPI documents those that the next changes are compared with
	@for service in auth product order; do cp "services/$$service/openapi.json" "tests/contract/released/$$service.json"; done
	: >tests/contract/released/accepted.txt

picture: ## A picture of the Swagger UI as the ingress serves it
	@tests/e2e/swagger-picture

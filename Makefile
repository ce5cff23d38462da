# `make` alone lists the targets. Everything is installed into the checkout by tools/setup, which is instant when done.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := bash
# dozens of processes start in a test run: each would compile every module anew
unexport PYTHONDONTWRITEBYTECODE
PY := .venv/bin/python
PYTEST := $(PY) -m pytest -q
# a test waits a third of its time for processes, disks and browsers: three keep two cores busy
WORKERS ?= 3
# a file stays on one worker; the longest files come first (tests/conftest.py), not the fullest
SPREAD = -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=15 --durations-min=5
ARGS ?=
LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate

# A part that has no tests yet is said, never passed over in silence.
define run_tests
	@found=(); for folder in $(1); do if [ -d "$$folder" ]; then found+=("$$folder"); else echo "aucun test · no tests: $$folder"; fi; done; \
	if [ $${#found[@]} -gt 0 ]; then $(PYTEST) $(2) "$${found[@]}"; fi
endef

.PHONY: help setup system run serve check format lint types contracts fast test slow shots nightly tablet-lock docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install everything into the checkout (.venv, node_modules)
	@tools/setup

system: ## install the Debian packages that the full test run needs (as root)
	@tools/system

run: setup ## the example day, then the pages (ARGS=--once ends after the report)
	@.venv/bin/tournee day run $(ARGS)

serve: setup ## the pages and the API, on what is there
	@.venv/bin/tournee serve $(ARGS)

format: setup ## put the code in its format
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix-only --quiet .

lint: setup
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

types: setup
	$(PY) -m mypy

contracts: setup
	.venv/bin/lint-imports

fast: setup
	$(call run_tests,tests/architecture tests/unit tests/property,-n $(WORKERS))

check: lint types contracts fast ## format, lint, types, contracts, architecture, unit and property tests

slow: setup
	$(call run_tests,tests/integration tests/golden tests/scenarios tests/conformance tests/rehearsal tests/faults,$(SPREAD))
	$(call run_tests,tests/tablet tests/browser,$(SPREAD))

test: check slow ## everything that CI runs

shots: setup ## pictures of every page, tablet screen and document, in var/shots
	@$(PY) -m tools.shots $(ARGS)

nightly: setup ## the long drills, resumable, results in var/nightly
	@$(PY) -m tools.nightly $(ARGS)

tablet-lock: setup ## the tests of shared, store and sync with nothing but what a tablet has
	@$(PY) -m tools.tablet_lock $(ARGS)

docs: setup ## write the generated documents again (lifecycles, settings, permissions, refusals)
	@$(PY) -m tools.docs
	@$(PY) -m tools.refusals

lock: setup ## compile the locks again, newest versions (PACKAGES="a b" moves only these)
	$(LOCK) $(if $(PACKAGES),$(PACKAGES:%=--upgrade-package %),--upgrade) --extra server --extra driver --extra dev pyproject.toml -o requirements/dev.lock
	$(LOCK) -c requirements/dev.lock --extra server pyproject.toml -o requirements/server.lock
	$(LOCK) $(if $(PACKAGES),$(PACKAGES:%=--upgrade-package %),--upgrade) requirements/tablet.in -o requirements/tablet.lock
	npm update --package-lock-only --loglevel=error

clean: ## remove what was installed and made, except var/
	rm -rf .venv node_modules .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

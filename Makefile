# Two commands for a newcomer: `make run` and `make test`. Neither needs root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REQ := deploy/requirements

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check bench man sbom lock clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: $(VENV)/.run ## .venv with all that Sealgate needs to run, and no more

setup-dev: $(VENV)/.dev

run: setup ## a gateway with sample mail, on this machine only (sealgate demo)
	@$(BIN)/sealgate demo

test: setup-dev ## the tests; says what it skips where Postfix, PostgreSQL, Chromium or LibreOffice are missing
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup-dev ## types, lint, floors
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

man: setup-dev ## the manual page, build/man/sealgate.1
	@mkdir -p build/man
	@$(BIN)/argparse-manpage --module milter.cli.main --function parser --project-name sealgate --prog sealgate --author "The Sealgate maintainers" --manual-title Sealgate --output build/man/sealgate.1

sbom: setup-dev ## what is in it: build/sealgate.cdx.json (CycloneDX) with versions, hashes and licences
	@mkdir -p build
	@$(BIN)/python -m cyclonedx_py requirements deploy/requirements/run.txt --pyproject pyproject.toml --output-reproducible -o build/sealgate.cdx.json

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Sealgate needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "This Python cannot make virtual environments; on Debian: apt install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(REQ)/uv.txt
	@touch $@

$(VENV)/.run: $(VENV)/.python $(REQ)/run.txt pyproject.toml
	@echo "Installing what Sealgate needs (versions and hashes: $(REQ)/run.txt) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(REQ)/run.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run $(REQ)/dev.txt
	@echo "Installing what the tests need (versions and hashes: $(REQ)/dev.txt) ..."
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(REQ)/dev.txt
	@touch $@

bench: setup-dev ## speed beside Postfix, amavis and rspamd; writes docs/performance.md (QUICK=1: a minute, writes nothing)
	@$(BIN)/python benchmarks/performance_bench.py $(if $(QUICK),--quick)

lock: $(VENV)/.python ## resolve the dependencies anew and write the lock files
	@cd $(REQ) && echo 'uv' | ../../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate - -o uv.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra postgres --extra sevenzip --extra ldap pyproject.toml $(REQ)/build.in -o $(REQ)/run.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --all-extras --group dev pyproject.toml $(REQ)/build.in -c $(REQ)/run.txt -o $(REQ)/dev.txt

clean: ## remove .venv and caches
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist

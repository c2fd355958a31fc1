# make demo and make test need python3 (3.11 or newer), python3-venv and make; the rest is fetched
# once into .venv. Arguments: make demo ARGS="--headless --seconds 20", make test ARGS="-k config".

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
PATHS := gmkit adapters channel_server commands plugins tests bench docs

.DEFAULT_GOAL := help
.PHONY: help demo test check bench docs locale format clean

help:
	@echo "make demo    try gmkit: simulated servers, players who ask, a GM's terminal"
	@echo "make test    run the tests"
	@echo "make check   everything that must be clean: style, types, documentation, catalogues"
	@echo "make bench   measure gmkit, and ngircd, redis and NATS beside it where installed"
	@echo "make docs    bring the generated parts of docs/ up to date"
	@echo "make locale  bring the message catalogues up to date"
	@echo "make format  format the code"
	@echo "make clean   remove what the above has built"
	@echo 'Arguments are passed on: make demo ARGS="--headless --seconds 20"'

demo: $(VENV)/.run
	@$(BIN)/gmkit demo $(ARGS)

test: $(VENV)/.dev
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.check
	$(BIN)/ruff check $(PATHS)
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/mypy gmkit tests bench docs/*.py
	$(BIN)/python -m pytest -q tests/house

bench: $(VENV)/.dev
	@$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.dev
	@$(BIN)/python docs/generate.py

locale: $(VENV)/.dev
	@$(BIN)/python -m gmkit.locale.update

format: $(VENV)/.check
	$(BIN)/ruff check --fix $(PATHS)
	$(BIN)/ruff format $(PATHS)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: one stamp for each set of packages, so that nothing is fetched twice ---

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "make: $(PYTHON) is missing; on Debian or Ubuntu: sudo apt install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: gmkit needs Python 3.11 or newer and $(PYTHON) is older;" \
	    "name another one with: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: Python's venv module is missing; on Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: setup.cfg pyproject.toml | $(VENV)/bin/python
	@echo "Installing gmkit into $(VENV) …"
	@$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing what the tests need …"
	@$(PIP) -e '.[test]'
	@touch $@

$(VENV)/.check: $(VENV)/.dev
	@echo "Installing what the checks need …"
	@$(PIP) -e '.[dev]'
	@touch $@

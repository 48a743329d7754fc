# Two commands do everything on a fresh machine: make run, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SERVES := $(VENV)/.serves
STAMP := $(VENV)/.installed

.PHONY: run test lint fuzz bench clean

# What serving needs, and no more.
$(SERVES): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $(SERVES)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,lint,tls,postgres]'
	touch $(SERVES) $(STAMP)

run: $(SERVES)
	$(BIN)/psp-simulator serve

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: $(STAMP) lint
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

# A finding names the number of the request that makes it again.
fuzz: $(STAMP)
	FUZZ_REQUESTS=$${FUZZ_REQUESTS:-500000} $(BIN)/python -m pytest -q -n auto -rP tests/contract/test_fuzz.py

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .hypothesis .coverage*

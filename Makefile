# Two commands do everything on a fresh machine: make run, make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SERVES := $(VENV)/.serves
STAMP := $(VENV)/.installed

.PHONY: run test lint compiled fuzz bench clean

# What serving needs, and no more.
$(SERVES): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $(SERVES)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,lint,tls,postgres,mcp]'
	touch $(SERVES) $(STAMP)

run: $(SERVES)
	$(BIN)/psp-simulator serve

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# Each test, as pytest rewrites it. What is wrong with one is said by the run itself.
compiled: export PYTHONDONTWRITEBYTECODE =
compiled: $(STAMP)
	@$(BIN)/python -m pytest --collect-only -qq >/dev/null 2>&1 || true

# Compiled once, while the linters read it, and not again by each process that a test starts.
test: export PYTHONDONTWRITEBYTECODE =
test: $(STAMP)
	@$(MAKE) --no-print-directory --jobs=2 lint compiled
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term

# A finding names the number of the request that makes it again.
fuzz: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,fuzz]' || echo "without schemathesis or atheris: their part is skipped"
	FUZZ_REQUESTS=$${FUZZ_REQUESTS:-500000} FUZZ_SHAPES=$${FUZZ_SHAPES:-20000} FUZZ_DOCUMENTED=$${FUZZ_DOCUMENTED:-500} \
	FUZZ_PARSED=$${FUZZ_PARSED:-200000} $(BIN)/python -m pytest -q -n auto -rPs tests/contract/test_fuzz.py \
		tests/contract/test_shapes.py tests/contract/test_documents_hold.py tests/contract/test_parsers.py

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .hypothesis .coverage*

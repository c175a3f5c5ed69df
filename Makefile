# Everything a newcomer needs; see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
NODE := $(VENV)/node
NPM := --loglevel=error --no-package-lock --no-audit --no-fund --ignore-scripts

.PHONY: setup run test check format bench bench-engine screenshots lock clean

setup: $(RUNTIME)

# uv reads the pins much faster than pip does; pip fetches it by its own pinned hash first.
$(RUNTIME): constraints.txt pyproject.toml $(wildcard core/kernel/*.py)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "BrightPath needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up in $(VENV) (once; a minute or so)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@grep -A 99 '^uv==' constraints-dev.txt | awk 'NR > 1 && /^[^ ]/ {exit} {print}' > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r constraints.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@echo "Compiling the engine (once; half a minute)…"
	@$(BIN)/python -m core.warm
	@touch $@

$(DEV): $(RUNTIME) constraints-dev.txt tests/clients/package.json
	@echo "Fetching what tests and checks need (once)…"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r constraints-dev.txt
	@mkdir -p $(NODE) && cp tests/clients/package.json $(NODE)/
	@{ command -v npm && npm install $(NPM) --prefix $(NODE); } >/dev/null || echo "No ical.js, as npm is missing or failed: its tests will be skipped."
	@touch $@

run: $(RUNTIME)
	@exec $(BIN)/brightpath run

test: $(DEV)
	$(BIN)/pytest

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/uv pip check --python $(BIN)/python

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV)
	$(BIN)/python -m benchmarks.week
	$(BIN)/python -m benchmarks.feeds

# The engine beside its references: ten families a size, a quarter of an hour.
bench-engine: $(DEV)
	$(BIN)/python -m benchmarks.engine

screenshots: $(DEV)
	$(BIN)/python docs/screenshots.py

# Pins anew within the ranges of pyproject.toml: names, versions and hashes, no addresses.
lock: $(DEV)
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --upgrade -o constraints-dev.txt
	sed 's/ *\\$$//; /--hash/d' constraints-dev.txt > $(VENV)/pins.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet -c $(VENV)/pins.txt -o constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

# Two commands are all a person needs: `make run` and `make test`. Both make .venv where it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint check bench soak screenshots links

run: $(VENV)/installed links
	@if [ -t 1 ]; then $(BIN)/tunelab; else $(BIN)/tunelab tune --data digits; fi

# On all cores. ARGS go to pytest: make test ARGS="-m 'not process'" runs what needs no process of its own, "-n0" one by one.
test: $(VENV)/installed-test links
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: lint test

lint: $(VENV)/installed-test $(VENV)/installed-lint links
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/installed-bench links
	$(BIN)/python -m tests.benchmarks

# An hour of runs, sweeps and a lab, killed and resumed: make soak ARGS="--minutes 5"
soak: $(VENV)/installed-test links
	$(BIN)/python -m tests.benchmarks.soak $(ARGS)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tunelab needs Python 3.11 or newer: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv $(VENV)

# Every screen at three sizes in two themes, as SVG and text: a look at what a change did to them.
screenshots: $(VENV)/installed-test links
	cd tests && ../$(BIN)/python -m gallery ../build/screenshots

# Links to every entry of core/, tui/ and presets/: a new module is there at once, without installing again.
links: $(BIN)/python
	$(BIN)/python .ci/build_hook.py

# What is installed is noted in a file each, which a change of pyproject.toml makes stale.
$(VENV)/installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/installed-%: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	touch $@

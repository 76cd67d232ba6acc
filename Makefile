# Two commands set up everything: `make demo` and `make test`. The rest is for people who work on the tool.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3

.PHONY: help setup demo test check format golden generated sweep bench bench-small clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

$(VENV)/.ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv $(VENV)
	# the launchers an older pip writes import what takes as long as `reconciler --version` itself
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=26'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt --editable '.[dev]'
	$(BIN)/python -m compileall -q reconciler
	touch $@

setup: $(VENV)/.ready  ## the virtual environment in .venv

demo: setup  ## the main job, shown on the embedded server
	$(BIN)/python examples/demo.py

check: setup  ## form, types, layers, and whether everything generated is fresh
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.generated --check

format: setup  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generated: setup  ## write anew what is made from the code: schemas, help, tables of the README
	$(BIN)/python -m tests.generated

golden: setup  ## write anew what outputs are compared with; look at the difference before you commit it
	$(BIN)/python -m pytest --quiet --update-golden tests/render tests/manifest tests/cli tests/errors

test: check  ## everything: form, types, layers, tests
	$(BIN)/python -m pytest --quiet --numprocesses 2 --dist worksteal

sweep: setup  ## the random tests with a hundred times the examples; three hours, as its parts took
	$(BIN)/python -m pytest --hypothesis-profile=sweep tests/properties

bench: setup  ## every promise about speed, measured: a table, build/bench/bench.json and bench.svg; takes ten minutes
	$(BIN)/python -m tests.bench

bench-small: setup  ## the same, smaller and rougher
	$(BIN)/python -m tests.bench --small

clean:  ## remove what setup made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

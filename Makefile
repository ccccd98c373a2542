# `make book` and `make test` are all one needs: each sets up what it uses, in .venv,
# and once that is done neither needs a network. On Windows without make, README.md
# gives the same commands one by one.

PYTHON ?= python3
VENV ?= .venv

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
READY := $(VENV)/ready
BOOK := _build/html/index.html
REPORT := _build/nbval.xml

# Quiet TensorFlow, and the same sums on every CPU: tests and notebooks compare numbers.
export TF_CPP_MIN_LOG_LEVEL := 2
export TF_ENABLE_ONEDNN_OPTS := 0

define CHECK_PYTHON
import sys
here = sys.version_info[:2]
if not (3, 11) <= here < (3, 14):
    sys.exit(f"Expected Python 3.11 to 3.13. Received: {here[0]}.{here[1]}."
             " Name another one: make book PYTHON=python3.12")
endef
export CHECK_PYTHON

.PHONY: help setup book pdf test lint unit nbval browser status notebooks constraints \
	upgrade address clean

help:  ## Show this list
	@awk -F ':.*  ## ' '/^[a-z]+:.*  ## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(READY)  ## Set up .venv; every other command does it by itself

# Two steps, because pip wants a hash for everything or for nothing: first the exact
# versions, then the package itself, which downloads nothing.
$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c "$$CHECK_PYTHON"
	@echo "Setting up $(VENV): about 1 GB, once"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	$(PIP) install --no-compile --require-hashes -r constraints.txt
	$(PIP) install --no-build-isolation --no-deps -e .
	@touch $(READY)

book: $(READY)  ## Build the book; a warning is an error
	$(BIN)/jupyter-book build . -W --keep-going --quiet
	@$(BIN)/python -c "import pathlib; print('Open', pathlib.Path('$(BOOK)').resolve())"

pdf: book  ## Print the book as one PDF; needs Chromium
	$(BIN)/python .ci/pdf.py

test: lint unit nbval browser  ## Run every check

lint: $(READY)  ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

unit: $(READY)  ## Run the unit tests
	$(BIN)/python -m pytest --ignore tests/browser --doctest-modules -n 2 \
		gantools tests book/_ext

nbval: $(READY)  ## Run each notebook and compare with its stored outputs
	$(BIN)/python -m pytest --junitxml=$(REPORT) \
		--nbval --nbval-current-env --nbval-cell-timeout=300 \
		--nbval-sanitize-with tests/sanitize.cfg -n 2 --dist loadscope notebooks

browser: book  ## Open every page of the book in headless Chromium
	$(BIN)/python -m pytest -n 2 tests/browser

status: $(READY)  ## Write what the last nbval found into the book's status page
	$(BIN)/python .ci/status.py $(REPORT)

notebooks: $(READY)  ## Run notebooks, store outputs and run times: NOTEBOOKS=...
	$(BIN)/python .ci/notebooks.py $(NOTEBOOKS)

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-header --no-annotate \
	--extra book --extra test pyproject.toml -o constraints.txt

constraints: $(READY)  ## Make constraints.txt from pyproject.toml, keeping its versions
	$(PIP) install "uv>=0.9"
	$(COMPILE)

upgrade: $(READY)  ## The same, with the newest versions
	$(PIP) install "uv>=0.9"
	$(COMPILE) --upgrade

address:  ## Change the repository's public address: URL=https://github.com/you/name
	$(PYTHON) .ci/address.py $(URL)

clean:  ## Remove the built book; .venv stays
	rm -rf _build

# Everything runs in .venv, which the first target that needs it makes.
# Another interpreter: make PYTHON=/path/to/python3.12 test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: demo test deep mutants lint format diagrams docs bench dist clean help

# --- environment ---------------------------------------------------------------------

PIP_INSTALL = $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt

# The stamp is set only once pip runs: a half-made environment is made again, and one that
# is there already is taken as it is.
$(VENV)/.created:
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	        echo "tcpsim needs Python 3.11 or newer, and '$(PYTHON)' is not." >&2; \
	        echo "Name another: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }; \
	    $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	        echo "'$(PYTHON)' cannot make a virtual environment: no venv or ensurepip." >&2; \
	        echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	        echo "Or name another: make PYTHON=/path/to/python3 ..." >&2; exit 1; }; \
	    $(PYTHON) -m venv $(VENV); \
	fi
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/.created
	$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/.created
	$(PIP_INSTALL) -e ".[dev]"
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-mutation: pyproject.toml constraints.txt | $(VENV)/.created
	$(PIP_INSTALL) -e ".[dev,mutation]"
	@touch $@ $(VENV)/.installed-dev $(VENV)/.installed

# --- use -----------------------------------------------------------------------------

demo: $(VENV)/.installed  ## play two scenarios and draw the state diagram
	@mkdir -p build
	$(BIN)/tcpsim play three-way-handshake
	$(BIN)/tcpsim play normal-close
	$(BIN)/tcpsim diagram -o build/tcp-state-diagram.svg

# --- checks --------------------------------------------------------------------------

# In CI the tests of the tool that makes mutants run as well; it brings much with it that nothing else needs.
test: $(if $(CI),$(VENV)/.installed-mutation) lint  ## every check a change has to pass (CI=true: reproducible examples)
	$(BIN)/python -m pytest -n 2 --tcpsim-cov-fail-under=100

	@# docs and diagrams up to date
	$(BIN)/python tools/generate.py --check

deep: $(VENV)/.installed-mutation  ## all tests with many more examples, and mutants; takes hours
	$(BIN)/python -m pytest -n 2 --hypothesis-profile=deep -m "deep or not deep"
	$(BIN)/python -m tools.mutation

mutants: $(VENV)/.installed-mutation  ## small mistakes made on purpose: which of them does no test notice?
	$(BIN)/python -m tools.mutation

lint: $(VENV)/.installed-dev  ## style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.installed-dev  ## repair style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.installed-dev  ## measure speed
	$(BIN)/python -m benchmarks

# --- generated files -----------------------------------------------------------------

diagrams: $(VENV)/.installed-dev  ## draw diagrams/ again
	$(BIN)/python tools/generate.py diagrams

docs: $(VENV)/.installed-dev  ## write the generated parts of docs/ again
	$(BIN)/python tools/generate.py docs

dist: $(VENV)/.installed-dev  ## build wheel and sdist into dist/
	$(BIN)/python -m build --no-isolation

# --- housekeeping --------------------------------------------------------------------

clean:  ## remove what was built and cached, but not .venv
	rm -rf build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

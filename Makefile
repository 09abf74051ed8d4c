# geoplan: `make demo` sets up and runs the embedded county, `make test` checks everything, `make serve` opens the web application.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export NUMBA_CACHE_DIR ?= $(HOME)/.cache/geoplan/numba
WORKSPACE ?= workspace

.PHONY: demo serve test bench lint assets setup dev county clean

demo: setup assets ## set up from nothing, build the embedded county, check it, run it, print the accounts
	$(BIN)/python -m geoplan demo --out $(WORKSPACE)

county: setup assets ## the same with the generated county of 500,000 people
	$(BIN)/python -m geoplan demo --county --out $(WORKSPACE)

serve: setup assets ## open the web application (builds both demo plans first when the workspace is empty)
	@test -d $(WORKSPACE)/monaco/runs || $(BIN)/python -m geoplan demo --out $(WORKSPACE)
	@test -d $(WORKSPACE)/qinghe/runs || $(BIN)/python -m geoplan demo --county --out $(WORKSPACE)
	$(BIN)/python -m geoplan serve --workspace $(WORKSPACE)

test: dev assets ## lint, types, and the whole test suite
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist loadfile

bench: dev ## side by side with the libraries people use today, results asserted equal
	$(BIN)/pip install -q -r requirements-bench.txt -c constraints.txt
	$(BIN)/python -m bench

lint: dev ## style and types, mending what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy

assets: setup maps/static/vendor/.stamp ## browser libraries from the lock file into maps/static/vendor

maps/static/vendor/.stamp: package-lock.json | $(VENV)/.setup
	$(BIN)/python -m maps.assets
	@touch $@

setup: $(VENV)/.setup ## the virtual environment with the exact tested versions
dev: $(VENV)/.dev

$(VENV)/.setup: requirements.txt constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "geoplan needs Python 3.11 (Debian: python3.11 python3-venv); or: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "the venv module is missing (Debian: apt-get install python3-venv)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "geoplan needs Python 3.11 or later"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt -c constraints.txt
	@$(BIN)/python -c 'import pyexpat, rasterio, osmium' || { echo "a system library is missing (Debian: apt-get install libexpat1)"; exit 1; }
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.setup
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

clean: ## forget the environment and the browser libraries
	rm -rf $(VENV) node_modules maps/static/vendor

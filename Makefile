# make demo       train the paper's pattern generation task and leave a figure and results
# make test       everything that must pass: lint, C warnings, sanitizers, tests
# make evidence   the long runs behind the figures and tables that the repository keeps (resumable)
# make bench      timings beside NEST, PyTorch and braintrace
# make binaries   what SpiNNaker cores run; with SPINN_DIRS set, on the official libraries
# make compare-builds   the same sources on the own runtime and on the official libraries
# make lint, make warnings, make sanitize, make clean
#
# Each sets up what it needs, in .venv. A C compiler, Python's headers and, for the tests, flite
# come from the system: as root on Debian they are installed, otherwise makefiles/require.sh says
# what is missing.

SHELL := /bin/bash

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
SANITIZED := build/sanitize
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
SIDE_BY_SIDE := -n $(JOBS) --dist worksteal

ENGINE_SOURCES := $(shell find c_models -name '*.[chS]' -o -name '*.ld') \
	$(shell find makefiles/spinnaker -type f) \
	$(wildcard pynn_eprop/*/build_*.py pynn_eprop/*/*/build_*.py) c_models/extension.py
BUILD_INPUTS := pyproject.toml setup.py $(ENGINE_SOURCES)

.PHONY: demo test checks evidence bench binaries compare-builds lint warnings sanitize clean

demo: $(STAMPS)/installed
	rm -rf demo-results
	$(BIN)/pynn-eprop run pattern-generation --backend host --seed 1 --out demo-results
	@echo "The figure and the results are in $(CURDIR)/demo-results:"
	@ls demo-results

# The cores' programs come first: all that is built after them has them, too. While pip, which works
# alone, installs, C is compiled beside it; both runs of tests take all processors. Each of these
# has tests one after the other, so that what they share is set up once.
test:
	@for what in arm sanitizer speech; do makefiles/require.sh "$(PYTHON)" $$what || exit 1; done
	$(MAKE) --no-print-directory --jobs=$(JOBS) --output-sync=target binaries
	$(MAKE) --no-print-directory --jobs=$(JOBS) --output-sync=target checks
	$(MAKE) --no-print-directory sanitize
	$(BIN)/python -m pytest -q $(SIDE_BY_SIDE)

checks: lint $(SANITIZED)/stamp warnings $(STAMPS)/scenarios

evidence: $(STAMPS)/test-tools binaries
	@makefiles/require.sh "$(PYTHON)" arm
	@makefiles/require.sh "$(PYTHON)" speech
	$(BIN)/python -m evidence.fixed_kernels
	$(BIN)/python -m evidence.fixed_tasks
	$(BIN)/python -m evidence.spinnaker_networks
	$(BIN)/python -m evidence.spinnaker_cycles
	$(BIN)/python -m evidence.spinnaker_round_trips
	$(BIN)/python -m evidence.packet_losses
	$(BIN)/python -m evidence.board_faults
	$(BIN)/python -m evidence.spinnaker_tasks
	$(BIN)/python -m evidence.tasks
	$(BIN)/python -m evidence.rule_gradients
	$(BIN)/python -m evidence.decoding
	$(BIN)/python -m evidence.speech
	$(BIN)/python -m evidence.learning_to_learn
	$(BIN)/python -m evidence.sequences
	$(BIN)/python -m evidence.chip_in_the_loop
	$(BIN)/python -m evidence.nest_networks
	$(BIN)/python -m evidence.brian2_networks
	$(BIN)/python -m evidence.backend_curves
	$(BIN)/pynn-eprop compare pattern-generation --backends host,reference,jax,nest,brian2,emulator \
		--out docs/evidence/compare/pattern-generation
	$(BIN)/pynn-eprop compare store-recall --backends host,reference,jax,brian2,emulator \
		--set trials_per_update=2 --out docs/evidence/compare/store-recall
	$(BIN)/python -m evidence.brian2_scenarios
	$(BIN)/python -m evidence.spinnaker_mapping

binaries:
	@makefiles/require.sh "$(PYTHON)" arm
	@$(MAKE) --no-print-directory -C makefiles/spinnaker

compare-builds: $(STAMPS)/test-tools
	@makefiles/require.sh "$(PYTHON)" arm
	$(BIN)/python -m tests.spinnaker.compare_builds

bench: $(STAMPS)/bench-tools
	$(BIN)/python -m benchmarks

lint: $(STAMPS)/test-tools
	$(BIN)/ruff check .
	$(BIN)/mypy

warnings: $(STAMPS)/venv
	$(MAKE) --no-print-directory -C makefiles/host check
	$(MAKE) --no-print-directory -C makefiles/emulator check
	@makefiles/require.sh "$(PYTHON)" arm
	$(MAKE) --no-print-directory -C makefiles/arm

# The whole package is copied beside a sanitized engine, so that the normal build stays as it is.
# libstdc++ comes along, or the sanitizer cannot follow the exceptions of C++ extensions.
sanitize: $(STAMPS)/test-tools $(SANITIZED)/stamp
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) libstdc++.so.6" \
		ASAN_OPTIONS=detect_leaks=0 EPROP_SANITIZE=1 \
		$(BIN)/pytest -q $(SIDE_BY_SIDE) -p no:cacheprovider -o pythonpath="$(SANITIZED)/lib ." \
		tests/engine tests/agreement tests/fixed/test_fixed_engine.py tests/emulator \
		tests/intervals/compiled/test_{gradients,builds,state,machine}.py \
		--ignore-glob='*spynnaker*'

# It may be built while pip installs: with a record and programs of its own
$(SANITIZED)/stamp: $(STAMPS)/build-tools $(BUILD_INPUTS) $(shell find pynn_eprop -name '*.py')
	@makefiles/require.sh "$(PYTHON)" sanitizer
	rm -rf $(SANITIZED) && mkdir -p $(SANITIZED)
	EPROP_SANITIZE=1 BUILD=$(abspath $(SANITIZED))/spinnaker $(BIN)/python setup.py -q \
		egg_info --egg-base $(SANITIZED) build --build-base $(SANITIZED) --build-lib $(SANITIZED)/lib
	@touch $@

$(STAMPS)/venv:
	@makefiles/require.sh "$(PYTHON)"
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/installed: $(STAMPS)/venv $(BUILD_INPUTS)
	$(PIP) install -e .
	@touch $@

# For the sanitized build, which runs setup.py outside pip: what pyproject.toml says that it needs
$(STAMPS)/build-tools: $(STAMPS)/venv pyproject.toml
	$(PIP) install $(shell sed -n 's/^requires = \[\(.*\)\]/\1/p' pyproject.toml | tr , ' ')
	@touch $@

$(STAMPS)/test-tools: $(STAMPS)/build-tools $(BUILD_INPUTS)
	$(PIP) install -e ".[dev]"
	@touch $(STAMPS)/installed $@

$(STAMPS)/bench-tools: $(STAMPS)/venv $(BUILD_INPUTS)
	$(PIP) install -e ".[bench]"
	@touch $(STAMPS)/installed $@

# PyNN's own system scenarios, from its source distribution
FETCH_SCENARIOS := $(wildcard evidence/shared/scenarios/fetch.py)
$(STAMPS)/scenarios: $(STAMPS)/test-tools $(FETCH_SCENARIOS)
	$(if $(FETCH_SCENARIOS),$(BIN)/python $(FETCH_SCENARIOS))
	@touch $@

clean:
	rm -rf $(VENV) build dist demo-results *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
	find pynn_eprop -name '*.so' -delete
	rm -f pynn_eprop/spinnaker/binaries/*.{aplx,elf,txt} pynn_eprop/spinnaker/binaries/build.json

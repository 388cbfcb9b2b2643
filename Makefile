# The front door: `make help`. Every step leaves a stamp, so a second run starts in seconds.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13,$(shell command -v $(name))))
PORT ?=
SYSTEMS ?=
VAR ?= var
STARTED := $(shell date +%s)
# uv and npm trust the certificates of the machine.
export UV_SYSTEM_CERTS = 1
# A demo is seven processes and a test run a hundred: without bytecode each compiles the same thousand modules, 2.5 s.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
# Stamps carry the lock's checksum, so that times do not matter: a lock that differs is installed, no other.
sum = $(firstword $(shell cksum < $(1)))
# The project's own commands (arena-verify, arena-export) run from this folder; its packages are installed above.
COMMANDS = $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
# A change of pyproject.toml may be a new command.
with_commands = $(firstword $(shell cat $(1) pyproject.toml | cksum))
UV_STAMP := .venv/.uv-$(call sum,requirements/bootstrap.txt)
DEMO_STAMP := .venv/.demo-$(call with_commands,requirements/demo.txt)
DEV_STAMP := .venv/.dev-$(call with_commands,requirements/dev.txt)
BENCH_STAMP := .venv-bench/.bench-$(call sum,requirements/bench.txt)
# The version that the consumers were tried with; the smallest build that pip finds on this machine will do.
TORCH := torch==2.13.0
CONSUMERS_STAMP := .venv-consumers/.consumers-$(call sum,requirements/consumers.txt)-$(subst ==,-,$(TORCH))
NPM_STAMP := frontend/node_modules/.installed-$(call sum,frontend/package-lock.json)
FRONTEND := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/tests/*')
STATIC := $(shell find arena -type f -path '*/static/*')
MESSAGES := $(patsubst %.po,%.mo,$(shell find arena -name '*.po'))
# Commands that read the settings without connecting to anything.
OFFLINE := ARENA_DEBUG=1 ARENA_SECRET_KEY=offline DATABASE_URL=postgresql://offline@127.0.0.1:1/offline
say = @printf '[%6.1f s] %s\n' "$$(( $$(date +%s) - $(STARTED) ))" "$(1)"

.PHONY: help install install-dev build demo test test-unit test-consumers lint lock bench system-packages clean
help: ## this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):[^#]*## /\1\t/' | column -t -s "$$(printf '\t')"

# --- Environment ---------------------------------------------------------------------------------------------------

install: $(DEMO_STAMP) build ## environment in .venv, front end built

install-dev: $(DEV_STAMP) build ## the same, with the tools of tests and linters

$(UV_STAMP):
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11, 3.12 or 3.13 is needed; none is on PATH." >&2; exit 1; }
	$(call say,Python environment in .venv ($(notdir $(PYTHON))))
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@rm -f .venv/.uv-*; touch $@

# The larger set contains the smaller: after `make test`, `make demo` must not take the tools away again.
$(DEMO_STAMP): | $(UV_STAMP)
	$(call say,Python packages (requirements/demo.txt))
	@if ls .venv/.dev-* > /dev/null 2>&1; then set=dev; else set=demo; fi; \
	  $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/$$set.txt
	@$(COMMANDS)
	@rm -f .venv/.demo-*; touch $@

# Compiled here, by all cores: else the processes of the first test run do it, beside each other.
$(DEV_STAMP): | $(UV_STAMP)
	$(call say,Python packages (requirements/dev.txt))
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(COMMANDS)
	@rm -f .venv/.dev-* .venv/.demo-*; touch $@ $(DEMO_STAMP)

# The peers of the ranking benchmark pin versions of their own.
$(BENCH_STAMP): | $(UV_STAMP)
	$(call say,packages of the peers in .venv-bench (requirements/bench.txt))
	@[ -x .venv-bench/bin/python ] || $(PYTHON) -m venv .venv-bench
	@$(BIN)/uv pip sync --quiet --python .venv-bench/bin/python --require-hashes requirements/bench.txt
	@rm -f .venv-bench/.bench-*; touch $@

# Those who read exports. Torch comes by pip, which knows the machine's own wheels, and after the rest, without the lock.
$(CONSUMERS_STAMP): | $(UV_STAMP)
	$(call say,packages of the consumers in .venv-consumers (requirements/consumers.txt and $(TORCH)))
	@[ -x .venv-consumers/bin/python ] || $(PYTHON) -m venv .venv-consumers
	@$(BIN)/uv pip install --quiet --python .venv-consumers/bin/python --no-deps --require-hashes \
	  -r requirements/consumers.txt
	@.venv-consumers/bin/python -m pip install -qq --disable-pip-version-check $(TORCH)
	@rm -f .venv-consumers/.consumers-*; touch $@

$(NPM_STAMP):
	@command -v npm > /dev/null || { echo "Node 20 with npm is needed to build the front end." >&2; exit 1; }
	$(call say,front-end packages (frontend/package-lock.json))
	@cd frontend && npm ci --silent --no-audit --no-fund
	@touch $@

frontend/dist/.built: $(NPM_STAMP) $(FRONTEND)
	$(call say,front end)
	@cd frontend && npm run --silent build > dist.log 2>&1 || { cat dist.log >&2; exit 1; }
	@rm -f frontend/dist.log; touch $@

%.mo: %.po | $(DEMO_STAMP)
	@$(BIN)/pybabel -q compile -i $< -o $@

staticfiles/.collected: frontend/dist/.built $(DEMO_STAMP) $(STATIC)
	$(call say,static files)
	@$(OFFLINE) $(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

build: frontend/dist/.built $(MESSAGES) staticfiles/.collected ## front end, translations, static files

# --- Run -----------------------------------------------------------------------------------------------------------

demo: install ## the whole arena on this machine [PORT=8000] [SYSTEMS=file.yaml] [VAR=var]
	@exec $(BIN)/python -m ops.demo --with-parent --started "$(STARTED)" --var "$(VAR)" --port "$(PORT)" --systems "$(SYSTEMS)"

# --- Check ---------------------------------------------------------------------------------------------------------

test: install-dev system-packages ## every test: front end, Python, whole stack, browser
	@$(BIN)/python -m ops.suite all

test-unit: install-dev ## the tests that need neither the whole stack nor a browser
	@$(BIN)/python -m ops.suite unit

test-consumers: install-dev $(CONSUMERS_STAMP) $(BENCH_STAMP) ## readers of others train on exports of a release [two minutes of CPU; torch]
	@CONSUMERS_PYTHON="$(CURDIR)/.venv-consumers/bin/python" PEERS_PYTHON="$(CURDIR)/.venv-bench/bin/python" $(BIN)/python -m pytest -q tests/consumers

lint: install-dev ## ruff, mypy strict, import contracts, migration drift, front end
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(OFFLINE) $(BIN)/mypy
	$(BIN)/lint-imports
	$(OFFLINE) $(BIN)/python manage.py makemigrations --check --dry-run
	cd frontend && npm run --silent lint

BENCHES := $(patsubst tests/bench/bench_%.py,%,$(wildcard tests/bench/bench_*.py))
bench: $(addprefix bench-,$(filter-out soak,$(BENCHES))) ## every benchmark, but for the ten minutes of bench-soak
bench-rankings: $(BENCH_STAMP)
bench-%: install-dev ## one benchmark; its last line is one JSON object
	@$(BIN)/python -m tests.bench.bench_$(subst -,_,$*)

system-packages: # a browser, gettext and faketime, by apt where they are missing
	@ops/system_packages.sh "$(STARTED)"

# --- Upkeep --------------------------------------------------------------------------------------------------------

COMPILE := $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-annotate pyproject.toml
lock: $(UV_STAMP) ## write requirements/*.txt anew from pyproject.toml
	$(COMPILE) --extra server -o requirements/base.txt
	$(COMPILE) --extra server --extra demo -c requirements/base.txt -o requirements/demo.txt
	$(COMPILE) --extra server --extra demo --extra dev -c requirements/demo.txt -o requirements/dev.txt
	$(COMPILE) --extra server --extra bench -o requirements/bench.txt
	$(COMPILE) --extra consumers -o requirements/consumers.txt

clean: ## delete what was built; data in var/ stays
	rm -rf staticfiles frontend/dist frontend/node_modules .venv .venv-bench .venv-consumers
	find arena -name '*.mo' -delete

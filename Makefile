PYTHON ?= python3.11
export UV_SYSTEM_CERTS = 1

.PHONY: help install lock lint test demo
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

lock: ## write requirements/*.txt anew from pyproject.toml
	set -e; for set in base: demo:demo dev:demo,dev; do name=$${set%%:*}; extras=$${set#*:}; \
	  .venv/bin/uv pip compile -q --universal --generate-hashes --no-header \
	    $$(echo "$$extras" | tr ',' '\n' | sed -n 's/./--extra &/p') pyproject.toml -o requirements/$$name.txt; done

# Linters read the settings; nothing connects.
LINT_ENV = ARENA_DEBUG=1 ARENA_SECRET_KEY=lint DATABASE_URL=postgresql://lint@127.0.0.1:1/lint
lint: ## ruff, mypy strict, import contracts, migration drift
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(LINT_ENV) .venv/bin/mypy
	.venv/bin/lint-imports
	$(LINT_ENV) .venv/bin/python manage.py makemigrations --check --dry-run

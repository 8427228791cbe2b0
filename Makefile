# Two commands are enough: "make demo" and "make test". Each installs first what it needs; the second time in no time.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# Compiled modules are kept: every process of the house, and a test run starts hundreds, would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo up test lint format bench soak clean reset lock secrets
.DEFAULT_GOAL := help

help: ## say what there is
	@echo "Rochdale"
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12 | sed 's/^/  make /'

install: ## put everything the project needs into .venv, checked against its hashes
	@if ! cmp -s requirements.lock $(VENV)/installed.lock; then \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say where with: make PYTHON=/path/to/python3.11 …")' && \
	  $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  cp requirements.lock $(VENV)/installed.lock; \
	fi

demo: install ## start a co-op that has just finished its year (PORT=8000 or the next free one; Ctrl-C stops it)
	@exec env ROCHDALE_DEMO=1 ROCHDALE_TIED=1 $(BIN)/python manage.py demo

up: install ## start without the story: your own co-op, data in .data/
	@exec env ROCHDALE_TIED=1 $(BIN)/python manage.py up

test: install ## every test, on three processes, as many wait for clocks and browsers (ARGS="tests/ops -x" for some)
	@$(BIN)/python -m pytest -n 3 $(ARGS)

lint: install ## style, types, import contracts, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

format: install ## write it the way lint wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## the numbers in the README, measured here
	@$(BIN)/python -m bench $(ARGS)

soak: install ## the fault and property tests with all their seeds; takes hours
	@ROCHDALE_SOAK=1 ROCHDALE_MANY_MEMBERS=10000 ROCHDALE_MACHINE_RUNS=100 $(BIN)/python -m pytest -n 2 --timeout 7200 $(ARGS)

lock: install ## resolve the dependencies anew (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra dev pyproject.toml -o requirements.lock -q
	uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 -c requirements.lock pyproject.toml -o requirements.prod.lock -q

secrets: ## make the secrets docker-compose.yml reads, once
	@sh deploy/make-secrets.sh

clean: ## remove what tests and tools left; keeps .venv and the data in .data/
	@rm -rf .data/test .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache staticfiles
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

reset: install ## throw the data in .data/ away and begin anew
	@$(BIN)/python manage.py reset_data

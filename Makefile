# Stet. `make run` on a machine with Python 3.11 (or newer) and make is all it takes; `make help` lists the rest.

# Some locales and shells would garble what Python prints.
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

VENV := .venv/bin
# The first of these that is there and new enough.
FIND_PYTHON = for name in "$$PYTHON" python3.11 python3.12 python3.13 python3.14 python3 python; do \
		[ -n "$$name" ] && "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		&& { command -v "$$name"; exit; }; \
	done
PREPARE = found="$$($(FIND_PYTHON))"; \
	if [ -z "$$found" ]; then \
		echo "Stet needs Python 3.11 or newer, and none was found (PYTHON=/path/to/python names another one)."; \
		exit 1; \
	fi; \
	"$$found" scripts/venv.py

.DEFAULT_GOAL := help
.PHONY: help run demo test test-pg soak check bench screenshots schema lock venv venv-dev

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 - \2/p' Makefile

run: venv ## start everything on this machine (PORT, STET_DATA); Ctrl-C ends it
	@exec $(VENV)/python manage.py up

demo: venv ## fill a running desk with the demo case
	@exec $(VENV)/python manage.py demo

test: venv-dev ## all checks and tests, on SQLite and where they answer on PostgreSQL and Redis
	@exec $(VENV)/python scripts/test.py

test-pg: venv-dev ## the tests that touch the database, on a PostgreSQL brought along
	@exec $(VENV)/python scripts/test.py --postgres

soak: venv-dev ## the long versions of kills, crashes, leases and changes (SOAK="--only kills --kills 100")
	@exec $(VENV)/python -m tests.soak $(SOAK)

check: venv-dev ## linters and types only
	@exec $(VENV)/python scripts/test.py --check

bench: venv-dev ## speeds as ratios to a baseline in the same run (STET_CORPORA: a folder with photos; STET_PEER: a Python with auto-archiver)
	@$(VENV)/python benchmarks/decoding.py
	@$(VENV)/python benchmarks/similar.py
	@$(VENV)/python benchmarks/leasing.py
	@$(VENV)/python benchmarks/bulk_acts.py
	@if [ -n "$$STET_CORPORA" ]; then \
		$(VENV)/python benchmarks/examining.py "$$STET_CORPORA" $${STET_PEER:+--peer "$$STET_PEER"} && \
		$(VENV)/python benchmarks/memory.py "$$STET_CORPORA"; fi

screenshots: venv-dev ## screenshots of every page, into docs/screenshots
	@exec $(VENV)/python scripts/screenshots.py

schema: venv-dev ## write the kept OpenAPI document anew; look at its diff
	@exec $(VENV)/python manage.py spectacular --file docs/openapi.yaml --validate --fail-on-warn

lock: venv-dev ## compile requirements*.txt from the short lists in requirements*.in
	@$(VENV)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	@$(VENV)/uv pip compile -q --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt

venv: ## only install what Stet runs on
	@$(PREPARE) run

venv-dev:
	@$(PREPARE) dev

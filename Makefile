# Everything runs in .venv; nothing else of the machine is needed but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint bench test-saleor screenshots pictures lock clean help

help:
	@echo "make demo         set everything up and serve the shop on http://127.0.0.1:8000"
	@echo "make test         lint and all tests"
	@echo "make lint         ruff, mypy, import-linter, migrations, translations"
	@echo "make bench        benchmarks as JSON lines"
	@echo "make test-saleor  the walk against an official Saleor (SALEOR_API_URL=… SALEOR_TOKEN=…)"
	@echo "make screenshots  pictures of the pages for the README"

$(STAMP): requirements.lock pyproject.toml
	@sh scripts/install.sh "$(PYTHON)" "$(VENV)"
	@touch "$(STAMP)"

demo: $(STAMP)
	@"$(BIN)/ponte" up

lint: $(STAMP)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/lint.sh

test: $(STAMP) lint
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/test.sh

bench: $(STAMP)
	@"$(BIN)/python" -m tests.bench

test-saleor: $(STAMP)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/test-saleor.sh

screenshots: $(STAMP)
	@"$(BIN)/python" scripts/screenshots.py

pictures: $(STAMP)
	@"$(BIN)/python" -m saleor_ext.demo.draw

lock:
	@uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -o requirements.lock

clean:
	@rm -rf "$(VENV)" build .mypy_cache .ruff_cache .pytest_cache

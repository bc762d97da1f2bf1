#!/bin/sh
# All static checks; each says what it is before it runs.
set -eu
echo "[lint 1/6] ruff";            ruff check --quiet . && ruff format --check --quiet .
echo "[lint 2/6] mypy"
python -m tests.with_environment mypy --no-error-summary
DJANGO_SETTINGS_MODULE=sandbox.settings python -m tests.with_environment mypy --no-error-summary sandbox
echo "[lint 3/6] import-linter";   lint-imports --no-cache >/dev/null || lint-imports --no-cache
echo "[lint 4/6] migrations";      python -m tests.with_environment python -m django makemigrations --check --dry-run
echo "[lint 5/6] sandbox migrations"; python -m tests.with_environment python -m sandbox manage makemigrations --check --dry-run
echo "[lint 6/6] translations";    python -m storefront.ui.messages check

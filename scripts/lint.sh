#!/bin/sh
# All static checks; each says what it is before it runs.
set -eu
run() { python -m tests.with_environment "$@"; }
echo "[lint 1/6] ruff"
ruff check --quiet --output-format concise .
ruff format --check --quiet --output-format concise .
echo "[lint 2/6] mypy"
run mypy --no-error-summary
DJANGO_SETTINGS_MODULE=sandbox.settings run mypy --no-error-summary sandbox
echo "[lint 3/6] import-linter"
lint-imports --no-cache >/dev/null || lint-imports --no-cache
echo "[lint 4/6] migrations"
run python -m django makemigrations --check --dry-run
echo "[lint 5/6] sandbox migrations"
DJANGO_SETTINGS_MODULE=sandbox.settings run python -m sandbox manage makemigrations --check --dry-run
echo "[lint 6/6] translations"
python -m storefront.ui.messages check

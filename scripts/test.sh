#!/bin/sh
# All tests: the sandbox's own with its Django project, then the platform's. Ends with pytest's closing line.
set -eu
sh scripts/chromium.sh
# One more than there are cores: whoever has the demonstration mostly waits for it.
workers=${PONTE_TEST_WORKERS:-$(python -c 'import os; print(min(os.cpu_count() or 1, 8) + 1)')}
python -m storefront.ui.messages compile
echo "[test 1/2] sandbox"
DJANGO_SETTINGS_MODULE=sandbox.settings python -m pytest -q -n "$workers" tests/sandbox_saleor tests/sandbox_outside
echo "[test 2/2] platform"
python -m pytest -q -n "$workers" --ignore tests/sandbox_saleor --ignore tests/sandbox_outside "$@"

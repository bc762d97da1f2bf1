#!/bin/sh
# All tests: the sandbox's own with its Django project, and the platform's. Ends with pytest's closing line.
# Both run at once, because the platform's mostly wait for a demonstration; what they say comes one after the other.
set -eu
sh scripts/chromium.sh
cores=$(python -c 'import os; print(min(os.cpu_count() or 1, 8))')
# One more than there are cores: whoever has the demonstration mostly waits for it.
workers=${PONTE_TEST_WORKERS:-$((cores + 1))}
python -m storefront.ui.messages compile
said=$(mktemp)
trap 'rm -f "$said"' EXIT
trap 'kill "$platform" 2>/dev/null || true; exit 130' INT TERM
python -m pytest -q -n "$workers" --color=auto --ignore tests/sandbox_saleor --ignore tests/sandbox_outside "$@" >"$said" 2>&1 &
platform=$!
failed=0
echo "[test 1/2] sandbox (the platform's tests run beside it)"
DJANGO_SETTINGS_MODULE=sandbox.settings python -m pytest -q -n "$cores" tests/sandbox_saleor tests/sandbox_outside || failed=$?
echo "[test 2/2] platform"
tail -n +1 -f "$said" &
shown=$!
wait "$platform" || failed=$?
sleep 1 # what was said last must be shown
kill "$shown" 2>/dev/null || true
wait "$shown" 2>/dev/null || true
exit "$failed"

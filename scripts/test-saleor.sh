#!/bin/sh
# The walk against an official Saleor: SALEOR_API_URL, and SALEOR_TOKEN or SALEOR_EMAIL with SALEOR_PASSWORD.
set -eu
if [ -z "${SALEOR_API_URL:-}" ] || [ -z "${SALEOR_TOKEN:-}${SALEOR_PASSWORD:-}" ]; then
    echo "ponte: name the Saleor: make test-saleor SALEOR_API_URL=http://127.0.0.1:8000/graphql/ SALEOR_TOKEN=…" >&2
    echo "       instead of SALEOR_TOKEN, SALEOR_EMAIL and SALEOR_PASSWORD of a staff member; the first run needs them" >&2
    exit 2
fi
python -m storefront.ui.messages compile
PONTE_TEST_SALEOR=$SALEOR_API_URL exec python -m pytest -v -n0 -p no:cacheprovider tests/official "$@"

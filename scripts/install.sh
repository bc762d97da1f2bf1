#!/bin/sh
# Makes the virtual environment and installs the pinned dependencies: install.sh PYTHON VENV
set -eu
python=$1 venv=$2
if ! command -v "$python" >/dev/null 2>&1; then
    echo "ponte: $python was not found. Install Python 3.11, 3.12 or 3.13 (Debian: apt-get install python3 python3-venv)." >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'; then
    echo "ponte: $("$python" --version) does not fit; Python 3.11, 3.12 or 3.13 is needed (make PYTHON=python3.12 …)." >&2
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "ponte: the venv module is missing (Debian: apt-get install python3-venv)." >&2
    exit 1
fi
echo "[setup 1/3] virtual environment"
"$python" -m venv "$venv"
echo "[setup 2/3] dependencies of requirements.lock (first time: a minute or two)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
echo "[setup 3/3] ponte itself"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .

"""Runs a command with the test environment set: ``python -m tests.with_environment mypy``."""

from __future__ import annotations

import os
import subprocess
import sys

import tests.environment  # noqa: F401  # importing it prepares the environment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")
    sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)

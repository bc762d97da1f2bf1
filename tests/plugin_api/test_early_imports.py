"""Plugins are declared before there are settings: whichever module a process begins with, it can be read."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    ["saleor_ext.config.celery", "saleor_ext.config.wsgi", "plugins.cross_border_payment.plugin",
     "plugins.customs_declaration.plugin", "plugins.nansha_logistics.plugin"],
)  # fmt: skip
def test_a_process_may_begin_with_any_of_them(module: str) -> None:
    plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-c", f"import {module}"]
    result = subprocess.run(command, env=plain, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr

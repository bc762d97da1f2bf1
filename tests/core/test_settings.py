from __future__ import annotations

import os
import subprocess
import sys

import pytest

GOOD = {
    "DATABASE_URL": "postgresql://u:p@db/ponte",
    "REDIS_URL": "redis://r:6379/0",
    "PONTE_SECRET_KEY": "x" * 40,
    "PONTE_KEY_FILE": "/nowhere/keys.json",
}


def start(**changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PONTE_") and name not in GOOD
    }
    environment |= {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    code = "from saleor_ext.core.settings import platform_settings as s; print(s().apps_base_url)"
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_good_settings() -> None:
    result = start(PONTE_PUBLIC_URL="https://shop.example.mo/")
    assert (result.returncode, result.stdout.strip()) == (0, "https://shop.example.mo")


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"DATABASE_URL": None}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"REDIS_URL": None}, "REDIS_URL"),
        ({"PONTE_SECRET_KEY": "short"}, "PONTE_SECRET_KEY"),
        ({"PONTE_KEY_FILE": None}, "PONTE_KEY_FILE"),
        ({"PONTE_PUBLIC_URL": "shop"}, "PONTE_PUBLIC_URL"),
        ({"PONTE_DEMO": "perhaps"}, "PONTE_DEMO"),
        ({"DATABASE_URL": "postgresql://u:p@db:port/ponte"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:p@db"}, "DATABASE_URL"),
        ({"REDIS_URL": "amqp://r"}, "REDIS_URL"),
        ({"REDIS_URL": "r:6379"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://r:63799999/0"}, "REDIS_URL"),
        ({"PONTE_LOG_LEVEL": "loud"}, "PONTE_LOG_LEVEL"),
        ({"PONTE_CHANNEL": "Main land"}, "PONTE_CHANNEL"),
        ({"PONTE_SALEOR_ALLOWED": "http://a.example/graphql/, shop"}, "PONTE_SALEOR_ALLOWED"),
        ({"PONTE_DASHBOARD_ORIGIN": "dashboard"}, "PONTE_DASHBOARD_ORIGIN"),
    ],
)
def test_wrong_settings_stop_the_start_with_a_readable_line(
    changes: dict[str, str | None], variable: str
) -> None:
    result = start(**changes)
    assert result.returncode == 2
    assert f"  {variable}:" in result.stderr
    assert "Traceback" not in result.stderr


def test_secrets_are_not_shown() -> None:
    result = start(PONTE_SECRET_KEY="tiny-secret")
    assert "tiny-secret" not in result.stderr

"""What ``ponte up`` promises to the person who starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request

import pytest

from tests.demo_process import ROOT, DemoProcess
from tests.waiting import until

pytestmark = pytest.mark.demo


def test_it_tells_where_everything_is_and_who_may_sign_in(running_demo: DemoProcess) -> None:
    # The words come after the line that says it is ready.
    until(lambda: any("ponte walk" in line for line in running_demo.lines))
    text = running_demo.log(len(running_demo.lines))
    for address in (f"{running_demo.web}/", f"{running_demo.web}/portal/", f"{running_demo.web}/console/"):
        assert address in text
    for role, email in (("merchant", "baker@"), ("consumer", "lin@"), ("operator", "admin@")):
        assert any(role in line and email in line for line in running_demo.lines)


def test_the_doctor_finds_nothing(running_demo: DemoProcess) -> None:
    result = running_demo.ponte("doctor", "--json", check=False)
    checks = [json.loads(line) for line in result.stdout.splitlines()]
    assert [check for check in checks if check["status"] == "error"] == []
    assert {"configuration", "database", "tables", "broker", "field keys", "Saleor", "clock"} <= {
        check["name"] for check in checks
    }
    assert result.returncode == 0


def test_the_doctor_says_how_to_mend_what_fails(running_demo: DemoProcess) -> None:
    environment = {**running_demo.environment, "REDIS_URL": "redis://127.0.0.1:1/0"}
    result = subprocess.run(
        [sys.executable, "-m", "saleor_ext.cli", "doctor"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 1
    assert "\u2717 broker:" in result.stdout
    assert "start Redis or Valkey, or correct REDIS_URL" in result.stdout


def test_a_port_in_use_is_named_with_the_way_out(running_demo: DemoProcess) -> None:
    result = running_demo.ponte("up", "--port", str(running_demo.web_port), check=False)
    assert result.returncode == 1
    assert f"port {running_demo.web_port}, wanted for the shop, is in use" in result.stderr


def test_a_running_demonstration_is_not_emptied(running_demo: DemoProcess) -> None:
    result = running_demo.ponte("reset", "--yes", check=False)
    assert result.returncode == 1
    assert "still runs" in result.stderr
    assert urllib.request.urlopen(f"{running_demo.web}/healthz", timeout=10).status == 200


def test_a_second_start_finds_its_data_and_the_end_leaves_no_process() -> None:
    with DemoProcess(seed=False) as demo:
        pids = [int(path.read_text()) for path in (demo.var / "run").glob("*.pid")]
        assert len(pids) == 6
        assert demo.stop() == 0
        assert [pid for pid in pids if _alive(pid)] == []
        key = (demo.var / "field-keys.json").read_text()
        demo.start()
        assert (demo.var / "field-keys.json").read_text() == key
        assert "No migrations to apply" in demo.log(400)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

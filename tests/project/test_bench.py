"""``make bench`` runs to its end; how fast anything is decides nothing here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What ties a process to this run's servers: the benchmarks bring their own.
OURS = ("PONTE_", "SANDBOX_", "DATABASE_URL", "REDIS_URL", "PYTEST_")


def test_each_benchmark_prints_its_figures() -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    result = subprocess.run(
        [sys.executable, "-m", "tests.bench"],
        cwd=ROOT,
        env={**plain, "PONTE_BENCH_SAMPLE": "20"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {frozenset(line) for line in lines} == {frozenset({"bench", "value", "unit", "limit", "ratio"})}
    assert Counter(line["bench"] for line in lines) == {
        "customs-sign": 2,
        "customs-receipts": 1,
        "customs-peak": 2,
        "ledger-post": 1,
        "statement-pdf": 1,
        "statement-xlsx": 1,
        "notify-ack": 2,
        "webhook-ack": 3,
        "tax-webhook": 2,
        "shop-list": 3,
        "shop-product": 3,
    }
    assert [line for line in lines if line["value"] <= 0] == []

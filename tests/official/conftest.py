"""The demonstration selling through an official Saleor instead of the sandbox's; skipped where none is given."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from saleor_ext.link import setup, transport
from saleor_ext.link.client import GraphQLClient
from tests.demo_process import DemoProcess

from .recorder import Recorder

HERE = Path(__file__).parent
#: Of the bonded lane, with and without consumption tax; the walk buys the first.
LISTINGS = ("almond-cookies", "douro-red", "vinho-verde")
#: Seconds. Saleor and the demonstration may share two slow cores.
SEED_SECONDS = 400
STEP_SECONDS = 180
WALK_SECONDS = 900
HOW = "make test-saleor SALEOR_API_URL=… and SALEOR_TOKEN=…, or SALEOR_EMAIL=… SALEOR_PASSWORD=…"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, and skip them where no official Saleor is given."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.official)
            if not os.environ.get("PONTE_TEST_SALEOR"):
                item.add_marker(pytest.mark.skip(reason=f"no official Saleor is given; {HOW}"))


@dataclass(frozen=True)
class OfficialSaleor:
    """Where it is and who we are there."""

    api_url: str
    token: str
    email: str
    password: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SALEOR_API_URL": self.api_url,
            "SALEOR_TOKEN": self.token,
            "SALEOR_EMAIL": self.email,
            "SALEOR_PASSWORD": self.password,
        }

    def client(self) -> GraphQLClient:
        """Sign in anew: a person's token lives for minutes only."""
        return setup.staff_client(self.api_url, token=self.token, email=self.email, password=self.password)


@pytest.fixture(scope="session")
def saleor() -> Iterator[OfficialSaleor]:
    names = ("SALEOR_TOKEN", "SALEOR_EMAIL", "SALEOR_PASSWORD")
    yield OfficialSaleor(os.environ["PONTE_TEST_SALEOR"], *(os.environ.get(name, "") for name in names))
    transport.close()


@pytest.fixture(scope="session")
def demo(saleor: OfficialSaleor) -> Iterator[DemoProcess]:
    with DemoProcess(seed=False, extra_environment=saleor.environment) as running:
        yield running


@pytest.fixture(scope="session")
def set_up(demo: DemoProcess) -> list[str]:
    """Lines of the first set-up."""
    done = demo.ponte("saleor", "setup", check=False, timeout=STEP_SECONDS)
    if "only a staff member may install apps" in done.stdout:
        pytest.exit(
            "SALEOR_TOKEN is an app's token, and Ponte's apps are not installed in this Saleor. Only a person may "
            "install apps: run once with SALEOR_EMAIL and SALEOR_PASSWORD of a staff member, or with that member's "
            "access token as SALEOR_TOKEN. Later runs may use the app's token.",
            returncode=1,
        )
    return _lines(done)


@pytest.fixture(scope="session")
def set_up_again(demo: DemoProcess, set_up: list[str]) -> list[str]:
    """Lines of the second set-up."""
    return _lines(demo.ponte("saleor", "setup", check=False, timeout=STEP_SECONDS))


@pytest.fixture(scope="session")
def seeded(demo: DemoProcess, set_up_again: list[str]) -> list[str]:
    """Lines of the seed, which enters people and a few listings."""
    named = [word for slug in LISTINGS for word in ("--listing", slug)]
    return _lines(demo.ponte("seed", *named, check=False, timeout=SEED_SECONDS))


def _lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout.splitlines()


@dataclass(frozen=True)
class Walked:
    """A walk's lines, and the webhooks that Saleor sent to a bystander meanwhile."""

    returncode: int
    steps: list[dict[str, Any]]
    recorder: Recorder
    log: str

    def reference(self, step: str) -> str:
        return str(next(line["ref"] for line in self.steps if line["step"] == step))


@pytest.fixture(scope="session")
def walked(saleor: OfficialSaleor, demo: DemoProcess, seeded: list[str]) -> Iterator[Walked]:
    with Recorder(saleor.client) as recorder:
        done = demo.ponte(
            *("walk", "--json", "--listing", LISTINGS[0], "--patience", str(STEP_SECONDS)),
            check=False,
            timeout=WALK_SECONDS,
        )
        steps = [json.loads(line) for line in done.stdout.splitlines()]
        yield Walked(done.returncode, steps, recorder, f"{done.stderr[-3000:]}\n{demo.log()}")

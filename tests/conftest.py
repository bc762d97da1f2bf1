"""Fixtures shared by all tests of the platform."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.demo_process import DemoProcess

#: Where tests use a running demonstration. One worker has the faults and one the rest, each with one of its own: both
#: mostly wait, and together they would be the longest part of a run.
FAULT_TESTS = "tests/faults/"
DEMO_TESTS = (
    "tests/e2e/",
    FAULT_TESTS,
    "tests/launcher/test_demo.py",
    "tests/launcher/test_later_walks.py",
    "tests/launcher/test_no_secrets.py",
)

# A busy machine makes no test fail: neither an example nor the making of examples is timed.
settings.register_profile("ponte", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ponte")

PLATFORM = os.environ.get("DJANGO_SETTINGS_MODULE", "").startswith("saleor_ext")


@pytest.fixture(autouse=PLATFORM)
def _fresh_caches() -> None:
    """Forget what one test left in process-wide caches."""
    from django.core.cache import cache

    from plugins.customs_declaration.duties import guarantee
    from plugins.customs_declaration.policies import in_force
    from saleor_ext.listings import recent
    from saleor_ext.plugin_api.configuration import forget_cache

    forget_cache()
    cache.clear()
    in_force.forget()
    guarantee.forget()
    recent.forget()


@pytest.fixture(scope="session")
def running_demo() -> Iterator[DemoProcess]:
    """The whole demonstration, started once for all tests that need it; mark them ``demo``, so that they share it."""
    # A short lease, so that the work of a killed worker is taken over soon; an outside world four times as fast as
    # the demonstration's.
    with DemoProcess(extra_environment={"PONTE_OUTBOX_LEASE": "12", "SANDBOX_SPEED": "240"}) as running:
        yield running


class FewDemonstrations(LoadScopeScheduling):
    """Keeps tests that share a demonstration on one worker, and gives every other test to whoever is free.

    The runner's own groups (``--dist loadgroup``) do nothing with this pytest: it keeps the names that they would mark.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(FAULT_TESTS):
            return "faults"
        return "demo" if nodeid.startswith(DEMO_TESTS) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return FewDemonstrations(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests of the demonstration first: they are one machine's worth of waiting."""
    for item in items:
        if item.get_closest_marker("demo") and not item.nodeid.startswith(DEMO_TESTS):
            raise pytest.UsageError(f"{item.nodeid} needs the demonstration: name its place in DEMO_TESTS")
    items.sort(key=lambda item: not item.nodeid.startswith(DEMO_TESTS))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say last, and once, that browser tests did not run."""
    yield
    skipped = [report for report in terminalreporter.stats.get("skipped", ()) if "browser" in report.keywords]
    if skipped:
        terminalreporter.write_line(
            f"ponte: {len(skipped)} browser tests did NOT run: no Chromium was found "
            "(Debian: apt-get install chromium fonts-noto-cjk)",
            yellow=True,
        )

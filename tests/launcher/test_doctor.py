"""What the doctor finds when something is wrong; a whole installation is looked at in ``test_demo``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from saleor_ext.core import clock, keys
from saleor_ext.core.settings import platform_settings
from saleor_ext.launcher import doctor, environment
from saleor_ext.plugin_api import registry
from saleor_ext.plugin_api.configuration import forget_cache
from saleor_ext.settlement.bank import importing, reporting


@pytest.mark.django_db
def test_a_plugin_that_cannot_answer_does_not_silence_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = registry.health_of

    def health_of(plugin: registry.Plugin) -> list[object]:
        if plugin.identifier == "customs_declaration":
            raise ValueError("broken")
        return asked(plugin)

    monkeypatch.setattr(registry, "health_of", health_of)
    found = {check.name: check for check in doctor._plugins()}
    assert (found["customs_declaration"].status, found["customs_declaration"].message) == (
        "error",
        "ValueError: broken",
    )
    assert found["logistics-parcels"].status == "ok"


@pytest.mark.django_db
def test_what_is_open_at_the_bank_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (doctor._bank().status, doctor._bank().message) == ("ok", "nothing is open")
    monkeypatch.setattr(platform_settings(), "payout_debtor_account", "0123456789")
    day = clock.china_today() - timedelta(days=3)
    importing.take(f"account,currency,date,amount\n0123456789,HKD,{day},7.00\n".encode(), actor="ann")
    found = doctor._bank()
    assert (found.status, found.message) == ("warning", "1 open, the oldest for 3 days")
    monkeypatch.setattr(reporting, "queue", lambda: 1 / 0)
    assert doctor._bank().status == "error"


@pytest.mark.django_db
def test_plugins_answer_in_the_language_of_the_command() -> None:
    forget_cache()
    found = {check.name: check for check in doctor._plugins()}
    assert found["payment.account"].message == "WeChat Pay is not set up."


def test_a_folder_that_cannot_be_joined_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> None:
        raise OSError("no space left")

    monkeypatch.setattr(environment, "load", load)
    [check] = doctor.checks()
    assert check.status == "error"
    assert "cannot be joined: OSError: no space left" in check.message
    assert "ponte reset" in check.remedy


@pytest.mark.django_db
def test_a_sound_key_file_that_is_the_wrong_one_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_ext.plugin_api.configuration import save

    save(registry.plugin("nansha_logistics"), {}, actor="test")
    assert doctor._attempt("sealed data", doctor._sealed_data, "").message == "1 samples opened"
    path = tmp_path / "keys.json"
    keys.write_ring(path, keys.new_ring())
    settings = platform_settings().model_copy(update={"key_file": path})
    monkeypatch.setattr(keys, "platform_settings", lambda: settings)
    keys.key_ring.cache_clear()
    check = doctor._attempt("sealed data", doctor._sealed_data, "restore")
    keys.key_ring.cache_clear()
    assert (check.status, check.remedy) == ("error", "restore")
    assert check.message.startswith("CannotOpen: ")


def _saleor_at(told: Callable[[], str]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", told())
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return server


@pytest.mark.parametrize(
    ("ahead", "status", "message"), [(0, "ok", "within"), (600, "error", "s away from Saleor's clock")]
)
def test_a_wrong_clock_is_an_error(
    monkeypatch: pytest.MonkeyPatch, ahead: int, status: str, message: str
) -> None:
    server = _saleor_at(lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True))
    url = f"http://127.0.0.1:{server.server_port}/graphql/"
    settings = platform_settings().model_copy(update={"saleor_api_url": url})
    monkeypatch.setattr("saleor_ext.core.settings.platform_settings", lambda: settings)
    check = doctor._clock()
    server.shutdown()
    server.server_close()
    assert check.status == status
    assert message in check.message


def test_a_silent_saleor_is_no_wrong_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = platform_settings().model_copy(update={"saleor_api_url": "http://127.0.0.1:1/graphql/"})
    monkeypatch.setattr("saleor_ext.core.settings.platform_settings", lambda: settings)
    assert doctor._clock().status == "warning"

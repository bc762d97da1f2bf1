"""Installation: who may install, what proves the token, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings

from saleor_ext.core.models import AuditEntry
from saleor_ext.core.settings import platform_settings
from saleor_ext.link import clients, installs
from saleor_ext.link.models import SaleorAppInstall, SaleorInstance
from saleor_ext.plugin_api import SaleorApp

from .saleor import Wire, serve, signer

TOKEN = "A" * 30


class FakeSaleor:
    """Answers the call-back for one token of one app, and its keys."""

    def __init__(self) -> None:
        self.identifier = "test.app"
        self.app_id = "QXBwOjc="
        self.token = TOKEN
        self.jwks: Any = signer("saleor").jwks
        self.wire: Wire | None = None

    def __call__(self, path: str, given: Any) -> tuple[int, Any]:
        if path == "/.well-known/jwks.json":
            return (200, self.jwks) if self.jwks else (500, {})
        assert self.wire is not None
        bearer = self.wire.requests[-1][1].get("Authorization")
        app = {"id": self.app_id, "identifier": self.identifier}
        return 200, {"data": {"app": app if bearer == f"Bearer {self.token}" else None}}


@pytest.fixture
def saleor(app: SaleorApp, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSaleor]:
    from saleor_ext.link import transport

    monkeypatch.setattr(transport, "FIRST_WAIT_SECONDS", 0)
    fake = FakeSaleor()
    with serve(fake) as wire:
        fake.wire = wire
        settings = platform_settings()
        monkeypatch.setattr(
            installs,
            "platform_settings",
            lambda: settings.model_copy(update={"saleor_allowed": f"http://x.test/graphql/, {wire.api_url}"}),
        )
        yield fake


def _register(
    saleor: FakeSaleor, token: Any = TOKEN, api_url: str | None = None, app: str = "test.app"
) -> Any:
    assert saleor.wire is not None
    headers = {"Saleor-Api-Url": saleor.wire.api_url if api_url is None else api_url}
    body = {"auth_token": token} if token is not None else {}
    return Client().post(f"/saleor/{app}/register", body, content_type="application/json", headers=headers)


def test_a_proven_token_is_kept_sealed(saleor: FakeSaleor) -> None:
    response = _register(saleor)
    assert response.status_code == 200, response.content
    assert saleor.wire is not None
    install = SaleorAppInstall.objects.select_related("instance").get()
    assert (install.token, install.saleor_app_id, install.identifier) == (TOKEN, "QXBwOjc=", "test.app")
    assert install.instance.jwks == signer("saleor").jwks
    assert clients.installed(saleor.wire.api_url, "test.app")
    assert AuditEntry.objects.filter(action="saleor.app_installed").exists()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM link_saleorappinstall")
        assert TOKEN not in cursor.fetchone()[0]


def test_installing_again_replaces_the_token(saleor: FakeSaleor) -> None:
    _register(saleor)
    saleor.token, saleor.app_id = "B" * 30, "QXBwOjg="
    assert _register(saleor, "B" * 30).status_code == 200
    install = SaleorAppInstall.objects.get()
    assert (install.token, install.saleor_app_id) == ("B" * 30, "QXBwOjg=")


def test_a_saleor_that_is_not_listed_is_refused_without_being_called(saleor: FakeSaleor) -> None:
    with serve(lambda path, given: (200, {})) as stranger:
        response = _register(saleor, api_url=stranger.api_url)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "SALEOR_URL_PROHIBITED")
        assert not stranger.requests
    assert not SaleorInstance.objects.exists()


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("wrong" * 6, 401, "UNKNOWN_APP_ID"),
        (None, 400, "TOKEN_MISSING"),
        ("", 400, "TOKEN_MISSING"),
        (17, 400, "TOKEN_MISSING"),
        ("two words", 400, "TOKEN_MISSING"),
        ("line\nbreak", 400, "TOKEN_MISSING"),
        ("endsWithABreak\n", 400, "TOKEN_MISSING"),
        ("密" * 30, 400, "TOKEN_MISSING"),
    ],
)
def test_a_token_that_is_not_good_is_refused(saleor: FakeSaleor, token: Any, status: int, code: str) -> None:
    response = _register(saleor, token)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"]
    assert not SaleorAppInstall.objects.exists()


def test_another_apps_token_is_refused(saleor: FakeSaleor) -> None:
    saleor.identifier = "somebody.else"
    assert _register(saleor).json()["error"]["code"] == "WRONG_APP"


def test_a_saleor_without_keys_is_refused(saleor: FakeSaleor) -> None:
    saleor.jwks = None
    response = _register(saleor)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "JWKS_NOT_AVAILABLE")
    saleor.jwks = {"keys": []}
    assert _register(saleor).json()["error"]["code"] == "JWKS_NOT_AVAILABLE"
    assert not SaleorAppInstall.objects.exists()


def test_a_saleor_that_cannot_be_called_back_is_said_so(
    saleor: FakeSaleor, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = "http://127.0.0.1:9/graphql/"
    settings = platform_settings().model_copy(update={"saleor_allowed": dead})
    monkeypatch.setattr(installs, "platform_settings", lambda: settings)
    response = _register(saleor, api_url=dead)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "SALEOR_UNREACHABLE")


def test_other_bad_requests(saleor: FakeSaleor) -> None:
    assert _register(saleor, api_url="").json()["error"]["code"] == "SALEOR_URL_MISSING"
    assert _register(saleor, app="nobody").status_code == 404
    bad = Client().post("/saleor/test.app/register", b"{", content_type="application/json")
    assert (bad.status_code, bad.json()["error"]["code"]) == (400, "NOT_JSON")
    assert Client().get("/saleor/test.app/register").status_code == 405


@override_settings(ALLOWED_HOSTS=["*"])
def test_the_manifest_does_not_believe_the_host_header(app: SaleorApp) -> None:
    manifest = Client().get("/saleor/test.app/manifest", headers={"Host": "evil.test"}).json()
    assert manifest["tokenTargetUrl"] == "http://testserver/saleor/test.app/register"
    assert {hook["targetUrl"] for hook in manifest["webhooks"]} == {
        "http://testserver/saleor/test.app/webhooks/taxes",
        "http://testserver/saleor/test.app/webhooks/paid",
    }

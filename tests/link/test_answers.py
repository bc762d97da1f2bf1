"""The server that only answers Saleor's questions: webhooks and health, no page, and JSON whatever goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.test import Client, override_settings

from saleor_ext.link import webhooks

LEAN = import_module("saleor_ext.config.answers")


@pytest.fixture(autouse=True)
def _lean() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=LEAN.ROOT_URLCONF, MIDDLEWARE=LEAN.MIDDLEWARE):
        yield


def test_it_serves_webhooks_and_health_and_tells_their_length(client: Client) -> None:
    health = client.get("/healthz")
    assert (health.status_code, health.json(), health["Content-Length"]) == (200, {"ok": True}, "12")
    assert client.get("/saleor/ponte.customs/manifest").json()["id"] == "ponte.customs"
    unknown = client.post("/saleor/ponte.customs/webhooks/nothing", b"{}", content_type="application/json")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "UNKNOWN_WEBHOOK")


@pytest.mark.parametrize(
    "path", ["/", "/console/", "/portal/", "/plugins/payment/notify/wechat/main", "/static/x"]
)
def test_it_has_no_pages(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_what_fails_inside_is_json_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(webhooks, "authenticate", broken)
    client = Client(raise_request_exception=False)
    answer = client.post(
        "/saleor/ponte.customs/webhooks/checkout-taxes", b"{}", content_type="application/json"
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL")

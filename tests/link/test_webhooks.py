"""Webhooks: what is believed, what is refused, what is stored, and how often."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from saleor_ext.core import clock, inbox
from saleor_ext.core.models import InboxMessage
from saleor_ext.link import instances, transport
from saleor_ext.link.models import SaleorAppInstall, SaleorInstance

from . import handlers
from .conftest import API_URL, APP_ID
from .saleor import Wire, serve, signer

PAID = {
    "__typename": "OrderFullyPaid",
    "issuedAt": "2026-11-23T09:00:00+00:00",
    "version": "3.23.28",
    "recipient": {"id": APP_ID},
    "order": {"id": "T3JkZXI6MQ==", "number": "1", "updatedAt": "2026-11-23T09:00:00+00:00"},
}
TAXES = {"__typename": "CalculateTaxes", "recipient": {"id": APP_ID}, "taxBase": {"currency": "CNY"}}


def _post(
    slug: str,
    payload: dict[str, Any] | bytes,
    *,
    key: str = "saleor",
    api_url: str = API_URL,
    signature: str | None = None,
    app: str = "test.app",
) -> Any:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {"Saleor-Api-Url": api_url, "Saleor-Event": "whatever"}
    headers["Saleor-Signature"] = signer(key).sign(body) if signature is None else signature
    return Client().post(
        f"/saleor/{app}/webhooks/{slug}", body, content_type="application/json", headers=headers
    )


def _refused(response: Any, status: int, code: str) -> None:
    assert response.status_code == status, response.content
    assert response.json()["error"]["code"] == code
    assert not InboxMessage.objects.exists()
    assert not handlers.SEEN


def test_an_event_is_stored_and_then_worked(install: SaleorAppInstall) -> None:
    assert _post("paid", PAID).status_code == 202
    message = InboxMessage.objects.get()
    assert message.source == f"saleor:{install.instance_id}"
    assert message.kind == "ORDER_FULLY_PAID"
    assert "T3JkZXI6MQ==" in message.event_id
    assert not handlers.SEEN
    assert inbox.work(message.pk)
    context, payload = handlers.SEEN[0]
    assert (context.api_url, context.app_identifier, context.event) == (
        API_URL,
        "test.app",
        "ORDER_FULLY_PAID",
    )
    assert payload == PAID


def test_five_deliveries_are_one_message(install: SaleorAppInstall) -> None:
    for second in range(5):
        body = {**PAID, "issuedAt": f"2026-11-23T09:00:0{second}+00:00"}
        assert _post("paid", body).status_code == 202
    message = InboxMessage.objects.get()
    assert message.duplicates == 4
    inbox.drain()
    _post("paid", PAID)
    inbox.drain()
    assert len(handlers.SEEN) == 1


def test_another_state_of_the_same_order_is_another_message(install: SaleorAppInstall) -> None:
    _post("paid", PAID)
    _post("paid", {**PAID, "order": {**PAID["order"], "updatedAt": "2026-11-23T09:00:09+00:00"}})  # type: ignore[dict-item]  # test data
    assert InboxMessage.objects.count() == 2


def test_a_synchronous_handler_answers(install: SaleorAppInstall) -> None:
    response = _post("taxes", TAXES)
    assert (response.status_code, response.json()) == (200, {"rate": "9.10"})
    assert not InboxMessage.objects.exists()


@pytest.mark.parametrize(("currency", "code"), [("XXX", "currency"), ("BUG", "internal")])
def test_our_own_faults_are_500(install: SaleorAppInstall, currency: str, code: str) -> None:
    response = _post("taxes", {**TAXES, "taxBase": {"currency": currency}})
    assert (response.status_code, response.json()["error"]["code"]) == (500, code)


def test_a_forged_signature_is_refused(install: SaleorAppInstall, monkeypatch: pytest.MonkeyPatch) -> None:
    kid = signer("saleor").jwk["kid"]
    body = json.dumps(PAID).encode()
    forged = signer("stranger").sign(body, kid=kid)
    _refused(_post("paid", body, signature=forged), 401, "SIGNATURE_MISMATCH")


def test_an_altered_body_is_refused(install: SaleorAppInstall) -> None:
    body = json.dumps(PAID).encode()
    signature = signer("saleor").sign(body)
    _refused(_post("paid", body.replace(b'"1"', b'"2"'), signature=signature), 401, "SIGNATURE_MISMATCH")


def test_no_signature_is_refused(install: SaleorAppInstall) -> None:
    _refused(_post("paid", PAID, signature=""), 401, "SIGNATURE_MISSING")


def test_an_unknown_instance_is_refused(install: SaleorAppInstall) -> None:
    _refused(_post("paid", PAID, api_url="http://evil.test/graphql/"), 401, "UNKNOWN_INSTANCE")


def test_an_instance_that_was_switched_off_is_refused(install: SaleorAppInstall) -> None:
    SaleorInstance.objects.update(active=False)
    _refused(_post("paid", PAID), 401, "UNKNOWN_INSTANCE")


def test_the_other_instances_key_is_refused(install: SaleorAppInstall) -> None:
    other = SaleorInstance.objects.create(
        api_url="http://other.test/graphql/",
        domain="other.test",
        jwks=signer("other").jwks,
        jwks_fetched_at=clock.now(),
    )
    SaleorAppInstall.objects.create(
        instance=other,
        identifier="test.app",
        token="o" * 30,
        saleor_app_id="QXBwOjk=",
        installed_at=clock.now(),
    )
    # Signed by the other, said to come from the first; and the first's message sent as the other's.
    assert _post("paid", PAID, key="other").status_code == 503  # unknown key, fetched a moment ago: try again
    response = _post("paid", PAID, key="other", api_url=other.api_url)
    _refused(response, 403, "WRONG_RECIPIENT")


def test_a_message_for_another_app_is_refused(install: SaleorAppInstall) -> None:
    _refused(_post("paid", {**PAID, "recipient": {"id": "QXBwOjI="}}), 403, "WRONG_RECIPIENT")
    _refused(_post("paid", {**PAID, "recipient": None}), 403, "WRONG_RECIPIENT")


def test_a_message_replayed_to_another_route_is_refused(install: SaleorAppInstall) -> None:
    _refused(_post("taxes", PAID), 403, "WRONG_EVENT")
    _refused(_post("paid", {**PAID, "__typename": "OrderRefunded"}), 403, "WRONG_EVENT")


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'"x"', b"\xff"])
def test_what_is_signed_but_no_object_is_refused(install: SaleorAppInstall, body: bytes) -> None:
    _refused(_post("paid", body), 400, "NOT_JSON")


def test_unknown_routes_are_404(install: SaleorAppInstall) -> None:
    _refused(_post("nothing", PAID), 404, "UNKNOWN_WEBHOOK")
    _refused(_post("paid", PAID, app="nobody"), 404, "UNKNOWN_WEBHOOK")
    assert Client().get("/saleor/test.app/webhooks/paid").status_code == 405


def _rotating(keys: dict[str, Any]) -> Any:
    return lambda path, given: (200, keys) if path == "/.well-known/jwks.json" else (404, {})


def _at(wire: Wire, install: SaleorAppInstall, fetched: timedelta) -> str:
    SaleorInstance.objects.filter(pk=install.instance_id).update(
        api_url=wire.api_url, jwks_fetched_at=clock.now() - fetched
    )
    instances.forget()
    return wire.api_url


def test_new_keys_are_fetched_once(install: SaleorAppInstall) -> None:
    with serve(_rotating(signer("rotated").jwks)) as wire:
        api_url = _at(wire, install, timedelta(hours=1))
        assert _post("paid", PAID, key="rotated", api_url=api_url).status_code == 202
        assert _post("paid", PAID, key="rotated", api_url=api_url).status_code == 202
        assert len(wire.requests) == 1
    assert SaleorInstance.objects.get(pk=install.instance_id).jwks == signer("rotated").jwks


def test_strangers_cannot_make_us_fetch_again_and_again(install: SaleorAppInstall) -> None:
    with serve(_rotating(signer("saleor").jwks)) as wire:
        api_url = _at(wire, install, timedelta(hours=1))
        for _ in range(5):
            response = _post("paid", PAID, key="stranger", api_url=api_url)
            _refused(response, 401, "SIGNATURE_UNKNOWN_KEY")
        # Another one may be new: not asked for yet, and too early to ask.
        _refused(_post("paid", PAID, key="second", api_url=api_url), 503, "KEYS_NOT_AVAILABLE")
        assert len(wire.requests) == 1
        assert _post("paid", PAID, api_url=api_url).status_code == 202
    assert InboxMessage.objects.count() == 1


def test_an_unknown_key_waits_for_saleor_to_be_reachable(
    install: SaleorAppInstall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "FIRST_WAIT_SECONDS", 0)
    with serve(lambda path, given: (503, {})) as wire:
        api_url = _at(wire, install, timedelta(hours=1))
        # A 5xx, so that Saleor sends the event again: it may be good.
        _refused(_post("paid", PAID, key="rotated", api_url=api_url), 503, "KEYS_NOT_AVAILABLE")


def test_the_keys_that_another_process_fetched_are_used(install: SaleorAppInstall) -> None:
    assert _post("paid", PAID).status_code == 202  # remembers the install with the old keys
    SaleorInstance.objects.update(jwks=signer("rotated").jwks, jwks_fetched_at=clock.now())
    assert _post("paid", PAID, key="rotated").status_code == 202
    assert InboxMessage.objects.get().duplicates == 1

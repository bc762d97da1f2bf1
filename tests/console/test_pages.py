"""What the pages do: search, retry with a reason, drop, configure without ever showing a secret."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from plugins.cross_border_payment.models import PaymentSession
from plugins.cross_border_payment.plugin import plugin as payment
from saleor_ext.core import clock
from saleor_ext.core.models import AuditEntry, InboxMessage, OutboxMessage
from saleor_ext.merchants.models import Merchant
from saleor_ext.orders.models import Parcel
from saleor_ext.plugin_api import configuration
from tests.payment.fake_wechat import APIV3_KEY, MERCHANT_KEY, private_pem

PLUGIN = "/console/plugins/cross_border_payment/"


def text_of(answer: Any) -> str:
    return answer.content.decode()


# -- parcels


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("q=PT2611231001ABCD", True),
        ("q=1001", True),
        ("q=ALM-1", True),
        ("q=4200000001", True),
        ("q=9999", False),
        ("state=paid", True),
        ("state=delivered", False),
        ("state=nonsense", True),
        ("attention=1", True),
        ("q=%3Cscript%3E", False),
        ("page=99", True),
    ],
)
def test_parcels_are_found(staff: Client, parcel: Parcel, query: str, found: bool) -> None:
    text = text_of(staff.get(f"/console/parcels/?{query}"))
    assert (str(parcel.pk) in text) is found
    assert "<script>" not in text


def test_a_parcel_shows_everything_but_the_id_number(staff: Client, parcel: Parcel) -> None:
    PaymentSession.objects.create(
        api_url=parcel.api_url,
        transaction_id=parcel.transaction_id,
        gateway="wechat",
        account="main",
        out_trade_no=parcel.number,
        amount=parcel.actual_paid,
        currency="CNY",
        state="paid",
        gateway_ref="4200000001",
        paid_at=parcel.paid_at,
        expires_at=parcel.paid_at,
        created_at=parcel.paid_at,
    )
    text = text_of(staff.get(f"/console/parcels/{parcel.pk}/", headers={"Accept-Language": "en"}))
    for expected in ("declare_payment", "杏仁饼", "4200000001", "parcel.created", "李四", parcel.attention):
        assert expected in text
    assert "¥196.38" in text and "196.38 CNY" not in text
    assert "11010519491231002X" not in text
    assert "张三" not in text


def test_a_failed_step_is_started_again_with_a_reason(staff: Client, parcel: Parcel) -> None:
    url = f"/console/parcels/{parcel.pk}/retry/"
    refused = staff.post(url, {"step": "declare_payment", "reason": " "})
    assert refused.status_code == 422
    assert "aria-invalid" in text_of(refused)
    assert parcel.steps.get(name="declare_payment").state == "failed"
    assert staff.post(url, {"step": "declare_payment", "reason": "customs are back"}).status_code == 302
    assert parcel.steps.get(name="declare_payment").state == "running"
    entry = AuditEntry.objects.get(action="step.retry")
    assert (entry.actor, entry.reason) == ("staff@shop.example", "customs are back")
    staff.post(url, {"step": "declare_payment", "reason": "twice"})
    staff.post(url, {"step": "no_such_step", "reason": "x"})
    assert AuditEntry.objects.filter(action="step.retry").count() == 1


# -- dead letters


def dead_work(**changes: Any) -> OutboxMessage:
    now = clock.now()
    values: dict[str, Any] = {
        "topic": "payment.report",
        "key": "k1",
        "payload": {"session": "abc"},
        "state": "dead",
        "attempts": 3,
        "created_at": now,
        "run_at": now + timedelta(days=1),
        "last_error": "PermanentError: <b>the app was removed</b>",
        **changes,
    }
    return OutboxMessage.objects.create(**values)


def dead_message() -> InboxMessage:
    now = clock.now()
    return InboxMessage.objects.create(
        source="saleor:1",
        event_id="e1",
        kind="order_updated",
        body='{"order": {"shippingAddress": {"firstName": "李四"}}}'.encode(),
        state="dead",
        received_at=now,
        run_at=now,
        last_error="KeyError: lines",
    )


def test_dead_letters_with_their_reasons(staff: Client) -> None:
    work, message = dead_work(), dead_message()
    text = text_of(staff.get("/console/letters/"))
    assert str(work.pk) in text
    assert "&lt;b&gt;the app was removed" in text
    assert str(message.pk) in text_of(staff.get("/console/letters/?box=inbox"))
    page = text_of(staff.get(f"/console/letters/inbox/{message.pk}/"))
    assert "KeyError: lines" in page
    assert "李四" not in page, "a body may hold personal data"


def test_retry_and_drop_need_a_reason_and_leave_a_trace(staff: Client) -> None:
    work, message = dead_work(), dead_message()
    url = f"/console/letters/outbox/{work.pk}"
    assert staff.post(f"{url}/retry/", {}).status_code == 422
    work.refresh_from_db()
    assert work.state == "dead"
    staff.post(f"{url}/retry/", {"reason": "the app is back"})
    work.refresh_from_db()
    assert work.state == "pending"
    assert staff.post(f"{url}/retry/", {"reason": "again"}).status_code == 302
    staff.post(f"/console/letters/inbox/{message.pk}/retry/", {"reason": "mended"})
    message.refresh_from_db()
    assert message.state == "new"
    assert staff.post(f"/console/letters/inbox/{message.pk}/drop/", {"reason": "no"}).status_code == 404
    other = dead_work(key="k2")
    staff.post(f"/console/letters/outbox/{other.pk}/drop/", {"reason": "done by hand"})
    other.refresh_from_db()
    assert other.state == "dropped"
    reasons = AuditEntry.objects.filter(action__startswith="letter.").values_list("reason", flat=True)
    assert sorted(reasons) == ["done by hand", "mended", "the app is back"]


# -- plugins


def filled(**changes: str) -> dict[str, str]:
    return {
        "enabled": "on",
        "base_url": "https://wechat.test",
        "mchid": "1900000109",
        "appid": "wx8888888888888888",
        "merchant_category_code": "5399",
        "merchant_serial": "6A1B2C3D",
        "merchant_private_key": private_pem(MERCHANT_KEY),
        "apiv3_key": APIV3_KEY,
        "customs_targets-0-customs": "GUANGZHOU_ZS",
        "customs_targets-0-merchant_customs_no": "4401961234",
        "customs_targets-1-customs": "",
        "customs_targets-1-merchant_customs_no": "",
        "pay_code": "4403169D3W",
        "pay_name": "财付通支付科技有限公司",
        "currencies": "CNY\r\n",
        "session_minutes": "30",
        "refund_window_days": "365",
        "declare_window_days": "30",
        **changes,
    }


def stored() -> Any:
    configuration.forget_cache()
    return configuration.current(payment)


def test_a_configuration_is_saved_from_the_form(staff: Client) -> None:
    assert staff.post(PLUGIN, filled()).status_code == 302
    config = stored()
    assert (config.mchid, config.session_minutes, config.currencies) == ("1900000109", 30, ("CNY",))
    assert [t.customs for t in config.customs_targets] == ["GUANGZHOU_ZS"]
    assert config.missing == ()
    entry = AuditEntry.objects.get(action="plugin.configured")
    assert entry.actor == "staff@shop.example"
    assert APIV3_KEY not in str(entry.data)
    staff.post(PLUGIN, filled(enabled=""))
    assert stored().enabled is False


def test_secrets_are_never_sent_back_and_kept_when_left_empty(staff: Client) -> None:
    staff.post(PLUGIN, filled())
    page = text_of(staff.get(PLUGIN))
    key = "".join(private_pem(MERCHANT_KEY).splitlines()[1:-1])
    assert APIV3_KEY not in page
    assert key[:40] not in page
    assert "1900000109" in page
    assert (
        staff.post(PLUGIN, filled(merchant_private_key="", apiv3_key="", mchid="1900000110")).status_code
        == 302
    )
    config = stored()
    assert config.mchid == "1900000110"
    assert config.apiv3_key.get_secret_value() == APIV3_KEY
    refused = text_of(staff.post(PLUGIN, filled(session_minutes="x")))
    assert APIV3_KEY not in refused
    assert key[:40] not in refused


WRONG = [
    ({"session_minutes": "x"}, "id_session_minutes", {"en": "whole number", "pt": "número inteiro"}),
    ({"session_minutes": "5"}, "id_session_minutes", {"en": "6 or more", "zh-hant": "6"}),
    ({"merchant_category_code": "53"}, "id_merchant_category_code", {"en": "expected form"}),
    ({"apiv3_key": "short"}, "id_apiv3_key", {"en": "exactly 32 characters", "zh-hans": "32"}),
    ({"base_url": "ftp://x"}, "id_base_url", {"en": "http://"}),
    ({"merchant_private_key": "nonsense"}, "id_merchant_private_key", {"en": "PEM"}),
    ({"customs_targets-0-customs": "lower"}, "customs_targets", {"en": "Row 1, customs"}),
    ({"currencies": ""}, "id_currencies", {"en": "at least 1"}),
]


@pytest.mark.parametrize(("change", "field", "words"), WRONG, ids=lambda case: str(case)[:30])
def test_what_is_wrong_is_told_at_the_field_in_the_users_language(
    staff: Client, change: dict[str, str], field: str, words: dict[str, str]
) -> None:
    for language, word in words.items():
        prefix = "" if language == "zh-hans" else f"/{language}"
        answer = staff.post(f"{prefix}{PLUGIN}", filled(**change))
        text = text_of(answer)
        assert answer.status_code == 422, text
        errors = " ".join(re.findall(r'class="error".*?</li>', text, re.S))
        assert word in errors, (language, errors)
        assert field in text
        assert "1900000109" in text, "what was typed stays"
    assert configuration.latest(payment) is None


def test_versions_name_what_changed(staff: Client) -> None:
    staff.post(PLUGIN, filled())
    staff.post(PLUGIN, filled(session_minutes="45"))
    text = text_of(staff.get(PLUGIN))
    assert "session_minutes" in text
    assert configuration.latest(payment).version == 2  # type: ignore[union-attr]  # two were saved


def test_every_plugin_has_a_form(staff: Client) -> None:
    page = text_of(staff.get("/console/plugins/"))
    addresses = set(re.findall(r'href="(/console/plugins/[^"]+/)"', page))
    assert len(addresses) >= 3
    for address in addresses:
        answer = staff.get(address)
        assert answer.status_code == 200, address
        assert "<form" in text_of(answer)


# -- merchants


def test_suspending_and_letting_publish_again(staff: Client, merchant: Merchant) -> None:
    url = "/console/merchants/bakery/state/"
    assert staff.post(url, {"reason": ""}).status_code == 422
    merchant.refresh_from_db()
    assert merchant.state == "approved"
    staff.post(url, {"reason": "papers are missing"})
    merchant.refresh_from_db()
    assert (merchant.state, merchant.state_reason) == ("suspended", "papers are missing")
    assert "papers are missing" in text_of(staff.get("/console/merchants/bakery/"))
    staff.post(url, {"reason": "papers came"})
    merchant.refresh_from_db()
    assert merchant.state == "approved"


# -- health


def test_a_plugin_that_cannot_answer_hides_no_other(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugins.cross_border_payment import hooks

    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(hooks, "health", broken)
    text = text_of(staff.get("/console/health/"))
    assert "RuntimeError" in text
    assert "secret detail" not in text
    assert len(re.findall("<tr>", text)) > 2

"""The pages of payments and of the ledger: the whole story, refunds within the limits, who may do what."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from plugins.cross_border_payment import gateways, sessions
from plugins.cross_border_payment.models import (
    PaymentDeclaration,
    PaymentDisagreement,
    PaymentDispute,
    PaymentRefund,
    PaymentSession,
    ReconciliationItem,
)
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core import audit, clock
from saleor_ext.core.models import OutboxMessage
from saleor_ext.orders.models import Parcel, ParcelStep
from saleor_ext.plugin_api import configuration
from saleor_ext.settlement import chart, ledger
from saleor_ext.settlement.models import Journal
from tests.payment.conftest import config_values

REASON = {"reason": "buyer asked for it"}


@pytest.fixture
def payment(parcel: Parcel) -> PaymentSession:
    """The parcel's payment of 196.38 yuan, captured, declared in vain, and in the ledger."""
    configuration.save(plugin, config_values(), actor="test")
    configuration.forget_cache()
    gateways.forget()
    now = clock.now()
    made = PaymentSession.objects.create(
        api_url=parcel.api_url, transaction_id=parcel.transaction_id, order_id=parcel.order_id,
        lane="bonded_1210", gateway="wechat", account="main", out_trade_no="PT" + "A" * 26,
        gateway_ref="4200000001", amount="196.38", currency="CNY", state="paid", surroundings="desktop",
        expires_at=now, paid_at=now, reported_at=now, created_at=now,
    )  # fmt: skip
    PaymentDeclaration.objects.create(
        session=made, parcel_id=str(parcel.pk), customs="GUANGZHOU_ZS", merchant_customs_no="4401961234",
        amount="196.38", state="FAIL", explanation="no such registration", created_at=now,
    )  # fmt: skip
    legs = [
        ledger.debit(chart.psp_pending("wechat", "main"), made.money),
        ledger.credit(chart.UNASSIGNED, made.money),
    ]
    about = ledger.About(made.api_url, made.transaction_id, None, made.gateway_ref)
    ledger.post("captured:1", "captured", legs, at=now, about=about)
    return made


@pytest.fixture
def clerk(staff: Client, saleor: Any) -> Client:
    """Staff that may handle payments."""
    return may(staff, saleor, "HANDLE_PAYMENTS")


def may(staff: Client, saleor: Any, *permissions: str) -> Client:
    saleor.permissions["staff@shop.example"] = list(permissions)
    staff.post("/console/sign-in/", {"email": "staff@shop.example", "password": "right"})
    return staff


def at(name: str, payment: PaymentSession) -> str:
    return reverse(f"console:payments:{name}", args=[payment.pk])


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f-]{36})"', page)
    assert found is not None
    return found[1]


def refund(client: Client, payment: PaymentSession, amount: str, token: object = "") -> Any:
    values = {"amount": amount, "token": str(token or uuid.uuid4()), **REASON}
    return client.post(at("refund", payment), values)


@pytest.mark.parametrize("name", ["payment", "refund", "ask", "declare"])
def test_strangers_and_buyers_stay_outside(
    payment: PaymentSession, signed_in: Callable[[str], Client], name: str
) -> None:
    client = signed_in("stranger")
    assert client.post(at(name, payment), REASON).status_code == 302
    assert client.get(reverse("console:payments:payments")).status_code == 302
    assert client.get(reverse("console:ledger")).status_code == 302
    assert signed_in("consumer").post(at(name, payment), REASON).status_code == 403
    assert PaymentRefund.objects.count() == 0


@pytest.mark.parametrize("name", ["refund", "ask", "declare"])
def test_staff_without_the_permission_may_look_and_not_act(
    payment: PaymentSession, staff: Client, name: str
) -> None:
    page = staff.get(at("payment", payment))
    assert page.status_code == 200
    assert 'action="' + at(name, payment) not in page.content.decode()
    assert (
        staff.post(at(name, payment), {**REASON, "amount": "1", "token": str(uuid.uuid4())}).status_code
        == 403
    )
    assert staff.get(reverse("console:ledger")).status_code == 403
    assert PaymentRefund.objects.count() == 0


def test_the_list_shows_states_and_finds_by_any_number(payment: PaymentSession, clerk: Client) -> None:
    listed = clerk.get(reverse("console:payments:payments")).content.decode()
    assert payment.out_trade_no in listed and "¥196.38" in listed
    trouble = clerk.get(reverse("console:payments:payments"), {"state": "trouble"}).content.decode()
    assert payment.out_trade_no in trouble
    assert (
        payment.out_trade_no
        not in clerk.get(reverse("console:payments:payments"), {"state": "closed"}).content.decode()
    )
    for number in (payment.out_trade_no, "4200000001", "PT2611231001ABCD", "#1001", payment.transaction_id):
        found = clerk.get(reverse("console:payments:payments"), {"q": number})
        assert (found.status_code, found["Location"]) == (302, at("payment", payment)), number
    assert clerk.get(reverse("console:payments:payments"), {"q": "nothing"}).status_code == 200


def test_a_payment_tells_its_whole_story(payment: PaymentSession, clerk: Client) -> None:
    page = clerk.get(at("payment", payment)).content.decode()
    for text in (
        "GUANGZHOU_ZS",
        "no such registration",
        "psp.wechat.main.pending",
        "unassigned",
        "PT2611231001ABCD",
    ):
        assert text in page, text
    assert reverse("console:journal", args=[Journal.objects.get().pk]) in page
    assert "11010519491231002X" not in page


def test_a_refund_is_made_once_however_often_the_form_is_sent(payment: PaymentSession, clerk: Client) -> None:
    token = token_of(clerk.get(at("payment", payment)).content.decode())
    for _time in range(2):
        assert refund(clerk, payment, "96.38", token).status_code == 302
    made = PaymentRefund.objects.get()
    assert (made.amount, made.reason) == (Decimal("96.38"), "buyer asked for it")
    assert OutboxMessage.objects.filter(topic="payment.refund").count() == 1
    asked = {
        (one.actor, one.reason, one.data["amount"])
        for one in audit.entries_of(sessions.OBJECT, payment.pk)
        if one.action == "payment.refund_asked"
    }
    assert asked == {(
        "staff@shop.example", "buyer asked for it", "96.38 CNY",
    )}  # fmt: skip
    assert refund(clerk, payment, "100.00").status_code == 302
    assert PaymentRefund.objects.count() == 2
    page = clerk.get(at("payment", payment)).content.decode()
    assert 'action="' + at("refund", payment) not in page, "nothing is left to give back"


@pytest.mark.parametrize("amount", ["196.39", "0", "-1", "1.001", "x", ""])
def test_what_cannot_be_given_back_is_refused_and_what_was_typed_is_kept(
    payment: PaymentSession, clerk: Client, amount: str
) -> None:
    answer = refund(clerk, payment, amount)
    assert answer.status_code == 422
    assert "buyer asked for it" in answer.content.decode()
    assert PaymentRefund.objects.count() == 0


def test_a_refund_needs_a_reason(payment: PaymentSession, clerk: Client) -> None:
    values = {"amount": "1", "token": str(uuid.uuid4()), "reason": " "}
    assert clerk.post(at("refund", payment), values).status_code == 422
    assert PaymentRefund.objects.count() == 0


def test_large_refunds_need_more(payment: PaymentSession, clerk: Client, saleor: Any) -> None:
    configuration.save(plugin, config_values(refund_limit="100"), actor="test")
    configuration.forget_cache()
    assert refund(clerk, payment, "100.01").status_code == 422
    assert refund(clerk, payment, "100.00").status_code == 302
    PaymentRefund.objects.all().delete()
    assert refund(may(clerk, saleor, "HANDLE_PAYMENTS", "MANAGE_APPS"), payment, "100.01").status_code == 302


def test_a_stopped_declaration_is_started_again(
    payment: PaymentSession, clerk: Client, parcel: Parcel
) -> None:
    assert 'action="' + at("declare", payment) in clerk.get(at("payment", payment)).content.decode()
    assert clerk.post(at("declare", payment), {"reason": ""}).status_code == 422
    assert clerk.post(at("declare", payment), REASON).status_code == 302
    assert ParcelStep.objects.get(parcel=parcel, name="declare_payment").state == "running"
    assert 'action="' + at("declare", payment) not in clerk.get(at("payment", payment)).content.decode()
    assert clerk.post(at("declare", payment), REASON).status_code == 302


def test_the_wallet_is_asked_about_what_is_open(payment: PaymentSession, clerk: Client) -> None:
    assert 'action="' + at("ask", payment) not in clerk.get(at("payment", payment)).content.decode()
    PaymentSession.objects.update(state="waiting", gateway_ref="", paid_at=None, reported_at=None)
    assert clerk.post(at("ask", payment), REASON).status_code == 302
    assert OutboxMessage.objects.get(topic=sessions.SETTLE).payload == {"session": str(payment.pk)}


def test_what_differs_is_listed_and_counted(payment: PaymentSession, clerk: Client) -> None:
    now = clock.now()
    PaymentDisagreement.objects.create(
        api_url=payment.api_url, transaction_id=payment.transaction_id, kind="amount",
        detail="Saleor 1.00 CNY", found_at=now, checked_at=now,
    )  # fmt: skip
    page = clerk.get(reverse("console:payments:disagreements")).content.decode()
    assert "Saleor 1.00 CNY" in page and at("payment", payment) in page
    assert "Saleor 1.00 CNY" in clerk.get(at("payment", payment)).content.decode()
    PaymentDisagreement.objects.update(settled_at=now)
    assert "Saleor 1.00 CNY" not in clerk.get(reverse("console:payments:disagreements")).content.decode()


def test_the_ledger_is_read_down_to_the_journal(payment: PaymentSession, clerk: Client) -> None:
    accounts = clerk.get(reverse("console:ledger")).content.decode()
    assert "psp.wechat.main.pending" in accounts and "¥196.38" in accounts
    account = reverse("console:ledger_account", args=["unassigned", "CNY"])
    assert account in accounts
    journal = reverse("console:journal", args=[Journal.objects.get().pk])
    assert journal in clerk.get(account).content.decode()
    assert "psp.wechat.main.pending" in clerk.get(journal).content.decode()
    found = clerk.get(reverse("console:ledger"), {"q": "4200000001"})
    assert (found.status_code, found["Location"]) == (302, journal)
    assert clerk.get(reverse("console:ledger_account", args=["none", "CNY"])).status_code == 404


def test_a_late_refund_failure_is_a_trouble_until_another_follows(
    payment: PaymentSession, clerk: Client
) -> None:
    from plugins.cross_border_payment import listing

    PaymentDeclaration.objects.update(state="SUCCESS", identity="SAME")
    assert listing.troubled() == 0
    refund(clerk, payment, "1.00")
    PaymentRefund.objects.update(state="FAILED")
    assert listing.troubled() == 1
    refund(clerk, payment, "1.00")
    assert listing.troubled() == 0


@pytest.fixture
def item(payment: PaymentSession) -> ReconciliationItem:
    return ReconciliationItem.objects.create(
        gateway="wechat", account="main", day=clock.china_today(), kind="amount", subject=payment.out_trade_no,
        detail="ours 196.38 CNY", amount="196.39", currency="CNY", found_at=clock.now(),
    )  # fmt: skip


def test_the_queue_of_the_reconciliation_is_worked(
    payment: PaymentSession, item: ReconciliationItem, clerk: Client
) -> None:
    page = clerk.get(reverse("console:payments:reconciliation")).content.decode()
    assert at("payment", payment) in page and "¥196.39" in page and "ours 196.38 CNY" in page
    off = reverse("console:payments:take_off", args=[item.pk])
    assert clerk.post(off, {"reason": ""}).status_code == 422
    assert clerk.post(off, REASON).status_code == 302
    item.refresh_from_db()
    assert (item.settled_by, item.reason) == ("staff@shop.example", "buyer asked for it")
    assert "ours 196.38 CNY" not in clerk.get(reverse("console:payments:reconciliation")).content.decode()


def test_the_queue_is_closed_to_others(item: ReconciliationItem, signed_in: Callable[[str], Client]) -> None:
    off = reverse("console:payments:take_off", args=[item.pk])
    assert signed_in("stranger").post(off, REASON).status_code == 302
    assert signed_in("staff").post(off, REASON).status_code == 403
    assert (
        signed_in("staff").post(reverse("console:payments:reconcile"), {"day": "2026-11-26"}).status_code
        == 403
    )
    item.refresh_from_db()
    assert item.settled_at is None


@pytest.mark.parametrize("day", ["", "x", "2026-02-30"])
def test_a_day_to_compare_has_to_be_one(payment: PaymentSession, clerk: Client, day: str) -> None:
    assert clerk.post(reverse("console:payments:reconcile"), {"day": day}).status_code == 422


def test_disputes_are_listed_and_stand_in_the_payments_story(payment: PaymentSession, clerk: Client) -> None:
    page = "/en/console/payment/disputes/"
    listed = clerk.get(page)
    assert (listed.status_code, "No payment is disputed" in listed.content.decode()) == (200, True)
    due = clock.now() + timedelta(days=7)
    PaymentDispute.objects.create(
        session=payment, gateway="wechat", account="main", dispute_id="du_1", state="needs_response",
        word="needs_response", reason="fraudulent", amount="96.38", currency="CNY", opened_at=clock.now(),
        due_by=due, taken_at=clock.now(), checked_at=clock.now(),
    )  # fmt: skip
    text = clerk.get(page).content.decode()
    for expected in (
        "du_1",
        "¥96.38",
        "evidence wanted",
        f"{due.astimezone(clock.CHINA):%Y-%m-%d}",
        "fraudulent",
    ):
        assert expected in text, expected
    assert f"/en/console/payment/{payment.pk}/" in text
    story = clerk.get(f"/en/console/payment/{payment.pk}/").content.decode()
    assert "du_1" in story and "At most ¥100.00." in story
    found = clerk.get(reverse("console:payments:payments"), {"q": "du_1"})
    assert found["Location"] == at("payment", payment)


def test_disputes_are_for_staff(payment: PaymentSession, signed_in: Callable[[str], Client]) -> None:
    assert signed_in("stranger").get(reverse("console:payments:disputes")).status_code == 302
    assert signed_in("consumer").get(reverse("console:payments:disputes")).status_code == 403

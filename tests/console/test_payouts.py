"""Payouts in the console: two people for a release, files for the bank, its word, and sealed bank details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.merchants.models import Merchant
from saleor_ext.merchants.services import suspend
from saleor_ext.settlement import bank_details, chart, ledger, payouts
from saleor_ext.settlement.models import BankDetails, Payout, PayoutBatch

from .conftest import PEOPLE

CHIEF = "chief@shop.example"
#: Handles payments, but does not lead finance.
BOOKKEEPER = "books@shop.example"


@pytest.fixture
def owed(merchant: Merchant) -> None:
    """250.00 yuan that the bakery may be paid, to an account entered long ago."""
    bank_details.enter("bakery", "CNY", "Example Bakery", "BNULMOMX", "9012345678", actor="chief")
    amount = Money("250.00", "CNY")
    legs = [ledger.debit(chart.UNASSIGNED, amount), ledger.credit(chart.merchant_available("bakery"), amount)]
    ledger.post("released:1", "released", legs, at=clock.now())


@pytest.fixture
def people(saleor: Any) -> None:
    saleor.is_staff = {**PEOPLE, CHIEF: True, BOOKKEEPER: True}
    lead = ["HANDLE_PAYMENTS", "MANAGE_SETTINGS"]
    saleor.permissions.update({"staff@shop.example": lead, CHIEF: lead, BOOKKEEPER: ["HANDLE_PAYMENTS"]})


def sign_in(email: str) -> Client:
    client = Client()
    client.post("/console/sign-in/", {"email": email, "password": "right"})
    return client


@pytest.fixture
def clerk(db: None, people: None) -> Client:
    return sign_in("staff@shop.example")


@pytest.fixture
def chief(db: None, people: None) -> Client:
    return sign_in(CHIEF)


@pytest.fixture
def batch(owed: None, clerk: Client) -> PayoutBatch:
    clerk.post(reverse("console:payout_draft"), {"day": str(clock.china_today()), "currency": "CNY"})
    return PayoutBatch.objects.get()


def at(name: str, batch: PayoutBatch, *more: str) -> str:
    return reverse(f"console:{name}", args=[batch.pk, *more])


def test_two_people_pay_a_merchant(batch: PayoutBatch, clerk: Client, chief: Client) -> None:
    page = clerk.get(at("payout_batch", batch)).content.decode()
    assert "¥250.00" in page and "Example Bakery" in page and "9012345678" not in page
    clerk.post(at("payout_approve", batch))
    clerk.post(at("payout_release", batch))
    batch.refresh_from_db()
    assert batch.state == "approved", "who gathered it may not release it"
    assert at("payout_release", batch) not in clerk.get(at("payout_batch", batch)).content.decode()
    chief.post(at("payout_release", batch))
    batch.refresh_from_db()
    assert (batch.state, batch.released_by) == ("released", CHIEF)
    bank = clerk.get(at("payout_file", batch, "csv"))
    assert bank["Content-Disposition"].endswith('-CNY.csv"')
    assert "9012345678" in bank.content.decode() and "250.00" in bank.content.decode()
    payout = Payout.objects.get()
    decided = reverse("console:payout_decide", args=[payout.pk, "paid"])
    assert clerk.post(decided, {"reason": ""}).status_code == 422
    clerk.post(decided, {"reason": "BANK-77"})
    payout.refresh_from_db()
    assert (payout.state, payout.told) == ("paid", "BANK-77")
    clerk.post(reverse("console:payout_decide", args=[payout.pk, "failed"]), {"reason": "late"})
    payout.refresh_from_db()
    assert payout.state == "paid"
    assert ledger.balance(chart.merchant_available("bakery"), "CNY") == Money("0.00", "CNY")


def test_a_payout_that_the_bank_returns_is_the_merchants_again(
    batch: PayoutBatch, clerk: Client, chief: Client
) -> None:
    clerk.post(at("payout_approve", batch))
    chief.post(at("payout_release", batch))
    clerk.post(
        reverse("console:payout_decide", args=[Payout.objects.get().pk, "failed"]),
        {"reason": "closed account"},
    )
    assert ledger.balance(chart.merchant_available("bakery"), "CNY") == Money("250.00", "CNY")


def test_without_our_own_account_there_is_no_pain_file(
    batch: PayoutBatch, clerk: Client, chief: Client
) -> None:
    clerk.post(at("payout_approve", batch))
    chief.post(at("payout_release", batch))
    answer = clerk.get(at("payout_file", batch, "pain.001"))
    assert answer.status_code == 302
    assert "PONTE_PAYOUT_DEBTOR_NAME" in clerk.get(answer["Location"]).content.decode()


def test_nobody_to_pay_is_said(clerk: Client) -> None:
    answer = clerk.post(reverse("console:payout_draft"), {"day": "2026-11-30", "currency": "MOP"})
    assert answer["Location"] == reverse("console:payouts")
    assert PayoutBatch.objects.count() == 0
    assert clerk.post(reverse("console:payout_draft"), {"day": "x", "currency": "MOP"}).status_code == 422


def test_bank_details_are_entered_and_never_shown_whole(merchant: Merchant, clerk: Client) -> None:
    given = {"merchant": "bakery", "currency": "HKD", "holder": "Example Bakery", "bic": "BNUL MO MX",
             "account": "9012-345678"}  # fmt: skip
    assert clerk.post(reverse("console:payout_details"), given).status_code == 302
    made = BankDetails.objects.get()
    assert (made.bic, made.account, made.entered_by) == ("BNULMOMX", "9012-345678", "staff@shop.example")
    assert "9012-345678" not in clerk.get(reverse("console:payouts")).content.decode()
    for wrong in ({"bic": "X"}, {"account": "?"}, {"merchant": "none"}, {"holder": "饼家"}):
        answer = clerk.post(reverse("console:payout_details"), {**given, **wrong})
        assert answer.status_code == 422, wrong
    assert BankDetails.objects.count() == 1


def test_who_only_handles_payments_neither_releases_nor_enters_accounts(
    batch: PayoutBatch, clerk: Client, chief: Client
) -> None:
    books = sign_in(BOOKKEEPER)
    assert books.post(at("payout_approve", batch)).status_code == 302
    page = books.get(at("payout_batch", batch)).content.decode()
    assert at("payout_release", batch) not in page and "只有财务主管可以放款" in page
    assert books.post(at("payout_release", batch)).status_code == 403
    given = {
        "merchant": "bakery",
        "currency": "HKD",
        "holder": "B",
        "bic": "BNULMOMX",
        "account": "9012345678",
    }
    assert books.post(reverse("console:payout_details"), given).status_code == 403
    assert reverse("console:payout_details") not in books.get(reverse("console:payouts")).content.decode()
    assert BankDetails.objects.count() == 1
    chief.post(at("payout_release", batch))
    assert books.get(at("payout_file", batch, "csv")).status_code == 403
    batch.refresh_from_db()
    assert batch.state == "released"


def test_a_batch_is_withdrawn_with_a_reason(batch: PayoutBatch, clerk: Client) -> None:
    answer = clerk.post(at("payout_withdraw", batch), {"reason": ""})
    assert answer.status_code == 422 and "reason-withdraw-error" in answer.content.decode()
    clerk.post(at("payout_withdraw", batch), {"reason": "wrong day"})
    batch.refresh_from_db()
    page = clerk.get(at("payout_batch", batch)).content.decode()
    assert batch.state == "withdrawn" and "wrong day" in page
    assert at("payout_withdraw", batch) not in page
    clerk.post(reverse("console:payout_draft"), {"day": str(batch.day), "currency": "CNY"})
    assert PayoutBatch.objects.exclude(pk=batch.pk).get().state == "draft"


def test_the_pages_say_that_suspended_merchants_are_not_paid(
    batch: PayoutBatch, merchant: Merchant, clerk: Client
) -> None:
    suspend(merchant, reason="papers", actor="clerk")
    assert "已暂停：不予付款。" in clerk.get(at("payout_batch", batch)).content.decode()
    assert "暂停的商户在恢复之前不予付款" in clerk.get(reverse("console:payouts")).content.decode()


@pytest.mark.parametrize("who", ["stranger", "consumer", "staff"])
def test_payouts_are_closed_to_others(
    owed: None, signed_in: Callable[[str], Client], saleor: Any, who: str
) -> None:
    client = signed_in(who)
    given = {"day": str(clock.china_today()), "currency": "CNY"}
    status = 302 if who == "stranger" else 403
    assert client.post(reverse("console:payout_draft"), given).status_code == status
    assert client.get(reverse("console:payouts")).status_code == status
    made = payouts.draft(clock.china_today(), "CNY", actor="ann")
    assert client.post(at("payout_withdraw", made), {"reason": "x"}).status_code == status
    assert payouts.show(PayoutBatch.objects.get())["state"] == "draft"

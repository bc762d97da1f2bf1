"""The bank's statements in the console: taken in whole or refused, worked with a reason, closed to others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.settlement import company
from saleor_ext.settlement.bank.models import BankLine, BankMatch, BankStatement

from .conftest import PEOPLE

BOOKKEEPER, CHIEF = "books@shop.example", "chief@shop.example"
HEAD = "account,currency,date,amount,reference,text\n"


def address(name: str, *values: object) -> str:
    """Return the address of an English page."""
    with translation.override("en"):
        return reverse(f"console:{name}", args=values)


@pytest.fixture
def clerk(db: None, saleor: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    saleor.is_staff = {**PEOPLE, BOOKKEEPER: True, CHIEF: True}
    saleor.permissions.update({BOOKKEEPER: ["HANDLE_PAYMENTS"], CHIEF: ["MANAGE_ORDERS", "MANAGE_SETTINGS"]})
    monkeypatch.setattr(platform_settings(), "payout_debtor_account", "0123456789")
    return sign_in(BOOKKEEPER)


def sign_in(email: str) -> Client:
    client = Client()
    client.post("/console/sign-in/", {"email": email, "password": "right"})
    return client


def upload(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("bank.csv", text.encode(), content_type="text/csv")
    return client.post(address("bank_take"), {"file": file}, follow=True)


def entry(days: int, amount: str, reference: str = "B1", text: str = "") -> str:
    day = clock.china_today() - timedelta(days=days)
    return f"0123456789,HKD,{day},{amount},{reference},{text}\n"


def test_an_empty_page_says_what_will_be_compared(clerk: Client) -> None:
    text = clerk.get(address("bank")).content.decode()
    assert "No statement was taken in yet." in text and 'enctype="multipart/form-data"' in text


def test_a_statement_is_taken_in_and_its_entries_worked(clerk: Client) -> None:
    answer = upload(
        clerk, HEAD + entry(3, "250.10", "B1", "interest") + entry(2, "-9.00", "B2", "<b>fee</b>")
    )
    text = answer.content.decode()
    assert "2 entries taken in, 0 known already." in text and BOOKKEEPER in text
    assert "B1 · interest" in text and "&lt;b&gt;fee" in text and "3 days" in text
    line = BankLine.objects.get(reference="B1")
    refused = clerk.post(address("bank_explain", line.pk), {"reason": ""})
    assert (refused.status_code, BankMatch.objects.count()) == (422, 0)
    for _ in range(2):
        done = clerk.post(address("bank_explain", line.pk), {"reason": "interest"}, follow=True)
    assert "It was off the queue already." in done.content.decode()
    match = BankMatch.objects.get()
    assert (match.line, match.how, match.by, match.reason) == (line, "hand", BOOKKEEPER, "interest")
    assert "B1 · interest" not in done.content.decode() and "B2" in done.content.decode()


def test_money_that_the_bank_does_not_show_is_worked(clerk: Client) -> None:
    money, at = Money("70.00", "HKD"), clock.now() - timedelta(days=20)
    company.gateway_settled("stripe", "main", "po_1", money, company.PAID_TO, money, at)
    text = upload(clerk, HEAD + entry(30, "1.00")).content.decode()
    assert "settlement po_1" in text and "Expected, not on the statement" in text and "20 days" in text
    match = BankMatch.objects.count()
    key = text.split("/console/bank/expected/")[1].split("/")[0]
    url = address("bank_give_up", key)
    assert clerk.post(url, {"reason": " "}).status_code == 422
    done = clerk.post(url, {"reason": "paid to the old account"}, follow=True).content.decode()
    assert "settlement po_1" not in done and BankMatch.objects.count() == match + 1
    again = clerk.post(url, {"reason": "again"}, follow=True).content.decode()
    assert "It was off the queue already." in again


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The submitted file is empty"),
        ("a,b\n1,2\n", "no column account, currency, date, amount"),
        (HEAD + "999,HKD,2026-12-01,1.00,x,y\n", "of the account …999, ours is …6789"),
    ],
)
def test_a_file_that_cannot_be_believed_is_told_and_changes_nothing(
    clerk: Client, text: str, says: str
) -> None:
    answer = upload(clerk, text)
    assert answer.status_code == 422 and says in answer.content.decode()
    assert BankStatement.objects.count() == 0


def test_without_an_account_of_ours_it_says_what_to_set(
    clerk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_settings(), "payout_debtor_account", "")
    assert "PONTE_PAYOUT_DEBTOR_ACCOUNT" in upload(clerk, HEAD + entry(1, "1.00")).content.decode()


def test_it_is_closed_to_all_but_finance(clerk: Client) -> None:
    upload(clerk, HEAD + entry(3, "250.10"))
    line = BankLine.objects.get()
    places = [
        ("get", address("bank")), ("post", address("bank_take")),
        ("post", address("bank_explain", line.pk)),
        ("post", address("bank_give_up", "payout:1")),
    ]  # fmt: skip
    for email, status in ((CHIEF, 403), ("buyer@shop.example", 302)):
        client = sign_in(email)
        assert [getattr(client, how)(url).status_code for how, url in places] == [status] * 4
    assert [getattr(Client(), how)(url).status_code for how, url in places] == [302] * 4
    assert BankMatch.objects.count() == 0
    assert address("bank") not in sign_in(CHIEF).get(address("overview")).content.decode()

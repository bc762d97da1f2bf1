"""What a merchant sees of its money: balances, payouts, lines and files; nothing of another's."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.listings.models import Listing
from saleor_ext.settlement import bank_details, chart, ledger, payouts, statements
from tests.settlement import pdf_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(bakery: Listing) -> str:
    """160.00 sold at 5 % commission, of which 100.00 may be paid out; return the merchant's slug."""
    slug = bakery.merchant.slug
    now = clock.now()

    def post(key: str, kind: str, source: str, target: str, amount: str) -> None:
        money = Money(amount, "CNY")
        ledger.post(key, kind, [ledger.debit(source, money), ledger.credit(target, money)], at=now)

    pending, available = chart.merchant_pending(slug), chart.merchant_available(slug)
    post("assigned:1", "assigned", chart.UNASSIGNED, pending, "160.00")
    post("commission:1", "commission", pending, chart.COMMISSION, "8.00")
    post("released:1", "released", pending, available, "100.00")
    post("assigned:2", "assigned", chart.UNASSIGNED, chart.merchant_pending("other"), "777.77")
    return slug


def page(client: Client, **query: str) -> str:
    answer = client.get(reverse("portal:money"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_balances_and_lines_are_shown(sold: str, baker: Client) -> None:
    text = page(baker)
    assert "¥52.00" in text and "¥100.00" in text and "¥152.00" in text
    assert "Sale" in text and "Commission" in text and "777.77" not in text


def test_another_merchant_sees_nothing_of_it(sold: str, importer_client: Client) -> None:
    text = page(importer_client)
    assert "No sale yet" in text and "152.00" not in text


def test_payouts_are_shown_with_their_state(sold: str, baker: Client) -> None:
    bank_details.enter(sold, "CNY", "Farolim Lda", "BNULMOMX", "9012345678", actor="clerk")
    made = payouts.draft(clock.china_today(), "CNY", actor="clerk")
    assert "Being prepared" in page(baker)
    payouts.approve(made.pk, actor="clerk")
    payouts.release(made.pk, actor="chief")
    text = page(baker)
    assert "Sent to the bank" in text and "9012345678" not in text
    (payout,) = made.payouts.all()
    payouts.mark_paid(payout.pk, "BANK-77", actor="clerk")
    assert "BANK-77" in page(baker)


def statement(client: Client, **changes: str) -> Any:
    today = clock.china_today()
    given = {"start": str(today), "end": str(today), "currency": "CNY", "form": "json", **changes}
    return client.get(reverse("portal:statement"), given)


def test_a_statement_is_handed_out_as_a_file(sold: str, baker: Client) -> None:
    told = json.loads(statement(baker).getvalue())
    assert (told["merchant"], told["opening"], told["closing"]) == (sold, "0.00", "152.00")
    assert [(one["kind"], one["net"]) for one in told["lines"]] == [
        ("assigned", "160.00"), ("commission", "-8.00"), ("released", "0.00"),
    ]  # fmt: skip
    answer = statement(baker, form="xlsx")
    assert answer["Content-Disposition"].endswith('.xlsx"')
    rows = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer))).get_sheet_by_index(0).to_python()
    assert rows[2][:2] == ["Opening balance", 0.0] and rows[-1][:2] == ["Closing balance", 152.0]


def test_a_statement_is_handed_out_as_pdf(sold: str, baker: Client, tmp_path: Path) -> None:
    answer = statement(baker, form="pdf")
    assert (answer["Content-Type"], answer["Content-Disposition"][-5:]) == ("application/pdf", '.pdf"')
    file = tmp_path / "statement.pdf"
    file.write_bytes(b"".join(answer))
    (page_,) = pdf_text.pages(file)
    words = [one.text for one in page_]
    assert words[words.index("Closing balance") + 1] == "152.00"
    assert f"Statement {sold} CNY" in words


@pytest.mark.parametrize(
    "changes",
    [{"start": "x"}, {"end": "2020-01-01"}, {"start": "2024-01-01"}, {"form": "exe"}, {"currency": ""}],
)
def test_a_period_that_is_none_is_refused(sold: str, baker: Client, changes: dict[str, str]) -> None:
    answer = statement(baker, **changes)
    assert answer.status_code == 422 and "Statement" in answer.content.decode()


def test_a_reader_may_look(sold: str, reader: Client) -> None:
    assert "¥152.00" in page(reader)


def test_the_newest_movements_carry_the_balance_after_each(sold: str) -> None:
    newest = statements.latest(sold, "CNY", 2)
    assert [(one.kind, str(one.net), str(one.balance)) for one in newest] == [
        ("released", "0.00", "152.00"), ("commission", "-8.00", "152.00"),
    ]  # fmt: skip
    today = clock.china_today()
    assert statements.latest(sold, "CNY", 9) == list(statements.lines(sold, "CNY", today, today))[::-1]

"""Who gets in: strangers are sent to sign in, other accounts are refused, staff see every page."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, reverse

from plugins.cross_border_payment.plugin import plugin as payment
from saleor_ext.core import clock
from saleor_ext.core.models import OutboxMessage
from saleor_ext.core.money import Money
from saleor_ext.orders.models import Parcel
from saleor_ext.plugin_api import Account, configuration
from saleor_ext.settlement import bank_details, ledger, terms
from saleor_ext.settlement.bank.models import BankLine, BankStatement
from saleor_ext.settlement.models import CommissionRule, PayoutBatch, TermsChange
from storefront.console import urls

from .conftest import FakeStorefront

OPEN = {"sign_in", "sign_out"}
POSTED = {
    "account_probe", "parcel_retry", "letter_retry", "letter_drop", "merchant_state", "payout_draft", "payout_details",
    "payout_approve", "payout_release", "payout_withdraw", "payout_decide",
    "terms_rule", "terms_end", "terms_rates", "terms_release", "terms_refuse",
    "bank_take", "bank_explain", "bank_give_up",
}  # fmt: skip
#: Forms that are shown again, because what is sent here does not fill them.
UNFILLED = {"payout_draft", "payout_details", "terms_rule", "terms_end", "terms_rates", "bank_take"}

OWN = [pattern for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)]
PAGES = sorted(pattern.name for pattern in OWN if pattern.name and pattern.name not in OPEN)


@pytest.fixture
def letter(db: None) -> OutboxMessage:
    now = clock.now()
    return OutboxMessage.objects.create(
        topic="payment.report", key="k", payload={"session": "s"}, state="dead", created_at=now, run_at=now
    )


@pytest.fixture
def journal(db: None, saleor: type[FakeStorefront]) -> uuid.UUID:
    """A journal of the ledger; staff lead finance, which opens all of it."""
    saleor.permissions["staff@shop.example"] = ["HANDLE_PAYMENTS", "MANAGE_SETTINGS"]
    one = Money("1.00", "CNY")
    return ledger.post(
        "k", "test", [ledger.debit("rounding", one), ledger.credit("unassigned", one)], at=clock.now()
    )


@pytest.fixture
def batch(parcel: Parcel) -> PayoutBatch:
    """A draft of one payout."""
    details = bank_details.enter("bakery", "CNY", "Example Bakery", "BNULMOMX", "9012345678", actor="test")
    made = PayoutBatch.objects.create(
        day=clock.china_today(), currency="CNY", drafted_by="test", drafted_at=clock.now()
    )
    made.payouts.create(merchant="bakery", currency="CNY", amount="1.00", details=details)
    return made


@pytest.fixture
def change(db: None) -> TermsChange:
    """The end of a commission rule, entered by somebody else."""
    rule = CommissionRule.objects.create(since=clock.china_today(), rate="0.05")
    return terms.propose_end(rule.pk, clock.china_today(), actor="test")


@pytest.fixture
def entry(db: None) -> BankLine:
    """An entry of our bank that nothing explains."""
    day = clock.china_today()
    statement = BankStatement.objects.create(
        currency="HKD", first=day, last=day, digest="0" * 64, imported_by="test", imported_at=clock.now()
    )
    return statement.lines.create(currency="HKD", booked_on=day, amount="1.00", mark="1" * 64)


def address(
    name: str,
    parcel: Parcel,
    letter: OutboxMessage,
    journal: uuid.UUID,
    batch: PayoutBatch,
    change: TermsChange,
    entry: BankLine,
) -> str:
    arguments = {
        "parcel": [parcel.pk],
        "parcel_retry": [parcel.pk],
        "letter": ["outbox", letter.pk],
        "letter_retry": ["outbox", letter.pk],
        "letter_drop": ["outbox", letter.pk],
        "plugin": ["cross_border_payment"],
        "account_add": ["cross_border_payment", "wechat"],
        "account": ["cross_border_payment", "wechat", "bakery"],
        "account_probe": ["cross_border_payment", "wechat", "bakery"],
        "merchant": ["bakery"],
        "merchant_state": ["bakery"],
        "ledger_account": ["unassigned", "CNY"],
        "journal": [journal],
        "payout_batch": [batch.pk],
        "payout_approve": [batch.pk],
        "payout_release": [batch.pk],
        "payout_withdraw": [batch.pk],
        "payout_file": [batch.pk, "csv"],
        "terms_end": [change.content["rule"]],
        "terms_release": [change.pk],
        "terms_refuse": [change.pk],
        "payout_decide": [batch.payouts.get().pk, "paid"],
        "bank_explain": [entry.pk],
        "bank_give_up": ["payout:1"],
    }
    return reverse(f"console:{name}", args=arguments.get(name, []))


def visit(client: Client, name: str, url: str) -> int:
    """Open a page, or send its form with a reason."""
    if name in POSTED:
        return client.post(url, {"reason": "because", "step": "declare_payment"}).status_code
    return client.get(url).status_code


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("who", "expected"), [("stranger", 302), ("merchant", 403), ("consumer", 403), ("staff", 200)]
)
def test_every_page_for_everybody(
    signed_in: Callable[[str], Client],
    parcel: Parcel,
    letter: OutboxMessage,
    journal: uuid.UUID,
    batch: PayoutBatch,
    change: TermsChange,
    entry: BankLine,
    name: str,
    who: str,
    expected: int,
) -> None:
    configuration.save(Account(payment, payment.accounts[0], "bakery"), {"mchid": "1900000109"}, actor="test")
    client = signed_in(who)
    url = address(name, parcel, letter, journal, batch, change, entry)
    status = visit(client, name, url)
    if (name in POSTED or name == "payout_file") and who == "staff":
        expected = 422 if name in UNFILLED else 302
    assert status == expected
    if who != "staff":
        letter.refresh_from_db()
        parcel.refresh_from_db()
        assert letter.state == "dead"
        assert parcel.attention
        change.refresh_from_db()
        assert change.state == "proposed"
        assert not entry.matches.exists()
        if name not in POSTED:
            answer = client.get(url)
            assert parcel.number not in answer.content.decode()


def test_strangers_come_back_to_where_they_wanted(
    client: Client, db: None, saleor: type[FakeStorefront]
) -> None:
    answer = client.get("/console/parcels/?state=paid")
    assert answer["Location"] == "/console/sign-in/?next=%2Fconsole%2Fparcels%2F%3Fstate%3Dpaid"
    entered = client.post(
        answer["Location"], {"email": "staff@shop.example", "password": "right", "next": "/console/"}
    )
    assert entered["Location"] == "/console/"
    entered = client.post(
        "/console/sign-in/", {"email": "staff@shop.example", "password": "right", "next": "//evil.test/"}
    )
    assert entered["Location"] == reverse("console:overview")


def test_wrong_password_says_so_and_keeps_the_address(
    client: Client, db: None, saleor: type[FakeStorefront]
) -> None:
    answer = client.post("/console/sign-in/", {"email": "staff@shop.example", "password": "wrong"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "staff@shop.example" in text
    assert "wrong" not in text
    saleor.down = True
    answer = client.post("/en/console/sign-in/", {"email": "staff@shop.example", "password": "right"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Saleor does not answer just now." in answer.content.decode()


def test_signing_in_takes_a_new_session_key(client: Client, db: None, saleor: type[FakeStorefront]) -> None:
    client.get("/console/sign-in/")
    session = client.session
    session["basket"] = "kept"
    session.save()
    before = session.session_key
    client.post("/console/sign-in/", {"email": "staff@shop.example", "password": "right"})
    assert client.session.session_key != before
    assert client.session["basket"] == "kept"


def test_signing_out(staff: Client) -> None:
    assert staff.get("/console/").status_code == 200
    assert staff.get("/console/sign-out/").status_code == 405
    staff.post("/console/sign-out/")
    assert staff.get("/console/").status_code == 302


def test_rights_taken_away_are_gone_soon(staff: Client, saleor: type[FakeStorefront]) -> None:
    saleor.is_staff["staff@shop.example"] = False
    assert staff.get("/console/").status_code == 200
    with time_machine.travel(clock.now().timestamp() + 300):
        assert staff.get("/console/").status_code == 403
    del saleor.is_staff["staff@shop.example"]
    with time_machine.travel(clock.now().timestamp() + 900):
        assert staff.get("/console/").status_code == 302


def test_saleor_away_is_no_open_door(staff: Client, saleor: type[FakeStorefront]) -> None:
    saleor.down = True
    with time_machine.travel(clock.now().timestamp() + 600):
        assert staff.get("/console/").status_code == 200
    with time_machine.travel(clock.now().timestamp() + 2000):
        answer = staff.get("/en/console/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "<h1>Saleor does not answer just now</h1>" in answer.content.decode()
    assert "nav" not in answer.context


def test_nothing_is_cached_or_framed(staff: Client) -> None:
    answer = staff.get("/console/")
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"


def test_unknown_things_are_not_found(staff: Client, merchant: object) -> None:
    for url in (
        f"/console/parcels/{uuid.uuid4()}/",
        f"/console/letters/outbox/{uuid.uuid4()}/",
        f"/console/letters/attic/{uuid.uuid4()}/",
        "/console/plugins/none/",
        "/console/merchants/none/",
    ):
        assert staff.get(url).status_code == 404

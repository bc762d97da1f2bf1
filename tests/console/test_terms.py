"""Commission rules and rates in the console: two people for each, nothing edited, and closed to others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from saleor_ext.core import clock
from saleor_ext.settlement import terms
from saleor_ext.settlement.models import CommissionRule, FxRate, TermsChange

from .conftest import PEOPLE

CHIEF, BOOKKEEPER = "chief@shop.example", "books@shop.example"
CSV = "base,quote,day,rate,source\nCNY,HKD,2026-11-10,1.0912,HKMA\n"


def sign_in(email: str) -> Client:
    client = Client()
    client.post("/console/sign-in/", {"email": email, "password": "right"})
    return client


@pytest.fixture
def people(db: None, saleor: Any) -> None:
    saleor.is_staff = {**PEOPLE, CHIEF: True, BOOKKEEPER: True}
    lead = ["HANDLE_PAYMENTS", "MANAGE_SETTINGS"]
    saleor.permissions.update({"staff@shop.example": lead, CHIEF: lead, BOOKKEEPER: ["HANDLE_PAYMENTS"]})


@pytest.fixture
def clerk(people: None) -> Client:
    return sign_in("staff@shop.example")


@pytest.fixture
def chief(people: None) -> Client:
    return sign_in(CHIEF)


def day(later: int) -> date:
    return clock.china_today() + timedelta(days=later)


def rule(client: Client, **changes: str) -> Any:
    given = {"merchant": "bakery", "lane": "", "hs_prefix": "1905", "since": str(day(1)), "percent": "4.5",
             "minimum": "", "cap": "30.00", **changes}  # fmt: skip
    return client.post(reverse("console:terms_rule"), given)


def upload(client: Client, text: str = CSV) -> str:
    file = SimpleUploadedFile("rates.csv", text.encode(), content_type="text/csv")
    answer = client.post(reverse("console:terms_rates"), {"file": file})
    return f"{answer.status_code} {answer.content.decode()}"


def release(client: Client) -> None:
    client.post(reverse("console:terms_release", args=[TermsChange.objects.latest("proposed_at").pk]))


def test_a_rule_counts_once_a_second_person_released_it(clerk: Client, chief: Client) -> None:
    assert rule(clerk).status_code == 302
    release(clerk)
    assert not CommissionRule.objects.exists(), "who entered it does not release it"
    assert "bakery" in chief.get(reverse("console:terms")).content.decode()
    release(chief)
    made = CommissionRule.objects.get()
    assert (made.merchant, made.lane, made.hs_prefix, made.since) == ("bakery", "", "1905", day(1))
    assert (made.rate, made.minimum, made.cap) == (Decimal("0.045"), Decimal("0"), Decimal("30"))
    release(chief)
    assert CommissionRule.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        TermsChange.objects.update(decided_by="staff@shop.example")


def test_a_rule_is_ended_by_a_date_and_followed_by_another(clerk: Client, chief: Client) -> None:
    old = CommissionRule.objects.create(
        merchant="bakery", hs_prefix="1905", since=day(-30), rate=Decimal("0.05")
    )
    at = reverse("console:terms_end", args=[old.pk])
    clerk.post(at, {"until": str(day(-1))})
    assert clerk.post(at, {"until": "x"}).status_code == 422
    assert not TermsChange.objects.exists()
    clerk.post(at, {"until": str(day(0))})
    release(chief)
    old.refresh_from_db()
    assert (old.until, old.rate) == (day(0), Decimal("0.05"))
    clerk.post(at, {"until": str(day(9))})
    assert TermsChange.objects.count() == 1, "an end is not moved"


@pytest.mark.django_db
def test_the_database_lets_nobody_edit_a_rule() -> None:
    made = CommissionRule.objects.create(since=day(1), rate=Decimal("0.05"))
    found = CommissionRule.objects.filter(pk=made.pk)
    for changes in ({"rate": Decimal("0.06")}, {"since": day(2)}, {"until": day(3), "cap": Decimal("1")}):
        with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
            found.update(**changes)
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        found.delete()
    found.update(until=day(3))
    with pytest.raises(IntegrityError, match="never edited"), transaction.atomic():
        found.update(until=None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"since": "today"}, "terms_past"), ({"minimum": "31.00"}, "terms_cap")],
)
def test_rules_that_cannot_be_are_not_entered(clerk: Client, changes: dict[str, str], code: str) -> None:
    given = {name: str(day(0)) if value == "today" else value for name, value in changes.items()}
    assert rule(clerk, **given).status_code == 302
    assert not TermsChange.objects.exists()
    values = {
        "merchant": "bakery",
        "lane": "",
        "hs_prefix": "",
        "rate": Decimal("0.05"),
        "cap": Decimal("30"),
    }
    since, minimum = date.fromisoformat(given.get("since", str(day(1)))), Decimal(given.get("minimum", "0"))
    with pytest.raises(terms.Refused) as refused:
        terms.propose_rule(**values, since=since, minimum=minimum, actor="ann")
    assert refused.value.code == code


def test_a_rule_that_waited_too_long_is_not_released(
    clerk: Client, chief: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(clerk)
    later = day(1)
    monkeypatch.setattr(clock, "china_today", lambda: later)
    release(chief)
    assert not CommissionRule.objects.exists()
    assert TermsChange.objects.get().state == "proposed"


def test_wrong_fields_are_refused(clerk: Client) -> None:
    for wrong in ({"percent": "101"}, {"since": "x"}, {"hs_prefix": "19a"}, {"cap": "-1"}):
        assert rule(clerk, **wrong).status_code == 422, wrong


def test_rates_are_checked_and_then_released(clerk: Client, chief: Client) -> None:
    assert upload(clerk).startswith("200") and not FxRate.objects.exists()
    assert "CNY,HKD,2026-11-10,1.0912,HKMA" in chief.get(reverse("console:terms")).content.decode()
    release(chief)
    assert FxRate.objects.get().rate == Decimal("1.0912")
    upload(clerk)
    assert "1.09120000 ≠ 1.1" in upload(clerk, CSV.replace("1.0912", "1.1"))
    assert upload(clerk, "base\n").startswith("422")
    assert TermsChange.objects.count() == 1, "what is known, differs or cannot be read is not entered"


def test_rates_that_differ_by_now_are_not_released(clerk: Client, chief: Client) -> None:
    upload(clerk)
    FxRate.objects.create(
        base="CNY", quote="HKD", day=date(2026, 11, 10), rate=Decimal("1.2"), source="other"
    )
    release(chief)
    assert FxRate.objects.get().rate == Decimal("1.2")
    assert TermsChange.objects.get().state == "proposed"


def test_a_change_is_dropped_with_a_reason(clerk: Client) -> None:
    rule(clerk)
    at = reverse("console:terms_refuse", args=[TermsChange.objects.get().pk])
    assert clerk.post(at, {"reason": ""}).status_code == 422
    clerk.post(at, {"reason": "typed wrongly"})
    assert TermsChange.objects.get().state == "refused"


def test_who_only_handles_payments_looks_but_changes_nothing(clerk: Client, chief: Client) -> None:
    books = sign_in(BOOKKEEPER)
    assert books.get(reverse("console:terms")).status_code == 200
    assert rule(books).status_code == 403 and upload(books).startswith("403")
    rule(clerk)
    release(books)
    assert TermsChange.objects.get().state == "proposed" and not CommissionRule.objects.exists()


@pytest.mark.parametrize("who", ["stranger", "consumer", "staff"])
def test_terms_are_closed_to_others(signed_in: Callable[[str], Client], who: str) -> None:
    client, status = signed_in(who), 302 if who == "stranger" else 403
    assert client.get(reverse("console:terms")).status_code == status
    assert rule(client).status_code == status and upload(client).startswith(str(status))
    assert not TermsChange.objects.exists()

"""Policy tables as dated editions: proposed by one, approved by another, in force from their day on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from plugins.customs_declaration import hooks, webhooks
from plugins.customs_declaration.policies import deciding, in_force, kinds
from plugins.customs_declaration.policies.deciding import PolicyRefused
from plugins.customs_declaration.policies.models import PolicyEdition
from plugins.customs_declaration.policies.windows import windows_on
from saleor_ext.core.errors import ConfigurationError, PermanentError
from saleor_ext.core.models import AuditEntry
from saleor_ext.plugin_api import TaxQuoteLine, TaxQuoteRequest, WebhookContext

from .editions import approved, proposed
from .parcels import cny, facts

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
LIMITS = 'single_limit = "6000.00"\nannual_limit = "30000.00"\ntax_share = "0.60"\n'
TARIFF = (
    "hs,name,duty,vat,ct_ad_valorem,ct_specific,ct_unit,ct_threshold,ct_basis,from,to,status,source\n"
    "1905,biscuits,0.1,0.06,,,,,,,,read,invented\n"
)
LIST = "hs8,name,rule,codes,cap,unit,cap_group,remark,from,to,status,source\n19053100,biscuits,,,,,,,,,read,invented\n"
POSTAL = (
    'exempt_up_to = "60.00"\n[rates]\n1 = "0.10"\n2 = "0.20"\n3 = "0.50"\n[parcel_limit]\n"" = "2000.00"\n'
)
WINDOWS = "apply_days = 20\narrive_days = 40\npay_from_day = 21\npay_until_day = 35\n"


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(datetime(2026, 11, 23, 4, 0, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def world(platform_of_tests, settings_of_customs):
    return platform_of_tests


# -- in force --------------------------------------------------------------------------------------------------


def test_without_an_edition_the_shipped_tables_hold(world) -> None:
    assert in_force.limits(TODAY).annual == D(26_000)
    assert in_force.tariff(TODAY).rates("1905310000", TODAY).vat == D("0.13")
    assert in_force.positive_list(TODAY) is None
    assert in_force.postal(TODAY).exempt_up_to == D(50)
    assert in_force.windows(TODAY) == windows_on(TODAY)
    assert windows_on(TODAY).pay_from(date(2026, 1, 1)) == date(2026, 2, 1)
    assert windows_on(TODAY).pay_until(date(2026, 1, 1)) == date(2026, 2, 15)
    assert windows_on(TODAY).apply_until(date(2026, 1, 1)) == date(2026, 1, 31)
    assert windows_on(TODAY).arrive_until(date(2026, 1, 1)) == date(2026, 2, 15)
    with pytest.raises(PermanentError, match="on file"):
        windows_on(date(2018, 12, 31))


def test_an_approved_edition_holds_from_its_day_on(world) -> None:
    approved("limits", LIMITS, "2026-12-01")
    before, after = in_force.limits(date(2026, 11, 30)), in_force.limits(date(2026, 12, 1))
    assert (before.single, after.single, after.tax_share) == (D(5000), D(6000), D("0.60"))
    assert (after.since, after.source) == (date(2026, 12, 1), "invented announcement (2026-11-23)")
    approved("tariff", TARIFF, "2026-11-24")
    rates = in_force.tariff(date(2026, 11, 24)).rates("1905310000", date(2026, 11, 24))
    assert (rates.duty, rates.vat) == (D("0.1"), D("0.06"))
    assert in_force.tariff(TODAY).rates("1905310000", TODAY).vat == D("0.13")
    approved("positive_list", LIST, "2026-11-24")
    listed = in_force.positive_list(date(2026, 11, 24))
    assert listed is not None and listed.verdict("1905310000", "bonded_1210", date(2026, 11, 24)).allowed
    assert in_force.positive_list(TODAY) is None
    approved("postal", POSTAL, "2026-11-23")
    assert in_force.postal(TODAY).limit("121") == D(2000)
    approved("returns", WINDOWS, "2026-11-23")
    assert in_force.windows(TODAY).pay_until_day == 35
    assert in_force.windows(date(2026, 11, 22)).pay_until_day == 45


def test_the_latest_edition_of_a_day_wins_and_the_one_before_stays_for_its_days(world) -> None:
    approved("limits", LIMITS, "2026-12-01")
    approved("limits", LIMITS.replace("6000", "7000"), "2027-01-01")
    assert [in_force.limits(day).single for day in (TODAY, date(2026, 12, 31), date(2027, 1, 1))] == [
        D(5000), D(6000), D(7000),
    ]  # fmt: skip


def test_proposed_and_refused_editions_hold_nothing(world) -> None:
    made = proposed("limits", LIMITS, "2026-11-23")
    in_force.forget()
    assert in_force.limits(TODAY).single == D(5000)
    deciding.refuse(made.pk, actor="second@shop.example", reason="not published")
    in_force.forget()
    assert in_force.limits(TODAY).single == D(5000)


def test_the_tax_webhook_and_quotes_follow_the_edition_with_one_query_an_answer(world) -> None:
    world.articles["COOKIE-1"] = facts()
    question = {
        "taxBase": {
            "currency": "CNY",
            "shippingPrice": {"amount": 0},
            "discounts": [],
            "lines": [{"quantity": 1, "productSku": "COOKIE-1", "totalPrice": {"amount": 100}}],
        }
    }
    context = WebhookContext("http://saleor.test/graphql/", "ponte.customs", "", None)  # type: ignore[arg-type]  # no client is used

    def gross() -> str:
        return webhooks.calculate_taxes(context, question)["lines"][0]["total_gross_amount"]

    assert gross() == "109.10"
    approved("limits", LIMITS, "2026-11-23")
    approved("tariff", TARIFF, "2026-11-23")
    assert gross() == "103.60"
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert gross() == "103.60"
    assert len(asked) == 0  # the articles' one query is the platform's, which is a stand-in here
    request = TaxQuoteRequest(
        "bonded_1210", (TaxQuoteLine("A", "1905310000", 1, cny("100")),), cny("0"), TODAY
    )
    quoted = hooks.tax_quote(request)
    assert quoted is not None and (quoted.total, quoted.source) == (
        cny("3.60"), "invented announcement (2026-11-23)",
    )  # fmt: skip


def test_the_file_that_holds_without_an_edition(world, set_config, tmp_path) -> None:
    assert in_force.base_file("limits", TODAY) is None
    for kind in ("tariff", "positive_list"):
        found = in_force.base_file(kind, TODAY)
        assert found is not None and found.name == f"{kind}_sample.csv" and found.exists()
    for day in ("2026-11-01", "2026-11-24"):
        (tmp_path / f"rates-{day}.csv").write_text(TARIFF)
    set_config(tariff_file=str(tmp_path))
    assert in_force.base_file("tariff", TODAY) == tmp_path / "rates-2026-11-01.csv"
    assert in_force.base_file("tariff", date(2026, 11, 24)) == tmp_path / "rates-2026-11-24.csv"
    assert in_force.base_file("tariff", date(2026, 10, 31)) is None


def test_other_processes_notice_within_seconds(world, monkeypatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(in_force.time, "monotonic", lambda: clock[0])
    assert in_force.limits(TODAY).single == D(5000)
    made = proposed("limits", LIMITS, "2026-11-23")
    PolicyEdition.objects.filter(pk=made.pk).update(state="approved", decided_by="second@shop.example")
    clock[0] += 2.9
    assert in_force.limits(TODAY).single == D(5000)
    clock[0] += 0.1
    assert in_force.limits(TODAY).single == D(6000)


def test_pages_quote_the_limits_that_orders_are_checked_by(world) -> None:
    shipped = hooks.import_limits(TODAY)
    assert (shipped.single, shipped.annual, shipped.since, shipped.read_on) == (
        cny("5000"), cny("26000"), date(2019, 1, 1), TODAY,
    )  # fmt: skip
    assert shipped.source.startswith("财关税〔2018〕49号")
    approved("limits", LIMITS, "2026-11-23")
    quoted = hooks.import_limits(TODAY)
    assert (quoted.single, quoted.annual, quoted.since) == (cny("6000"), cny("30000"), TODAY)
    assert (quoted.source, quoted.read_on) == ("invented announcement", TODAY)


# -- four eyes -------------------------------------------------------------------------------------------------


def refused(code: str, work) -> None:
    with pytest.raises(PolicyRefused) as caught:
        work()
    assert caught.value.code == code


def test_who_proposes_cannot_approve_and_the_database_says_so_too() -> None:
    made = proposed("limits", LIMITS, "2026-12-01", actor="one@shop.example")
    refused("own_proposal", lambda: deciding.approve(made.pk, actor="one@shop.example", sha256=made.sha256))
    for actor in ("one@shop.example", ""):
        with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
            PolicyEdition.objects.filter(pk=made.pk).update(state="approved", decided_by=actor)
    made.refresh_from_db()
    assert made.state == "draft"


def test_only_what_was_looked_at_is_approved_and_only_once() -> None:
    made = proposed("limits", LIMITS, "2026-12-01")
    other = "0" * 64
    refused("other_content", lambda: deciding.approve(made.pk, actor="two@shop.example", sha256=other))
    deciding.approve(made.pk, actor="two@shop.example", sha256=made.sha256)
    refused("not_draft", lambda: deciding.approve(made.pk, actor="two@shop.example", sha256=made.sha256))
    refused("not_draft", lambda: deciding.refuse(made.pk, actor="two@shop.example", reason="late"))
    assert [(one.action, one.actor) for one in AuditEntry.objects.filter(object_type="policy").order_by("id")] == [
        ("customs.policy_proposed", "first@shop.example"),
        ("customs.policy_approved", "two@shop.example"),
    ]  # fmt: skip


def test_a_second_edition_of_a_day_replaces_the_first() -> None:
    first = approved("limits", LIMITS, "2026-12-01")
    second = approved("limits", LIMITS.replace("6000", "7000"), "2026-12-01")
    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "approved")
    assert in_force.limits(date(2026, 12, 1)).single == D(7000)
    assert AuditEntry.objects.get(object_id=str(second.pk), action="customs.policy_approved").data["replaced"] == [
        str(first.pk)
    ]  # fmt: skip


def test_no_edition_reaches_back(_noon) -> None:
    refused("past", lambda: proposed("limits", LIMITS, "2026-11-22"))
    made = proposed("limits", LIMITS, "2026-11-23")
    _noon.shift(timedelta(days=1))
    refused("past", lambda: deciding.approve(made.pk, actor="two@shop.example", sha256=made.sha256))


def test_a_proposer_may_take_it_back() -> None:
    made = proposed("limits", LIMITS, "2026-12-01", actor="one@shop.example")
    assert deciding.refuse(made.pk, actor="one@shop.example", reason="typing error").state == "refused"


def test_what_changes_nothing_is_not_proposed() -> None:
    same = 'single_limit = "5000.00"\nannual_limit = "26000.00"\ntax_share = "0.70"'
    refused("unchanged", lambda: proposed("limits", same, "2026-11-23"))
    approved("tariff", TARIFF, "2026-11-23")
    refused("unchanged", lambda: proposed("tariff", TARIFF.replace("\n", "\r\n"), "2026-11-24"))


def test_a_source_is_read_before_it_is_quoted_and_tables_have_a_size(monkeypatch) -> None:
    values = {"effective_from": TODAY, "source": "s", "content": LIMITS, "actor": "a"}
    refused("read_later", lambda: deciding.propose("limits", read_on=date(2026, 11, 24), **values))
    monkeypatch.setattr(deciding, "MAX_CHARACTERS", 10)
    refused("too_large", lambda: deciding.propose("limits", read_on=TODAY, **values))


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        (
            "limits",
            "single_limit = 5",
            "the keys are annual_limit, single_limit, tax_share, not single_limit",
        ),
        ("limits", "", "not none"),
        ("limits", "x = [", "not TOML"),
        (
            "limits",
            LIMITS.replace('"6000.00"', "6000.0"),
            "single_limit: 6000.0 is no amount written as text",
        ),
        ("limits", LIMITS.replace("6000.00", "x"), "single_limit: 'x' is no amount"),
        ("limits", LIMITS.replace("6000.00", "-1"), "single_limit: '-1' is no amount"),
        ("limits", LIMITS.replace("6000.00", "NaN"), "single_limit: 'NaN' is no amount"),
        ("limits", LIMITS.replace("6000.00", "30000.01"), "not above annual_limit"),
        ("limits", LIMITS.replace("6000.00", "0"), "above nought"),
        ("limits", LIMITS.replace("0.60", "1.01"), "tax_share: is a fraction"),
        ("postal", POSTAL.replace('"" =', '"121" ='), 'parcel_limit: has no entry ""'),
        ("postal", POSTAL.replace('2 = "0.20"\n', ""), "rates: no class 2"),
        ("postal", POSTAL.replace('1 = "0.10"', "1 = true"), "rates.1: True is no amount"),
        ("postal", 'exempt_up_to = "1"\nrates = "x"\nparcel_limit = "y"', "rates: is a table"),
        ("returns", WINDOWS.replace("20", "0"), "apply_days: 0 is no number of days"),
        ("returns", WINDOWS.replace("20", "true"), "apply_days: True is no number of days"),
        ("returns", WINDOWS.replace("40", "19"), "arrive_days: "),
        ("returns", WINDOWS.replace("21", "20"), "pay_from_day: "),
        ("returns", WINDOWS.replace("35", "20"), "pay_from_day: "),
        ("tariff", TARIFF.splitlines()[0], "the table has no row"),
        ("tariff", TARIFF.replace("0.06", "13"), "tariff line 2: vat: 13 is not a fraction"),
        ("tariff", TARIFF + TARIFF.splitlines()[1].replace("0.06", "0.07"), "rows contradict each other"),
        ("positive_list", LIST.replace("19053100", "1905"), "positive list line 2: hs8"),
        ("positive_list", LIST.splitlines()[0], "the table has no row"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(kind, content, told) -> None:
    with pytest.raises(PolicyRefused) as caught:
        proposed(kind, content, "2026-11-23")
    assert caught.value.code == "unreadable" and told in caught.value.message
    assert not PolicyEdition.objects.exists()


# -- differences -----------------------------------------------------------------------------------------------


def changes(kind: str, content: str) -> list[tuple[str, str, str]]:
    made = proposed(kind, content, "2026-11-23")
    return [(one.key, one.before, one.after) for one in deciding.changes(made)]


def test_the_difference_of_each_kind_is_told_against_what_holds_without_it(world) -> None:
    assert changes("limits", LIMITS.replace("0.60", "0.70")) == [
        ("annual_limit", "26000.00", "30000.00"), ("single_limit", "5000.00", "6000.00"),
    ]  # fmt: skip
    assert ("rates.1", "0.13", "0.10") in changes("postal", POSTAL)
    assert ("parcel_limit.121", "800.00", "") in changes("postal", POSTAL)
    assert ("pay_from_day", "31", "21") in changes("returns", WINDOWS)
    assert changes("positive_list", LIST) == [("19053100", "", "+")]
    approved("positive_list", LIST, "2026-11-23")
    other = LIST.replace("biscuits,,", "biscuits,bonded,")
    assert changes("positive_list", other) == [("19053100", "listed", "bonded")]
    approved("tariff", TARIFF, "2026-11-23")
    told = changes("tariff", TARIFF.replace("0.06", "0.09") + "2204,wine,,0.13,0.1,,,,,,,read,x\n")
    assert told == [("2204", "", "+"), ("1905 vat", "0.06", "0.09")]
    assert changes("tariff", TARIFF.replace("1905,", "1902,")) == [("1902", "", "+"), ("1905", "-", "")]
    assert kinds.Change("k", "a", "b").as_json() == {"key": "k", "before": "a", "after": "b"}


def test_an_unreadable_text_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        kinds.parse("limits", "", TODAY, "s")

"""The work list and the search: exact counts, pages that neither lose nor repeat, a bounded number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plugins.customs_declaration import selectors
from plugins.customs_declaration.documents import cop_no_of
from plugins.customs_declaration.models import Declaration
from plugins.customs_declaration.selectors import Filters
from saleor_ext.core import clock

from .declared import declaration, document, receipt, unsaved

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def numbers(found: Any) -> list[str]:
    return [one.order_no for one in found]


def test_counts_are_of_each_state_under_the_other_filters() -> None:
    for state, count in {
        "new": 1,
        "order": 2,
        "list": 3,
        "stopped": 4,
        "released": 5,
        "cancelled": 1,
    }.items():
        for _ in range(count):
            declaration(state)
    declaration("stopped", lane="direct_9610", merchant="tea")
    counts = selectors.counts(Filters()).items()
    counted = {state: str(number) for state, number in counts if str(number) != "0"}
    assert counted == {
        "new": "1", "order": "2", "list": "3", "stopped": "5", "released": "5", "cancelled": "1", "open": "11",
    }  # fmt: skip
    counted = {state: str(number) for state, number in selectors.counts(Filters(merchant="tea")).items()}
    assert (counted["stopped"], counted["open"], counted["released"]) == ("1", "1", "0")


def test_finished_declarations_are_not_counted_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "COUNTED", 2)
    for _ in range(3):
        declaration("released")
    declaration("cancelled")
    counted = selectors.counts(Filters())
    assert (str(counted["released"]), str(counted["cancelled"])) == ("2+", "1")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"a", "b", "c", "d"}),
        ({"state": "all"}, {"a", "b", "c", "d", "e"}),
        ({"state": "stopped"}, {"b", "d"}),
        ({"state": "released"}, {"e"}),
        ({"lane": "direct_9610"}, {"c"}),
        ({"merchant": "tea"}, {"b"}),
        ({"kind": "CEB621Message"}, {"b"}),
        ({"kind": "CEB311Message"}, {"a", "d"}),
        ({"document": "accepted"}, {"a"}),
        ({"document": "rejected"}, {"b"}),
        ({"kind": "CEB311Message", "document": "sent"}, {"d"}),
        ({"kind": "CEB621Message", "document": "sent"}, set()),
        ({"code": "1313"}, {"b"}),
        ({"code": "13"}, set()),
        ({"code": "not_declarable"}, {"d"}),
        ({"age": "1h"}, {"a"}),
        ({"age": "4h"}, {"b"}),
        ({"age": "1d"}, {"c"}),
        ({"age": "old"}, {"d"}),
    ],
)
def test_filters(filters: dict[str, str], expected: set[str]) -> None:
    with time_machine.travel(clock.now(), tick=False):
        a = declaration("order", age=MINUTE, order_no="a")
        document(a, "CEB311Message", "accepted")
        b = declaration("stopped", age=2 * HOUR, order_no="b", merchant="tea")
        document(b, "CEB621Message", "rejected", status_text="[Code:1313;Desc:x]")
        declaration("new", age=5 * HOUR, order_no="c", lane="direct_9610")
        d = declaration("stopped", age=9 * DAY, order_no="d", stopped_code="not_declarable")
        # Only the newest version counts: the first one was refused and replaced.
        document(d, "CEB311Message", "rejected", version=1)
        document(d, "CEB311Message", "sent", version=2)
        declaration("released", order_no="e", age=MINUTE, merchant="other")
        assert set(numbers(selectors.matching(Filters.of(filters)))) == expected


def test_filters_that_mean_nothing_are_dropped_and_the_address_says_the_rest() -> None:
    filters = Filters.of(
        {
            "state": "x",
            "kind": "x",
            "document": "x",
            "lane": "x",
            "age": "x",
            "code": "1'--",
            "merchant": "a&b",
        }
    )
    assert filters == Filters(merchant="a&b")
    assert filters.query() == "?merchant=a%26b"
    assert filters.query(state="stopped", after="1.2") == "?state=stopped&merchant=a%26b&after=1.2"
    assert Filters.of({"state": "all"}).query(state="open") == "?"


def test_pages_follow_the_age_and_lose_nothing_when_others_come_and_go() -> None:
    same = clock.now() - HOUR
    # Several of one instant: the key decides between them.
    cases = [declaration("list", created_at=same) for _ in range(4)]
    cases += [declaration("list", age=timedelta(minutes=minutes)) for minutes in (50, 40, 30)]
    wanted = numbers(sorted(cases, key=lambda one: (one.created_at, one.pk)))
    seen, after = [], ""
    while True:
        page = selectors.page(Filters(), after=after, size=2)
        seen += numbers(page.rows)
        declaration("list", age=2 * HOUR)  # an older one appears: it belongs to a page already seen
        after = page.after
        if not after:
            break
    assert seen == wanted


def test_going_back_shows_the_page_before() -> None:
    cases = [declaration("list", age=timedelta(minutes=60 - number)) for number in range(7)]
    wanted = numbers(cases)
    first = selectors.page(Filters(), size=3)
    second = selectors.page(Filters(), after=first.after, size=3)
    third = selectors.page(Filters(), after=second.after, size=3)
    assert (first.before, third.after) == ("", "")
    assert numbers(third.rows) == wanted[6:]
    back = selectors.page(Filters(), before=third.before, size=3)
    assert (numbers(back.rows), bool(back.before), bool(back.after)) == (wanted[3:6], True, True)
    back = selectors.page(Filters(), before=back.before, size=3)
    assert (numbers(back.rows), back.before, bool(back.after)) == (wanted[:3], "", True)


@pytest.mark.parametrize(
    "cursor", ["x", "1.2", "99999999999999999.x", "-1." + "0" * 32, "1" * 30 + "." + "0" * 32]
)
def test_a_broken_cursor_is_the_beginning(cursor: str) -> None:
    case = declaration("list")
    assert numbers(selectors.page(Filters(), after=cursor).rows) == [case.order_no]


def test_a_page_takes_two_queries_however_long_it_is() -> None:
    for number in range(12):
        case = declaration("list", age=timedelta(minutes=number))
        for version in (1, 2):
            document(case, "CEB311Message", "accepted", version=version)
    for size in (1, 12):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rows = selectors.page(Filters(), size=size).rows
            assert [[one.version for one in selectors.current_documents(row)] for row in rows] == [[2]] * size
        assert len(queries) == 2
        assert '"body"' not in " ".join(query["sql"] for query in queries)


def test_the_work_list_reads_along_its_index() -> None:
    # Most declarations went through, and the planner has to know it.
    Declaration.objects.bulk_create(unsaved("released") for _number in range(1000))
    declaration("stopped")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customs_declaration_declaration")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    plan = Declaration.objects.filter(state="stopped").order_by("created_at", "pk")[:51].explain()
    assert "customs_case_by_state" in plan


# -- search ----------------------------------------------------------------------------------------------------


@pytest.fixture
def case() -> Declaration:
    declaration("list")
    return declaration(
        "released", order_no="WPT26112310427A1C", cop_no="PT26112310427A1C", logistics_no="SF5556722414640",
        pre_no="B20261126648707355", invt_no="51652026I152130573", pay_no="4220261126086293878241945104",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "WPT26112310427A1C",
        "wpt26112310427a1c",
        "  PT26112310427A1C ",
        "pt2611",
        "SF555",
        "B20261126648707355",
        "51652026i152130573",
        "5165 2026 I152",
        "4220261126086293878241945104",
    ],
)
def test_a_declaration_is_found_by_any_number_or_its_beginning(case: Declaration, text: str) -> None:
    found = selectors.search(text)
    assert numbers(found.declarations) == [case.order_no]
    assert not found.documents and not found.receipts and not found.more


@pytest.mark.parametrize("text", ["", "SF5", "26112310427A1C", "%%%%", "____", "SF555\x00X", "5" * 300])
def test_what_is_no_beginning_of_a_number_finds_nothing(case: Declaration, text: str) -> None:
    assert selectors.search(text).nothing


def test_a_parcel_with_a_long_number_is_found_by_it() -> None:
    number = "PT2611231042-7A1C-88-LONG-1"
    case = declaration(cop_no=cop_no_of(number))
    assert len(case.cop_no) == 20
    assert numbers(selectors.search(number.lower()).declarations) == [case.order_no]


def test_guids_lead_to_messages_and_receipts(case: Declaration) -> None:
    sent = document(case)
    answer = receipt(sent)
    found = selectors.search(sent.guid.lower())
    assert (list(found.documents), found.receipts, found.declarations) == ([sent], [], [])
    assert selectors.search(sent.guid[:10]).documents == [sent]
    found = selectors.search(answer.raw["guid"].lower())
    assert (found.receipts, list(found.documents)) == ([answer], [])


def test_a_receipt_for_an_unknown_document_is_found_by_the_numbers_it_names(case: Declaration) -> None:
    stray = receipt(None, invtNo="99992026I000000001", orderNo="OTHER-77", copNo="COP77777")
    known = receipt(document(case), invtNo="88882026I000000001")
    for text in ("99992026I0000", "other-77", "COP77777", stray.raw["guid"]):
        assert selectors.search(text).receipts == [stray]
    # A number of a known document leads to its declaration, not to each of its receipts.
    assert selectors.search(known.raw["invtNo"]).nothing


def test_more_than_is_shown_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "MOST_FOUND", 2)
    for number in range(3):
        declaration(order_no=f"MANY-{number}")
    found = selectors.search("many")
    assert (len(found.declarations), found.more) == (2, True)


def test_a_search_takes_few_queries_and_uses_the_indexes(case: Declaration) -> None:
    for number in range(5):
        document(declaration(order_no=f"PT26-{number}"))
    with CaptureQueriesContext(connection) as queries:
        found = selectors.search("PT26")
        assert [len(one.documents.all()) for one in found.declarations].count(1) == 5
    assert len(queries) == 5
    with connection.cursor() as cursor:
        # With few rows any plan is cheap: those that read the whole table, in whatever order, are no choice here.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        mine = 'SELECT "customs_declaration_declaration"'
        (sql,) = [one["sql"] for one in queries if one["sql"].startswith(mine)]
        cursor.execute(f"EXPLAIN {sql}")
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert {f"customs_by_{name}" in plan for name in ("order_no", "invt_no", "pay_no")} == {True}


def test_sellers_with_open_declarations() -> None:
    declaration("list", merchant="tea")
    declaration("stopped", merchant="bakery")
    declaration("list", merchant="bakery")
    declaration("released", merchant="wine")
    declaration("list", merchant="")
    assert selectors.merchants() == ["bakery", "tea"]

"""The code table: complete, in four languages, dated, and never guessing."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from plugins.customs_declaration import texts
from plugins.customs_declaration.messages import code_table
from plugins.customs_declaration.messages.code_table import Kind, codes, find, verdict
from plugins.customs_declaration.states import DocumentState

DAY = date(2026, 11, 23)
#: What the specification's tables list, beside the numbers that run on without a gap.
LISTED = {
    "status": "1 2 3 4 100 120 300 399 500 501 502 503 599 700 800 899",
    "bill": "1 2 3",
    "customs": "1200 1300 1301 1311 1313 1320 1322 1327 1332 13035 13127 130126 1800 2300 2600",
    "port": "-10101 -10102 -301001 -301009 -301015 -401001 -401013 -504000 -504016 -505000 -505017 -621000 "
    "-621005 -621018 -621030 -623000 -623005 -623029 -625001 -625022 -625209 -800000 -800006",
    "exchange": "0001 0002 0999 1001 1002 1003 1004 2001 2002 3001 3002 3003",
}


@pytest.mark.parametrize("which", sorted(LISTED))
def test_every_listed_code_is_there(which: str) -> None:
    known = {one.code for one in codes() if one.set == which}
    assert set(LISTED[which].split()) <= known


def test_a_code_stands_once_a_day_and_every_row_is_whole() -> None:
    seen: set[tuple[str, str, date]] = set()
    for one in codes():
        assert (one.set, one.code, one.since) not in seen
        seen.add((one.set, one.code, one.since))
        assert one.standing in {"read", "recalled", "conflicting"} and one.source
        assert not one.state or one.set == "bill" or one.state in DocumentState.values
        assert one.until is None or one.until >= one.since


@pytest.mark.parametrize("language", sorted(code_table.LANGUAGES))
def test_each_code_has_its_text_and_the_buyer_one_where_only_the_buyer_can_act(language: str) -> None:
    for one in codes():
        assert one.text(language).strip(), one
        for_buyer = one.kind in (Kind.ASK_BUYER, Kind.FINAL)
        assert bool(one.buyer_text(language).strip()) is for_buyer, one


def test_texts_differ_between_languages_and_no_meaning_is_unused() -> None:
    used = {one.meaning for one in codes()}
    assert used == set(code_table.texts())
    for meaning, row in code_table.texts().items():
        found = [row[name] for name in code_table.LANGUAGES.values()]
        # Simplified and traditional may be written alike; Portuguese and English may not.
        assert len(set(found)) >= 3, meaning
        assert row["en"].isascii(), meaning


@pytest.mark.parametrize(
    ("status", "inside", "code", "kind"),
    [
        ("100", ["1313"], "1313", Kind.FINAL),
        ("100", ["1322", "1327"], "1327", Kind.ASK_BUYER),
        ("100", ["1301", "1313"], "1313", Kind.FINAL),
        ("100", ["1301"], "1301", Kind.RETRY),
        ("100", [], "100", Kind.OPERATOR),
        ("700", ["1700"], "700", Kind.FINAL),
        ("-621017", [], "-621017", Kind.RETRY),
        ("-621018", [], "-621018", Kind.FINAL),
        ("-301008", [], "-301008", Kind.MEND_DATA),
        ("4", [], "4", Kind.RETRY),
        # A number in a text is not a status: 800 within brackets is nothing that is known.
        ("100", ["800"], "800", Kind.OPERATOR),
        ("-999999", [], "-999999", Kind.OPERATOR),
        ("100", ["1301", "88888"], "88888", Kind.OPERATOR),
    ],
)
def test_the_gravest_code_counts_and_unknown_ones_are_a_persons(
    status: str, inside: list[str], code: str, kind: Kind
) -> None:
    found = verdict(status, inside, DAY)
    assert (found.code, found.kind) == (code, kind)


def test_codes_are_known_in_their_set_and_time_only() -> None:
    assert find("customs", "1313", DAY) is not None
    assert find("port", "1313", DAY) is None
    assert find("customs", "1313", date(2018, 1, 1)) is None


def test_the_buyers_text_is_read_in_the_readers_language() -> None:
    lazy = texts.buyer_reason(verdict("100", ["1327"], DAY))
    seen = set()
    for language in code_table.LANGUAGES:
        with translation.override(language):
            seen.add(str(lazy))
    assert len(seen) == 4
    with translation.override("en"):
        assert "wallet in your own name" in str(lazy)
        assert str(texts.buyer_reason(verdict("100", ["77777"], DAY))) == str(texts.REJECTED)

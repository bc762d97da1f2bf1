"""Policy tables in CSV and XLSX, their editions and differences; the positive list; postal articles."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest
from django.utils import translation

from plugins.customs_declaration import hooks, positive_list, postal, requirements, tables, tariff_report
from plugins.customs_declaration.policy import Rates, load_tariff, tariff
from plugins.customs_declaration.positive_list import PositiveList
from plugins.customs_declaration.tax import MissingMeasure, TaxLine
from saleor_ext import cli
from saleor_ext.core.errors import ConfigurationError, PermanentError
from saleor_ext.plugin_api import OrderDraft, OrderDraftLine, TaxQuoteLine, TaxQuoteRequest

from .parcels import cny, facts
from .workbook import write_workbook

HEAD = "hs,name,duty,vat,ct_ad_valorem,ct_specific,ct_unit,ct_threshold,ct_basis,from,to,status,source"
LIST_HEAD = "hs8,name,rule,codes,cap,unit,cap_group,remark,from,to,status,source"
DAY = date(2026, 11, 23)


def csv_file(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


# -- files -----------------------------------------------------------------------------------------------------


def test_a_workbook_says_what_its_csv_says(tmp_path) -> None:
    rows = [
        ["19053100", "饼干", 0.1, 0.13, "", "", "", "", "", date(2019, 4, 1), "", "read", "x"],
        [22030000, "beer", 0, 0.13, 0, 0.253, "l", 2.6576767, "l", "2019-04-01", "", "read", "x"],
    ]
    book = write_workbook(tmp_path / "tariff.xlsx", [HEAD.split(","), *rows])
    found = load_tariff(book)
    assert found.rates("1905310000", DAY) == Rates(D("0.1"), D("0.13"), (), "x (read)")
    assert found.rates("2203000000", DAY).consumption[0].threshold == D("2.6576767")
    assert [row.place for row in found.rows] == ["tariff.xlsx line 2", "tariff.xlsx line 3"]


def test_a_code_that_lost_its_zero_in_a_number_cell_is_refused(tmp_path) -> None:
    row = ["0901", "coffee", 0.15, 0.13, "", "", "", "", "", "2019-04-01", "", "read", "x"]
    wrong = [901, *row[1:]]
    assert load_tariff(write_workbook(tmp_path / "ok.xlsx", [HEAD.split(","), row])).rows[0].hs == "0901"
    with pytest.raises(ConfigurationError, match="line 2: '901' is not a commodity code"):
        load_tariff(write_workbook(tmp_path / "t.xlsx", [HEAD.split(","), wrong]))


def test_csv_of_a_chinese_spreadsheet(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f"{HEAD}\r\n1905,饼干,0.1,0.13,,,,,,2019-04-01,,read,来源\r\n".encode("gb18030"))
    assert load_tariff(path).rows[0].name == "饼干"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "no column"),
        ("a.csv", b"hs,duty\n", "no column vat"),
        ("a.csv", f"{HEAD},hs\n".encode(), "column hs twice"),
        ("a.csv", b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
        ("a.csv", f'{HEAD}\n"19'.encode(), "line"),
        ("a.xlsx", b"PK\x03\x04 not a workbook", "cannot be read as a workbook"),
        ("a.xlsx", b"", "cannot be read as a workbook"),
    ],
)
def test_files_that_are_no_tables(tmp_path, name, content, said) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=said):
        load_tariff(path)


def test_a_packed_giant_is_refused_before_it_is_unpacked(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tables, "MAX_UNPACKED", 1000)
    path = tmp_path / "giant.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * 1_000_000)
    with pytest.raises(ConfigurationError, match="too large"):
        load_tariff(path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("19,a,0.1,13,,,,,,2019-04-01,,r,s", "vat: 13 is not a fraction"),
        ("19,a,0.1,,,,,,,2019-04-01,,r,s", "vat: is missing"),
        ("19,a,-0.1,0.13,,,,,,2019-04-01,,r,s", "duty"),
        ("19,a,NaN,0.13,,,,,,2019-04-01,,r,s", "duty"),
        ("19,a,0.1,0.13,1,,,,,2019-04-01,,r,s", "ct_ad_valorem"),
        ("19,a,0.1,0.13,,0.2,,,,2019-04-01,,r,s", "ct_unit"),
        ("19,a,0.1,0.13,0.1,,,10,,2019-04-01,,r,s", "ct_basis"),
        ("19,a,0.1,0.13,,,,,,,,r,s", "from"),
        ("19,a,0.1,0.13,,,,,,2019-04-01,2019-03-31,r,s", "to"),
        ("1,a,0.1,0.13,,,,,,2019-04-01,,r,s", "commodity code"),
    ],
)
def test_a_bad_row_names_line_and_column(tmp_path, row, said) -> None:
    with pytest.raises(ConfigurationError, match=f"t.csv line 2: .*{said}"):
        load_tariff(csv_file(tmp_path / "t.csv", row))


def test_a_folder_holds_editions_one_after_the_other(tmp_path) -> None:
    csv_file(
        tmp_path / "tariff-2025-01-01.csv", "19,a,0.1,0.17,,,,,,,,r,s", "20,b,0.1,0.13,,,,,,,2025-06-30,r,s"
    )
    csv_file(tmp_path / "tariff-2026-01-01.csv", "19,a,0.1,0.13,,,,,,2019-04-01,,r,s")
    (tmp_path / "notes.txt").write_text("not a table")
    found = load_tariff(tmp_path)
    assert found.find("1905310000", date(2024, 12, 31)) is None
    assert found.rates("1905310000", date(2025, 12, 31)).vat == D("0.17")
    assert found.rates("1905310000", date(2026, 1, 1)).vat == D("0.13")
    assert found.find("2008000000", date(2025, 6, 30)) and not found.find("2008000000", date(2025, 7, 1))
    assert tariff(str(tmp_path)) is tariff(str(tmp_path))
    csv_file(tmp_path / "tariff-2026-07-01.csv", "19,a,0.2,0.13,,,,,,,,r,s")
    assert tariff(str(tmp_path)).rates("1905310000", DAY).duty == D("0.2")


@pytest.mark.parametrize(
    "names", [[], ["tariff.csv"], ["a-2026-01-01.csv", "b-2026-01-01.csv"], ["a-2026-13-01.csv"]]
)
def test_folders_without_order(tmp_path, names) -> None:
    for name in names:
        csv_file(tmp_path / name)
    with pytest.raises(ConfigurationError):
        load_tariff(tmp_path)


# -- report ----------------------------------------------------------------------------------------------------


def test_contradictions_are_found_and_the_sample_has_none(tmp_path) -> None:
    path = csv_file(
        tmp_path / "t.csv",
        "19,a,0.1,0.13,,,,,,2019-04-01,,r,s",
        "19,a,0.1,0.09,,,,,,2026-01-01,,r,s",
        "20,a,0.1,0.13,,,,,,2019-04-01,,r,s",
        "20,a,0.1,0.13,,,,,,2020-04-01,2021-01-01,r,s",
        "21,a,0.1,0.13,0.1,,,10,g,2019-04-01,,r,s",
        "21,a,0.1,0.13,0.2,,,10,g,2019-04-01,,r,s",
        "22,a,0.1,0.17,,,,,,2010-04-01,2019-03-31,r,s",
        "22,a,0.1,0.13,,,,,,2019-04-01,,r,s",
    )
    found = tariff_report.contradictions(load_tariff(path))
    assert [one.hs for one in found] == ["19", "20", "21"]
    assert found[0].places == ("t.csv line 2", "t.csv line 3")
    assert tariff_report.contradictions(tariff()) == []


def test_the_difference_report(tmp_path, capsys) -> None:
    old = csv_file(
        tmp_path / "old.csv", "19,a,0.10,0.13,,,,,,2019-04-01,,r,s", "20,b,0.1,0.13,,,,,,2019-04-01,,r,s"
    )
    new = csv_file(
        tmp_path / "new.csv",
        "19,a,0.1,0.13,0.15,,,10,g_ml,2019-04-01,,r,s", "19,a,0.1,0.13,,0.912,l,,,2019-04-01,,r,s",
        "21,c,0.1,0.13,,,,,,2019-04-01,,r,s",
    )  # fmt: skip
    assert cli.main(["customs", "tariff", "diff", str(old), str(new), "--on", "2026-11-23"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "on": "2026-11-23",
        "added": [{"hs": "21", "name": "c"}],
        "removed": [{"hs": "20", "name": "b"}],
        "changed": [
            {"hs": "19", "name": "a", "changes": {"consumption": ["0", "0.15 from 10/g_ml; 0.912/l"]}},
        ],
    }
    assert cli.main(["customs", "tariff", "diff", str(old), str(old)]) == 0
    assert cli.main(["customs", "tariff", "diff", str(old), str(tmp_path / "none.csv")]) == 2


def test_the_check_command(tmp_path, capsys) -> None:
    good = csv_file(tmp_path / "t.csv", "19,a,0.1,0.13,,,,,,2019-04-01,,r,s")
    assert cli.main(["customs", "tariff", "check", str(good)]) == 0
    assert json.loads(capsys.readouterr().out) == {"rows": 1, "findings": []}
    twice = csv_file(tmp_path / "u.csv", *["19,a,0.1,0.13,,,,,,2019-04-01,,r,s"] * 2)
    assert cli.main(["customs", "tariff", "check", str(twice)]) == 1
    bad = csv_file(tmp_path / "v.csv", "x,a,0.1,0.13,,,,,,2019-04-01,,r,s")
    assert cli.main(["customs", "tariff", "check", str(bad)]) == 2
    assert "v.csv line 2" in capsys.readouterr().err
    sample = positive_list.DATA / "positive_list_sample.csv"
    assert cli.main(["customs", "tariff", "check", "--positive-list", str(sample)]) == 0
    assert cli.main(["customs", "tariff", "diff", "--positive-list", str(sample), str(sample)]) == 0


# -- positive list ---------------------------------------------------------------------------------------------


def listed(tmp_path, *rows: str) -> PositiveList:
    return positive_list.load(csv_file(tmp_path / "list.csv", *rows, head=LIST_HEAD))


def judged(
    found: PositiveList, code: str, lane: str = "bonded_1210", day: date = DAY
) -> tuple[bool, bool, int]:
    verdict = found.verdict(code, lane, day)
    return verdict.listed, verdict.allowed, len(verdict.confirm)


def test_remarks_are_rules(tmp_path) -> None:
    found = listed(
        tmp_path,
        "19053100,a,,,,,,,2022-03-01,,r,s",
        "21069090,b,bonded,,,,,,2022-03-01,,r,s",
        "32151900,c,narrow,,,,,for household printers,2022-03-01,,r,s",
        "33049900,d,exclude,3304990091,,,,,2022-03-01,,r,s",
        "34011100,e,narrow,3401110010 3401110020,,,,,2022-03-01,,r,s",
        "93070090,f,,,,,,,2019-01-01,2022-02-28,r,s",
    )
    assert judged(found, "1905310000") == (True, True, 0)
    assert judged(found, "1905310000", day=date(2022, 2, 28)) == (False, False, 0)
    assert judged(found, "1905320000") == (False, False, 0)
    assert judged(found, "2106909090") == (True, True, 0)
    assert judged(found, "2106909090", "direct_9610") == (True, False, 0)
    assert judged(found, "3215190000") == (True, True, 1)
    assert judged(found, "3304990091") == (True, False, 0)
    assert judged(found, "3304990029") == (True, True, 0)
    assert judged(found, "3401110020") == (True, True, 0)
    assert judged(found, "3401110090") == (True, False, 0)
    assert judged(found, "9307009000", day=date(2022, 2, 28))[0] and not judged(found, "9307009000")[0]


def kilos(ref: str, amount: str) -> TaxLine:
    return TaxLine(ref, D(1), D(10), Rates(), {"035": D(amount)})


def test_a_yearly_quantity_is_shared_by_its_group(tmp_path) -> None:
    found = listed(
        tmp_path,
        "17019910,a,cap,,2,kg,sugar,,2022-03-01,,r,s",
        "17019920,b,cap,,2,kg,sugar,,2022-03-01,,r,s",
        "10063020,c,cap,,20,kg,,,2022-03-01,,r,s",
    )
    two = [
        ("1701991090", kilos("a", "1.5")),
        ("1701992000", kilos("b", "0.5")),
        ("1006302090", kilos("c", "20")),
    ]
    assert found.breaches(two, {}, DAY) == []
    (over,) = found.breaches(two, {"sugar": D("0.001")}, DAY)
    assert (over.wanted, over.left, over.rule.group) == (D("2.0"), D("1.999"), "sugar")
    assert [one.rule.group for one in found.breaches([("1006302090", kilos("c", "20.001"))], {}, DAY)] == [
        "10063020"
    ]
    with pytest.raises(MissingMeasure):
        found.breaches([("1006302090", TaxLine("c", D(1), D(1), Rates()))], {}, DAY)


@pytest.mark.parametrize(
    "rows",
    [
        ["1905,a,,,,,,,2022-03-01,,r,s"],
        ["19053100,a,maybe,,,,,,2022-03-01,,r,s"],
        ["19053100,a,narrow,,,,,,2022-03-01,,r,s"],
        ["19053100,a,exclude,1905320000,,,,,2022-03-01,,r,s"],
        ["19053100,a,cap,,2,pint,,,2022-03-01,,r,s"],
        ["19053100,a,cap,,x,kg,,,2022-03-01,,r,s"],
        ["19053100,a,cap,,0,kg,,,2022-03-01,,r,s"],
        ["17019910,a,cap,,2,kg,s,,2022-03-01,,r,s", "17019920,b,cap,,3,kg,s,,2022-03-01,,r,s"],
    ],
)
def test_bad_rules_name_their_line(tmp_path, rows) -> None:
    with pytest.raises(ConfigurationError, match=r"list\.csv line"):
        listed(tmp_path, *rows)


def test_the_difference_of_two_lists(tmp_path) -> None:
    old = listed(tmp_path, "19053100,a,,,,,,,2022-03-01,,r,s", "21069090,b,,,,,,,2022-03-01,,r,s")
    new = listed(tmp_path, "21069090,b,cap,,2,kg,,,2022-03-01,,r,s", "22042100,c,,,,,,,2022-03-01,,r,s")
    assert positive_list.differences(old, new, DAY) == {
        "added": ["22042100"],
        "removed": ["19053100"],
        "changed": [{"hs8": "21069090", "old": ["listed"], "new": ["cap 2 kg 21069090"]}],
    }


def test_the_sample_can_be_loaded_and_says_that_it_is_one() -> None:
    found = positive_list.positive_list()
    assert found.verdict("1905310000", "bonded_1210", DAY).allowed
    assert all("sample" in rule.source or "second-hand" in rule.source for rule in found.rules)


def drafted(**changes) -> OrderDraft:
    bought = OrderDraftLine(facts(**changes), 1, cny("100.00"))
    return OrderDraft("c", "m", "bonded_1210", "nansha", (bought,), cny("0"), None, None)


def test_a_loaded_list_is_asked_for_listings_and_orders(tmp_path, platform_of_tests, set_config) -> None:
    from saleor_ext.plugin_api import ListingView, MerchantView

    rows = ["19053100,a,,,,,,,2022-03-01,,r,s", "17019910,b,cap,,2,kg,,,2022-03-01,,r,s"]
    path = csv_file(tmp_path / "list.csv", *rows, head=LIST_HEAD)
    view = ListingView(
        "r", MerchantView("m", "M", "", ""), "bonded_1210", "nansha", "", (facts(), facts(hs_code="2106909090")),
        frozenset({"zh-hans"}),
    )  # fmt: skip
    assert not [one for one in requirements.of_listing(view) if one.code == "positive_list"]
    set_config(positive_list_file=str(path))
    assert [one.met for one in requirements.of_listing(view) if one.code == "positive_list"] == [True, False]
    assert requirements.of_draft(drafted()) == []
    assert [one.code for one in requirements.of_draft(drafted(hs_code="2106909090"))] == ["not_listed"]
    assert requirements.of_draft(drafted(hs_code="1701991090", qty1=D(2))) == []
    (found,) = requirements.of_draft(drafted(hs_code="1701991090", qty1=D("2.5")))
    assert found.code == "yearly_quantity" and "2 kg" in str(found.message)


# -- postal articles -------------------------------------------------------------------------------------------


def sent(
    value: str, quantity: int = 1, hs_code: str = "1905310000", day: date = DAY, **more
) -> postal.PostalTax:
    lines = [postal.PostalLine("a", hs_code, quantity, D(value))]
    return postal.calculate(lines, day=day, classes=postal.classes(), **more)


@pytest.mark.parametrize(
    ("value", "hs_code", "quantity", "outcome", "due"),
    [
        ("384.61", "1905310000", 1, "exempt", "0"),
        ("384.66", "1905310000", 1, "taxed", "50.01"),
        ("100.00", "2204210000", 2, "exempt", "0"),
        ("100.02", "2204210000", 2, "taxed", "50.01"),
        ("800.00", "3304990029", 2, "taxed", "160.00"),
        ("800.01", "3304990029", 2, "over_limit", "160.00"),
        ("5000.00", "4202000000", 1, "taxed", "1000.00"),
    ],
)
def test_postal_articles(value, hs_code, quantity, outcome, due) -> None:
    found = sent(value, quantity, hs_code)
    assert (found.outcome, found.due) == (outcome, D(due))


def test_postal_rates_and_limits_are_dated_and_by_origin() -> None:
    assert sent("1000", 1, day=date(2019, 4, 8)).due == D("150.00")
    assert sent("1000", 1, day=date(2019, 4, 9)).due == D("130.00")
    assert sent("900", 2, origin="410").outcome == "taxed"
    with pytest.raises(PermanentError, match="on file"):
        sent("1", day=date(2018, 1, 1))


@translation.override("en")
def test_the_postal_lane_tells_an_estimate_and_charges_nothing() -> None:
    def told(price: str, quantity: int = 1, hs_code: str = "1905310000", currency: str = "CNY") -> str:
        unit = type(cny("1"))(D(price), currency)
        request = TaxQuoteRequest(
            "postal", (TaxQuoteLine("A", hs_code, quantity, unit),), type(unit)(D(0), currency), DAY
        )
        found = hooks.tax_quote(request)
        assert found is not None and found.outcome == "exempt" and not found.total
        return str(found.rule)

    assert "about 65 yuan" in told("500")
    assert "not collected up to 50 yuan" in told("100")
    assert "800 yuan" in told("500", 2)
    assert "may levy tax" in told("500", currency="MOP")
    assert "may levy tax" in told("500", hs_code="9999999999")

"""``ponte customs tax``: figures, exit codes, and one clear line for whatever cannot be read."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.customs_declaration import taxfile
from plugins.customs_declaration.policy import tariff
from saleor_ext import cli

PLAIN = {"duty": "0.10", "vat": "0.13"}


def bought(price: Any = "100.00", quantity: Any = 1, sku: str = "A", **more: Any) -> dict[str, Any]:
    rates = {} if "rates" in more or "hs_code" in more else {"rates": PLAIN}
    return {"sku": sku, "quantity": quantity, "unit_price": price, **rates, **more}


def order(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    charges = {"used_this_year": "0.00", "freight": "0.00", "insurance": "0.00", "discount_non_cash": "0.00"}
    return {"date": "2026-11-23", **charges, "lines": list(lines), **more}


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command on a document or on raw bytes; return exit code, answer, error line."""

    def ran(document: Any, *arguments: str) -> tuple[int, Any, str]:
        path = tmp_path / "order.json"
        path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
        code = cli.main(["customs", "tax", str(path), *arguments])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else None, said.err

    return ran


def test_the_answer_has_exactly_the_promised_shape(run) -> None:
    code, answer, errors = run(order(bought("200"), freight="18", discount_non_cash="30"))
    assert (code, errors) == (0, "")
    assert answer == {
        "outcome": "within_limits",
        "refusal": None,
        "lines": [
            {
                "sku": "A",
                "dutiable_value": "218.00",
                "duty": "0.00",
                "consumption_tax": "0.00",
                "vat": "19.84",
            }
        ],
        "goods_value": "200.00",
        "dutiable_value": "218.00",
        "tax_total": "19.84",
        "discount": "30.00",
        "actual_paid": "207.84",
    }


@pytest.mark.parametrize(
    ("lines", "charges", "expected"),
    [
        ([bought("5000.00")], {}, (0, "within_limits", None)),
        ([bought("5000.01")], {}, (0, "full_tax", None)),
        ([bought("2500.00", 2)], {}, (0, "within_limits", None)),
        ([bought("2500.01", 2)], {}, (1, "refused", "single_limit")),
        ([bought("5000.01"), bought("0", sku="GIFT")], {}, (1, "refused", "single_limit")),
        ([bought("4990.00")], {"freight": "10.00"}, (0, "within_limits", None)),
        ([bought("4990.00")], {"freight": "10.00", "insurance": "0.01"}, (0, "full_tax", None)),
        ([bought("2500.00", 2)], {"freight": "0.01"}, (1, "refused", "single_limit")),
        ([bought("5100.00")], {"discount_non_cash": "200"}, (0, "full_tax", None)),
        ([bought("5000.00")], {"used_this_year": "21000.00"}, (0, "within_limits", None)),
        ([bought("5000.01")], {"used_this_year": "21000.00"}, (1, "refused", "annual_limit")),
        ([bought("5000.01")], {"used_this_year": "20999.99"}, (0, "full_tax", None)),
        ([bought("0.01")], {"used_this_year": "26000.00"}, (1, "refused", "annual_limit")),
        ([bought("26000.00")], {}, (0, "full_tax", None)),
        ([bought("26000.01")], {}, (1, "refused", "annual_limit")),
        ([bought("13000.01", 2)], {}, (1, "refused", "annual_limit")),
        ([bought("2000.01")], {"date": "2018-12-31"}, (0, "full_tax", None)),
        ([bought("2000.01")], {"date": "2019-01-01"}, (0, "within_limits", None)),
    ],
)
def test_outcomes_and_exit_codes(run, lines, charges, expected) -> None:
    code, answer, errors = run(order(*lines, **charges))
    assert (code, answer["outcome"], answer["refusal"]) == expected
    assert errors == ""


def taxes(answer: dict[str, Any], line: int = 0) -> tuple[str, str, str]:
    row = answer["lines"][line]
    return row["duty"], row["consumption_tax"], row["vat"]


def rated(duty: Any, vat: Any, *consumption: Any) -> dict[str, Any]:
    keys = ("ad_valorem", "specific", "specific_quantity")
    return {"duty": duty, "vat": vat, "consumption": dict(zip(keys, consumption, strict=False))}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (bought("6000", rates=rated("0.14", "0.13", "0.10")), ("840.00", "760.00", "988.00")),
        (bought("425", rates=rated("0.01", "0.13", "0.15", "0", "0")), ("0.00", "52.50", "45.50")),
        (bought("410.0", hs_code="2201101000"), ("0.00", "0.00", "37.31")),
        (bought("200", hs_code="19053100"), ("0.00", "0.00", "18.20")),
        # (500 × 0.20 + 0.456) / 0.80 × 0.7 and (500 + 0.456) / 0.80 × 0.13 × 0.7
        (bought("500", rates=rated("0.1", "0.13", "0.2", "0.912", "0.5")), ("0.00", "87.90", "56.93")),
        (
            bought("500", hs_code="2208909099", rates={"consumption": {"specific_quantity": "0.5"}}),
            ("0.00", "87.90", "56.93"),
        ),
        # one piece in full: duty 600, (6600 × 0.20 + 0.912) / 0.80, (6600 + 0.912) / 0.80 × 0.13
        (bought("6000", rates=rated("0.1", "0.13", "0.2", "0.912", "1")), ("600.00", "1651.14", "1072.65")),
        # specific alone: 2 l × 0.253 × 0.7 = 0.3542; (20 + 0.506) × 0.13 × 0.7 = 1.866046
        (bought("20", rates=rated("0", "0.13", "0", "0.253", "2")), ("0.00", "0.35", "1.87")),
        # halves of a fen: 0.50 × 0.07 = 0.035; through 0.50 / 0.9 × 0.09 × 0.7 it is the same half
        (bought("0.50", rates=rated("0", "0.10")), ("0.00", "0.00", "0.04")),
        (bought("0.50", rates=rated("0", "0.09", "0.10")), ("0.00", "0.04", "0.04")),
        (bought("1.50", rates=rated("0", "0.01")), ("0.00", "0.00", "0.01")),
        (bought("5000.50", rates=rated("0.03", "0")), ("150.02", "0.00", "0.00")),
        (bought("0.05", 1, hs_code="1905310000"), ("0.00", "0.00", "0.00")),
    ],
)
def test_worked_figures(run, line, expected) -> None:
    code, answer, errors = run(order(line))
    assert (code, errors) == (0, "")
    assert taxes(answer) == expected


def test_numbers_and_strings_of_numbers_are_the_same_and_never_float(run) -> None:
    texts = order(bought("1000.10", "3", rates=rated("0.1", "0.13", "0.1", "0.2", "0.3")), freight="0.1")
    raw = json.dumps(texts)
    for text in ("1000.10", "3", "0.1", "0.13", "0.2", "0.3", "0.00"):
        raw = raw.replace(f'"{text}"', text)
    assert run(raw.encode()) == run(texts)


def test_given_rates_go_before_the_tariffs(run) -> None:
    _, answer, _ = run(order(bought("100", hs_code="1905310000", rates={"vat": "0.09"})))
    assert taxes(answer) == ("0.00", "0.00", "6.30")
    _, answer, _ = run(
        order(bought("6000", hs_code="2204210000", rates={"consumption": {"ad_valorem": "0"}}))
    )
    assert taxes(answer) == ("840.00", "0.00", "889.20")


def test_the_last_line_takes_the_rest_of_the_freight_even_a_gift(run) -> None:
    three = [bought("10"), bought("10"), bought("10")]
    assert spread_of(run, three, "10.00") == ["13.33", "13.33", "13.34"]
    assert spread_of(run, three, "20.00") == ["16.67", "16.67", "16.66"]
    assert spread_of(run, [*three, bought("0", sku="GIFT")], "10.00") == ["13.33", "13.33", "13.33", "0.01"]
    assert spread_of(run, [bought("0", sku="GIFT"), *three], "10.00") == ["0.00", "13.33", "13.33", "13.34"]
    assert spread_of(run, [bought("10")] * 9, "0.05") == ["10.01"] * 5 + ["10.00"] * 4


def spread_of(run, lines, freight: str) -> list[str]:
    _, answer, _ = run(order(*lines, freight=freight))
    return [line["dutiable_value"] for line in answer["lines"]]


def test_vouchers_lower_the_payment_and_not_the_tax(run) -> None:
    plain = run(order(bought("100"), freight="10", insurance="2"))[1]
    voucher = run(order(bought("100"), freight="10", insurance="2", discount_non_cash="12.50"))[1]
    assert voucher["lines"] == plain["lines"]
    assert (plain["actual_paid"], voucher["actual_paid"], voucher["discount"]) == (
        "122.19",
        "109.69",
        "12.50",
    )


def test_a_thousand_lines(run) -> None:
    _, answer, _ = run(order(*[bought("0.55", sku=f"S{n}") for n in range(1000)], freight="33.33"))
    assert sum(D(line["vat"]) for line in answer["lines"]) == D(answer["tax_total"])
    assert sum(D(line["dutiable_value"]) for line in answer["lines"]) == D("583.33")


def without(document: dict[str, Any], *path: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return changed


FULL = order(bought("10", rates=rated("0.1", "0.13", "0.1", "1", "1")))


@pytest.mark.parametrize(
    ("document", "named"),
    [
        *[(without(FULL, key), key) for key in FULL],
        *[(without(FULL, "lines", 0, key), f"lines[0].{key}") for key in ("sku", "quantity", "unit_price")],
        (without(FULL, "lines", 0, "rates"), "lines[0]"),
        (without(FULL, "lines", 0, "rates", "vat"), "lines[0].rates.vat"),
        (without(FULL, "lines", 0, "rates", "duty"), "lines[0].rates.duty"),
        (without(FULL, "lines", 0, "rates", "consumption", "specific_quantity"), "specific_quantity"),
        (order(bought(), voucher="1"), "voucher"),
        (order(bought(colour="red")), 'lines[0]."colour"'),
        (order(bought(rates={**PLAIN, "levy": 1})), 'lines[0].rates."levy"'),
        (order(bought(rates={**PLAIN, "consumption": {"rate": 1}})), 'lines[0].rates.consumption."rate"'),
        (order(), "lines"),
        (order(lines={}), "lines"),
        (order(lines=[1]), "lines[0]"),
        ([], "the document"),
        (order(bought(), bought(quantity=0)), "lines[1].quantity"),
        (order(bought(quantity=-1)), "lines[0].quantity"),
        (order(bought(quantity="1.5")), "lines[0].quantity"),
        (order(bought(quantity=True)), "lines[0].quantity"),
        (order(bought(quantity=None)), "lines[0].quantity"),
        (order(bought(quantity=10**15)), "lines[0].quantity"),
        (order(bought(quantity=10**13, price="10000")), "lines[0]"),
        (order(bought(price="-0.01")), "lines[0].unit_price"),
        (order(bought(price="")), "lines[0].unit_price"),
        (order(bought(price="1,000")), "lines[0].unit_price"),
        (order(bought(price="٣")), "lines[0].unit_price"),
        (order(bought(price=" 1")), "lines[0].unit_price"),
        (order(bought(price="NaN")), "lines[0].unit_price"),
        (order(bought(price=float("nan"))), "lines[0].unit_price"),
        (order(bought(), freight=float("inf")), "freight"),
        (order(bought(), freight=10**60), "freight"),
        (order(bought(), freight=[]), "freight"),
        (order(bought(), insurance="0.001"), "insurance"),
        (order(bought(), used_this_year="-1"), "used_this_year"),
        (order(bought(), discount_non_cash="1e20"), "discount_non_cash"),
        (order(bought("100"), discount_non_cash="109.11"), "discount_non_cash"),
        (order(bought(), date="2015-01-01"), "date"),
        (order(bought(), date="2026-02-30"), "date"),
        (order(bought(), date="20261123"), "date"),
        (order(bought(), date=20261123), "date"),
        (order(bought(sku=" ")), "lines[0].sku"),
        (order(bought(sku=7)), "lines[0].sku"),  # type: ignore[arg-type]  # wrong on purpose
        (order(bought(hs_code="9999999999")), "lines[0].hs_code"),
        (order(bought(hs_code="1905")), "lines[0].hs_code"),
        (order(bought(hs_code="2208909099")), "lines[0].rates.consumption.specific_quantity"),
        (
            order(bought(hs_code="3304990029", rates={"consumption": {"specific_quantity": 0}})),
            "lines[0].rates.consumption.specific_quantity",
        ),
        (order(bought(rates=rated("0.1", "13"))), "lines[0].rates.vat"),
        (order(bought(rates=rated("-0.1", "0.13"))), "lines[0].rates.duty"),
        (order(bought(rates=rated("0.1", "0.13", "1"))), "lines[0].rates.consumption.ad_valorem"),
        (order(bought(rates=[])), "lines[0].rates"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"date":"2026-11-23","date":"2026-11-24"}', '"date" is given twice'),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"used_this_year": 1' + b"0" * 9000 + b"}", "date"),
    ],
)
def test_what_cannot_be_read_ends_with_2_and_one_line_that_names_it(run, document, named) -> None:
    code, answer, errors = run(document)
    assert (code, answer) == (2, None)
    assert errors.startswith("ponte customs tax: ") and errors.count("\n") == 1 and named in errors
    assert len(errors) < 400


def test_a_missing_file_a_folder_and_a_bad_tariff(tmp_path, run, capsys) -> None:
    for path in (tmp_path / "nothing.json", tmp_path):
        assert cli.main(["customs", "tax", str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert run(order(bought()), "--tariff", str(tmp_path / "none.csv"))[0] == 2


def test_it_runs_without_configuration_database_or_terminal(tmp_path) -> None:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(order(bought(sku="杏仁饼"))), encoding="utf-8-sig")
    found = subprocess.run(
        [sys.executable, "-m", "saleor_ext.cli", "customs", "tax", str(path)],
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONIOENCODING": "ascii"},
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stderr) == (0, b"")
    assert json.loads(found.stdout)["lines"][0]["sku"] == "杏仁饼"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["0.13", "1", "2026-11-23", "1905310000", "-1", "1e5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from([("freight",), ("lines",), ("date",), *[("lines", 0, key) for key in FULL["lines"][0]],
                        ("lines", 0, "rates", "consumption"), ("lines", 0, "rates", "vat")]), values)  # fmt: skip
def test_any_value_anywhere_is_taxed_or_named(path, value) -> None:
    document = copy.deepcopy(FULL)
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    try:
        answer = taxfile.answer(
            taxfile.tax(taxfile.order_of(taxfile.parse(json.dumps(document).encode()), tariff()))
        )
    except taxfile.Unreadable as error:
        assert str(path[0]) in error.message
    else:
        assert D(answer["actual_paid"]) == D(answer["dutiable_value"]) + D(answer["tax_total"])

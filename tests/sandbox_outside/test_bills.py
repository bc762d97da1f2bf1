"""The port's tax bills: what is due on each line, once, and when they are put into a payment."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from sandbox.customs_port import bills
from sandbox.customs_port.models import Document, Receipt

from . import declarant
from .clock import run_for
from .declarant import cancellation, refund
from .test_afterwards import purchase, send

pytestmark = pytest.mark.django_db


def values(node: etree._Element) -> dict[str, str]:
    return {etree.QName(field).localname: field.text or "" for field in node}


def told(message_type: str) -> list[list[dict[str, str]]]:
    """Return the nodes of each message of a type, in the order they were given."""
    rows = Receipt.objects.filter(message_type=message_type).order_by("pk")
    return [[values(node) for node in etree.fromstring(row.xml.encode())[0]] for row in rows]


def test_a_released_inventory_is_billed_and_later_put_into_a_payment() -> None:
    listed = purchase(seconds=300)
    assert (listed.status, told("CEB816Message")) == ("800", [])
    run_for(400)
    ((head, line),) = told("CEB816Message")
    # 188 + 12 of freight, 13 % VAT, of which 70 %.
    assert [head[name] for name in ("customsTax", "valueAddedTax", "consumptionTax")] == [
        "0.00",
        "18.20",
        "0.00",
    ]
    assert (head["invtNo"], head["status"], head["assureCode"]) == (listed.invt_no, "1", "4401W6EBC1")
    assert (line["gnum"], line["gcode"], line["taxPrice"], line["valueAddedTax"]) == (
        "1",
        "1905310000",
        "200.00",
        "18.20",
    )
    assert told("CEB818Message") == []
    run_for(1300)
    (status,) = told("CEB818Message")[0]
    assert (status["taxNo"], status["status"]) == (head["taxNo"], "2")
    assert status["entDutyNo"].startswith("5165")
    run_for(2000)
    assert (len(told("CEB816Message")), len(told("CEB818Message"))) == (1, 1)


def test_a_cancelled_inventory_is_not_billed() -> None:
    listed = purchase(seconds=50)
    send(cancellation(invtNo=listed.invt_no))
    run_for(2000)
    assert told("CEB816Message") == []


def sent_back(listed: Document, quantity: str, name: str) -> None:
    """Ask for a return of some pieces, and wait until customs have granted it."""
    send(refund(line={"qty": quantity}, invtNo=listed.invt_no, copNo=name))
    run_for(100)


def test_a_return_makes_the_bill_void_and_what_is_left_is_billed_anew() -> None:
    listed = purchase(seconds=400)
    ((first, _line),) = told("CEB816Message")
    sent_back(listed, "1", "PT-BACK-1")
    ((void,),) = told("CEB818Message")
    assert (void["taxNo"], void["status"], void["entDutyNo"]) == (first["taxNo"], "3", "")
    second, line = told("CEB816Message")[1]
    assert second["taxNo"] != first["taxNo"]
    # One of two pieces: half of 200.00 and of 18.20.
    assert (line["taxPrice"], second["valueAddedTax"]) == ("100.00", "9.10")
    run_for(2000)
    (summed,) = told("CEB818Message")[1]
    assert (summed["taxNo"], summed["status"]) == (second["taxNo"], "2")
    assert len(told("CEB818Message")) == 2, "the void bill is put into no payment"


def test_after_a_whole_return_no_bill_is_left() -> None:
    listed = purchase(seconds=400)
    sent_back(listed, "2", "PT-BACK-1")
    run_for(2000)
    assert [status["status"] for (status,) in told("CEB818Message")] == ["3"]
    assert len(told("CEB816Message")) == 1


def test_a_return_before_the_bill_leaves_less_to_bill_and_one_after_the_payment_changes_nothing() -> None:
    listed = purchase(seconds=200)
    sent_back(listed, "1", "PT-BACK-1")
    run_for(400)
    ((head, _line),) = told("CEB816Message")
    assert head["valueAddedTax"] == "9.10"
    run_for(1300)
    assert [status["status"] for (status,) in told("CEB818Message")] == ["2"]
    sent_back(listed, "1", "PT-BACK-2")
    assert (len(told("CEB816Message")), len(told("CEB818Message"))) == (1, 1)


def test_a_buyer_whose_bill_differs() -> None:
    purchase("陈税单不符", seconds=400)
    ((head, line),) = told("CEB816Message")
    assert (head["valueAddedTax"], line["valueAddedTax"]) == ("19.20", "19.20")


def row(gnum: int, gcode: str, total: str, **more: str) -> dict[str, str]:
    return {"gnum": str(gnum), "gcode": gcode, "totalPrice": total, "qty": "1", "qty1": "1", **more}


@pytest.mark.parametrize(
    ("line", "consumption", "vat"),
    [
        (row(1, "1509200000", "100"), "0.00", "6.30"),
        (row(1, "1905310000", "100"), "0.00", "9.10"),
        # 100 / 0.9 = 111.11: a tenth, and 13 % of it; 70 % of each.
        (row(1, "2204210000", "100"), "7.78", "10.11"),
        # (100 + 0.5 × 0.912) / 0.8 = 125.57: a fifth and 0.456; 13 %.
        (row(1, "2208909099", "100", qty1="0.5"), "17.90", "11.43"),
        # 500 for 50 ml are high-end, 499.99 are not.
        (row(1, "3304990031", "500", gmodel="面霜|50ml"), "61.76", "53.53"),
        (row(1, "3304990031", "499.99", gmodel="面霜|50ml"), "0.00", "45.50"),
        (row(1, "3304990031", "999", gmodel="面霜|50毫升/瓶", qty="2"), "0.00", "90.91"),
    ],
)
def test_rates(line: dict[str, str], consumption: str, vat: str) -> None:
    document = Document(kind="621", head={"freight": "0", "insuredFee": "0"}, lines=[line], value=100)
    (billed,) = bills.lines_of(document)
    assert (f"{billed.consumption:.2f}", f"{billed.vat:.2f}", billed.duty) == (consumption, vat, 0)


def test_freight_and_insurance_are_spread_by_value() -> None:
    rows = [row(number, "1905310000", price) for number, price in ((1, "10"), (2, "10"), (3, "10"))]
    head: dict[str, Any] = {"freight": "10", "insuredFee": "1"}
    found = bills.lines_of(Document(kind="621", head=head, lines=rows, value=41))
    assert [f"{one.price:.2f}" for one in found] == ["13.66", "13.66", "13.68"]


@pytest.mark.parametrize(("gcode", "value"), [("8517130000", "100"), ("1905310000", "5000.01")])
def test_goods_that_the_port_cannot_tax_get_no_bill(gcode: str, value: str) -> None:
    head = {"freight": "0", "insuredFee": "0", "buyerName": declarant.BUYER}
    document = Document(kind="621", head=head, lines=[row(1, gcode, value)], value=bills.Decimal(value))
    assert bills.lines_of(document) == []

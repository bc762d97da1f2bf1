"""Tax bills of released inventories: CEB816 with every line's taxes, CEB818 when bills were put into one payment.

The taxes are worked out here a second time, by a short table of the goods that the demonstration sells. Goods that are
not in it get no bill. As with customs the figures are what is due, already at 70 %.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lxml import etree

from sandbox.customs_port import rules
from sandbox.customs_port.models import Document
from sandbox.customs_port.personas import persona_of
from sandbox.customs_port.reader import number
from sandbox.customs_port.receipts import new_guid, return_time, tell
from sandbox.customs_port.tables import NAMESPACE
from sandbox.jobs import job, schedule

#: Real-world seconds from the release to the bill, and from the bill to its sum in a payment. With customs the
#: second takes until days 31 to 45.
BILLED, SUMMED = 300, 900
ISSUED, SUMMED_UP = "1", "2"
CENT = Decimal("0.01")
#: Part of the statutory taxes that is levied within the limits (Ministry of Finance notice 2018 No. 49).
SHARE = Decimal("0.70")
VAT = Decimal("0.13")
FOODS_VAT = Decimal("0.09")
#: Headings of farm produce and edible oils, taxed at the lower rate of VAT.
LOWER_VAT = re.compile(r"04(09)|0712|080[12]|081[34]|0904|0910|1006|1211|15(09|10)")
#: Headings of goods that bear no consumption tax, by chapter: foods, medicines, soap, household goods.
PLAIN = re.compile(
    r"04|07|08|09|10|12|13|15|16|17|18|19|20|21|220[129]|300[345]|3301|330[567]|3401|3406|42|49|6[239]|70"
)
WINE = re.compile(r"220[456]")
SPIRITS = re.compile(r"2208")
COSMETICS = re.compile(r"330[34]")
#: CNY of consumption tax on a litre of spirits.
SPIRITS_LITRE = Decimal("0.912")
#: CNY a millilitre or gram from which make-up and skin care count as high-end.
HIGH_END = Decimal(10)
_LABEL = re.compile(r"(\d+(?:\.\d+)?)\s*(毫升|克|ml|g)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Billed:
    """One line of a bill. ``price`` is its dutiable value."""

    gnum: str
    gcode: str
    price: Decimal
    duty: Decimal
    consumption: Decimal
    vat: Decimal


def plan(document: Document) -> None:
    """Ask for the bill of an inventory that has just been released."""
    schedule("customs.bill", {"id": document.pk}, delay_seconds=BILLED)


@job("customs.bill")
def bill(payload: dict[str, Any]) -> None:
    """Give the bill, and ask for its sum."""
    document = Document.objects.select_for_update().get(pk=payload["id"])
    lines = lines_of(document)
    if document.deleted or not lines:
        return
    tell(document, "CEB816Message", ISSUED, bill_xml(document, lines))
    schedule("customs.bill_summed", {"id": document.pk}, delay_seconds=SUMMED)


@job("customs.bill_summed")
def summed(payload: dict[str, Any]) -> None:
    """Say that the bill has been put into a payment."""
    document = Document.objects.get(pk=payload["id"])
    tell(document, "CEB818Message", SUMMED_UP, status_xml(document))


# -- figures ---------------------------------------------------------------------------------------------------


def lines_of(document: Document) -> list[Billed]:
    """Return the taxed lines of an inventory, none when one of them is of goods that this port cannot tax."""
    head, rows = document.head, document.lines
    values = [number(row, "totalPrice") for row in rows]
    carried = _shares(number(head, "freight"), values)
    insured = _shares(number(head, "insuredFee"), values)
    full = document.value > rules.SINGLE_LIMIT
    if full or not all(_known(row["gcode"]) for row in rows):
        return []
    lines = [
        _line(row, value + freight + insurance)
        for row, value, freight, insurance in zip(rows, values, carried, insured, strict=True)
    ]
    if persona_of(head.get("buyerName", "")).bill_differs:
        first = lines[0]
        wrong = Billed(
            first.gnum, first.gcode, first.price, first.duty, first.consumption, first.vat + Decimal("1.00")
        )
        lines[0] = wrong
    return lines


def _known(gcode: str) -> bool:
    return any(one.match(gcode) for one in (PLAIN, WINE, SPIRITS, COSMETICS))


def _shares(total: Decimal, values: list[Decimal]) -> list[Decimal]:
    """Spread a charge by value to the fen; the last line takes what is left."""
    whole = sum(values, Decimal(0))
    if not total or not whole:
        return [Decimal(0)] * len(values)
    shares = [_cent(total * value / whole) for value in values[:-1]]
    return [*shares, total - sum(shares, Decimal(0))]


def _line(row: dict[str, str], price: Decimal) -> Billed:
    gcode = row["gcode"]
    rate, by_quantity = Decimal(0), Decimal(0)
    if WINE.match(gcode):
        rate = Decimal("0.10")
    elif SPIRITS.match(gcode):
        rate, by_quantity = Decimal("0.20"), SPIRITS_LITRE * number(row, "qty1")
    elif COSMETICS.match(gcode):
        rate = Decimal("0.15") if _high_end(row, price) else rate
    vat = FOODS_VAT if LOWER_VAT.match(gcode) else VAT
    composed = (price + by_quantity) / (1 - rate)
    return Billed(
        row["gnum"],
        gcode,
        price,
        Decimal(0),
        _cent((composed * rate + by_quantity) * SHARE),
        _cent(composed * vat * SHARE),
    )


def _high_end(row: dict[str, str], price: Decimal) -> bool:
    """Compare the price of a millilitre or gram, by the contents that the model names."""
    label = _LABEL.search(row.get("gmodel", ""))
    return label is not None and price >= HIGH_END * Decimal(label[1]) * number(row, "qty")


def _cent(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


# -- messages --------------------------------------------------------------------------------------------------


def number_of(document: Document) -> str:
    """Return the number of an inventory's bill."""
    return f"{document.invt_no}D"


def bill_xml(document: Document, lines: list[Billed]) -> str:
    """Return the CEB816 of an inventory."""
    head = document.head
    sums = [
        f"{sum((getattr(line, name) for line in lines), Decimal(0)):.2f}"
        for name in ("duty", "vat", "consumption")
    ]
    fields = {
        **_key(document),
        **dict(zip(("customsTax", "valueAddedTax", "consumptionTax"), sums, strict=True)),
        "status": ISSUED,
        "entDutyNo": "",
        "note": "",
        "assureCode": head.get("assureCode") or head["agentCode"],
        "ebcCode": head["ebcCode"],
        "logisticsCode": head["logisticsCode"],
        "agentCode": head["agentCode"],
        "customsCode": head["customsCode"],
    }
    rows = [
        {
            "gnum": line.gnum,
            "gcode": line.gcode,
            "taxPrice": f"{line.price:.2f}",
            "customsTax": f"{line.duty:.2f}",
            "valueAddedTax": f"{line.vat:.2f}",
            "consumptionTax": f"{line.consumption:.2f}",
        }
        for line in lines
    ]
    return _message("CEB816Message", ("TaxHeadRd", fields), *(("TaxListRd", row) for row in rows))


def status_xml(document: Document) -> str:
    """Return the CEB818 that says of a bill that it was put into a payment."""
    head = document.head
    fields = {
        **_key(document),
        "status": SUMMED_UP,
        "entDutyNo": f"{head['customsCode']}{return_time()[:8]}{document.pk:09d}",
        "assureCode": head.get("assureCode") or head["agentCode"],
    }
    return _message("CEB818Message", ("TaxHeadStatus", fields))


def _key(document: Document) -> dict[str, str]:
    return {
        "guid": new_guid(),
        "returnTime": return_time(),
        "invtNo": document.invt_no,
        "taxNo": number_of(document),
    }


def _message(message_type: str, *nodes: tuple[str, dict[str, str]]) -> str:
    root = etree.Element(f"{{{NAMESPACE}}}{message_type}", nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # default namespace
    root.set("guid", new_guid())
    root.set("version", "1.0")
    wrapper = etree.SubElement(root, f"{{{NAMESPACE}}}Tax")
    for name, fields in nodes:
        node = etree.SubElement(wrapper, f"{{{NAMESPACE}}}{name}")
        for field, value in fields.items():
            etree.SubElement(node, f"{{{NAMESPACE}}}{field}").text = value
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode()

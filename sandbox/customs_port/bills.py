"""Tax bills of released inventories: CEB816 with every line's taxes, CEB818 when bills were put into one payment.

A return makes the bill void (CEB818) and another one come for what is left.

The taxes are worked out here a second time, by a short table of the goods that the demonstration sells. Goods that are
not in it get no bill. As with customs the figures are what is due, already at 70 %.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import QuerySet
from lxml import etree

from sandbox.customs_port import rules
from sandbox.customs_port.models import Document, Receipt
from sandbox.customs_port.personas import REVIEWED, persona_of
from sandbox.customs_port.reader import number
from sandbox.customs_port.receipts import new_guid, return_time, tell
from sandbox.customs_port.tables import NAMESPACE
from sandbox.jobs import job, schedule

#: Real-world seconds from the release to the bill, and from the bill to its sum in a payment. With customs the
#: second takes until days 31 to 45.
BILLED, SUMMED = 300, 900
ISSUED, SUMMED_UP, VOID = "1", "2", "3"
BILL, STATUS = "CEB816Message", "CEB818Message"
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
    _issue(Document.objects.select_for_update().get(pk=payload["id"]))


def _issue(document: Document) -> None:
    """Give a bill of what has not been sent back."""
    lines = left_of(document)
    if document.deleted or not lines:
        return
    tax_no = f"{document.invt_no}D{_told(document, BILL).count() or ''}"
    tell(document, BILL, ISSUED, bill_xml(document, tax_no, lines))
    schedule("customs.bill_summed", {"id": document.pk, "tax_no": tax_no}, delay_seconds=SUMMED)


def renew(document: Document) -> None:
    """Make a bill out anew after a return: the one before is void. One that was put into a payment stays."""
    tax_no = standing(document)
    if tax_no is None or _told(document, STATUS).filter(status=SUMMED_UP).exists():
        return
    tell(document, STATUS, VOID, status_xml(document, tax_no, VOID))
    _issue(document)


def standing(document: Document) -> str | None:
    """Return the number of the bill of an inventory that is not void."""
    issued = [etree.fromstring(one.xml.encode()) for one in _told(document, BILL).order_by("pk")]
    if len(issued) <= _told(document, STATUS).filter(status=VOID).count():
        return None
    return issued[-1].findtext(f".//{{{NAMESPACE}}}taxNo")


def _told(document: Document, message_type: str) -> QuerySet[Receipt]:
    return Receipt.objects.filter(document=document, message_type=message_type)


@job("customs.bill_summed")
def summed(payload: dict[str, Any]) -> None:
    """Say that the bill has been put into a payment."""
    document = Document.objects.select_for_update().get(pk=payload["id"])
    if standing(document) == payload["tax_no"]:
        tell(document, STATUS, SUMMED_UP, status_xml(document, payload["tax_no"], SUMMED_UP))


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


def left_of(document: Document) -> list[Billed]:
    """Return the taxed lines without what granted returns have taken back, each sum by its share of the pieces."""
    declared = {row["gnum"]: number(row, "qty") for row in document.lines}
    gone: dict[str, Decimal] = {}
    for back in Document.objects.filter(kind="625", invt_no=document.invt_no, status=REVIEWED[0]):
        for row in back.lines:
            gone[row["gnum"]] = gone.get(row["gnum"], Decimal(0)) + number(row, "qty")
    return [
        _less(line, gone.get(line.gnum, Decimal(0)) / declared[line.gnum])
        for line in lines_of(document)
        if gone.get(line.gnum, Decimal(0)) < declared[line.gnum]
    ]


def _less(line: Billed, share: Decimal) -> Billed:
    price, duty, consumption, vat = (
        whole - _cent(whole * share) for whole in (line.price, line.duty, line.consumption, line.vat)
    )
    return Billed(line.gnum, line.gcode, price, duty, consumption, vat)


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


def bill_xml(document: Document, tax_no: str, lines: list[Billed]) -> str:
    """Return the CEB816 of an inventory."""
    head = document.head
    sums = [
        f"{sum((getattr(line, name) for line in lines), Decimal(0)):.2f}"
        for name in ("duty", "vat", "consumption")
    ]
    fields = {
        **_key(document, tax_no),
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
    return _message(BILL, ("TaxHeadRd", fields), *(("TaxListRd", row) for row in rows))


def status_xml(document: Document, tax_no: str, status: str) -> str:
    """Return the CEB818 that says of a bill that it was put into a payment, or is void."""
    head = document.head
    paid_by = f"{head['customsCode']}{return_time()[:8]}{document.pk:09d}"
    fields = {
        **_key(document, tax_no),
        "status": status,
        "entDutyNo": paid_by if status == SUMMED_UP else "",
        "assureCode": head.get("assureCode") or head["agentCode"],
    }
    return _message(STATUS, ("TaxHeadStatus", fields))


def _key(document: Document, tax_no: str) -> dict[str, str]:
    return {
        "guid": new_guid(),
        "returnTime": return_time(),
        "invtNo": document.invt_no,
        "taxNo": tax_no,
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

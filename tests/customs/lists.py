"""Declarations with own figures, documents in a state, and receipts about them, for tests of what is owed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from typing import Any

from plugins.customs_declaration import receipts
from plugins.customs_declaration.duties import figures
from plugins.customs_declaration.messages import MessageData, build, make_guid, parse, stamp, to_bytes
from plugins.customs_declaration.models import CustomsDocument, Declaration, Receipt
from saleor_ext.core import clock

from .parcels import cny, line, parcel

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def view(number: str = "PT1", **changes: Any) -> Any:
    """Two lines: 3 boxes of biscuits for 30.00 each and one bottle of wine for 100.00; delivery 10.00."""
    lines = changes.pop(
        "lines",
        (
            line(1, 3, "30.00"),
            line(2, 1, "100.00", hs_code="2204210000", unit1="095", qty1=D("0.75"), name="红葡萄酒"),
        ),
    )
    return parcel(number, lines=lines, freight=cny("10.00"), tax_total=cny("27.46"), **changes)


def declared(
    number: str = "PT1", *, kept: bool = True, released: datetime | None = None, **more: Any
) -> Declaration:
    """A declaration with figures; its list has the number ``5165``…"""
    about = view(number, **more)
    made = Declaration.objects.create(
        parcel_id=about.id, order_no=f"W{number}", cop_no=number, lane="bonded_1210", state="list",
        invt_no=invt_no(number), pre_no=f"B{number:0>17}", dutiable_value=D("200.00"),
        tax_total=about.tax_total.amount, created_at=clock.now(), released_at=released,
    )  # fmt: skip
    if kept:
        assert figures.keep(made, about) is not None
    return Declaration.objects.get(pk=made.pk)


def invt_no(number: str) -> str:
    return f"51652026I{number[2:]:0>9}"


def document(
    declaration: Declaration, kind: str, state: str = "sent", version: int = 1, body: str = "<x/>"
) -> CustomsDocument:
    return CustomsDocument.objects.create(
        declaration=declaration, kind=kind, version=version, state=state, body=body, body_sha256="0" * 64,
        guid=make_guid(declaration.pk, kind, version), key_name="k", created_at=START,
    )  # fmt: skip


def refund(
    declaration: Declaration, pieces: dict[int, int], version: int = 1, state: str = "sent"
) -> CustomsDocument:
    rows = [
        {"gnum": str(gnum), "gcode": "1905310000", "gname": "x", "qty": str(count), "unit": "140"}
        for gnum, count in pieces.items()
    ]
    content = {"InvtRefundHead": {"guid": make_guid("refund", version)}, "InvtRefundList": rows}
    data = MessageData("CEB625Message", make_guid("m", version), "1.0", [content])
    return document(declaration, "CEB625Message", state, version, to_bytes(build(data)).decode())


def bill(
    number: str = "PT1",
    tax_no: str = "T1",
    *,
    status: str = "1",
    after: float = 10,
    rows: Any = None,
    **head: str,
) -> Receipt | None:
    """CEB816 with the very figures of ``view``, unless told."""
    lines = rows or [
        {"gnum": "1", "gcode": "1905310000", "taxPrice": "94.74", "customsTax": "0", "valueAddedTax": "8.62",
         "consumptionTax": "0"},
        {"gnum": "2", "gcode": "2204210000", "taxPrice": "105.26", "customsTax": "0.00000", "valueAddedTax": "10.64",
         "consumptionTax": "8.19"},
    ]  # fmt: skip
    values = {
        "guid": make_guid("bill", tax_no, after, status, *head.values()), "returnTime": at(after),
        "invtNo": invt_no(number), "taxNo": tax_no, "customsTax": "0", "valueAddedTax": "19.26",
        "consumptionTax": "8.19", "status": status, "assureCode": "4401960PT2", "agentCode": "4401960PT2", **head,
    }  # fmt: skip
    return receive("CEB816Message", {"TaxHeadRd": values, "TaxListRd": lines})


def bill_of_rest(tax_no: str = "T2", after: float = 30) -> Receipt | None:
    """CEB816 with the figures of ``view`` after one of the three boxes of line 1 went back."""
    rows = [
        {"gnum": "1", "gcode": "1905310000", "taxPrice": "63.16", "customsTax": "0", "valueAddedTax": "5.75",
         "consumptionTax": "0"},
        {"gnum": "2", "gcode": "2204210000", "taxPrice": "105.26", "customsTax": "0", "valueAddedTax": "10.64",
         "consumptionTax": "8.19"},
    ]  # fmt: skip
    return bill(tax_no=tax_no, rows=rows, after=after, valueAddedTax="16.39")


def bill_status(
    number: str = "PT1", tax_no: str = "T1", status: str = "2", after: float = 20, **head: str
) -> Receipt | None:
    values = {
        "guid": make_guid("status", tax_no, after, status), "returnTime": at(after), "invtNo": invt_no(number),
        "taxNo": tax_no, "status": status, "entDutyNo": "P1", "assureCode": "4401960PT2", **head,
    }  # fmt: skip
    return receive("CEB818Message", {"TaxHeadStatus": values})


def answer(message: str, declaration: Declaration, status: str, after: float = 1) -> Receipt | None:
    """A receipt of 622 for a declaration's list."""
    fields = {
        "guid": make_guid(message, status, after), "copNo": declaration.cop_no, "preNo": declaration.pre_no,
        "invtNo": declaration.invt_no, "returnStatus": status, "returnTime": at(after), "returnInfo": "x",
    }  # fmt: skip
    return receive(message, fields)


def at(after: float) -> str:
    return stamp(START + timedelta(seconds=after), 17)


def receive(message: str, content: dict[str, Any]) -> Receipt | None:
    """Write a receipt, read it as it would come, and apply it."""
    data = parse(to_bytes(build(MessageData(message, make_guid(message), "1.0", [content]))))
    return receipts.apply(data, data.documents[0])

"""Declarations, messages and receipts as rows, for tests that read them."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from plugins.customs_declaration.models import CustomsDocument, Declaration, Receipt
from saleor_ext.core import clock

from .cases import head_of, lines_of, sound, xml

_numbers = itertools.count(1)


def declaration(state: str = "list", *, age: timedelta = timedelta(0), **changes: Any) -> Declaration:
    """A case with numbers of its own."""
    case = unsaved(state, age=age, **changes)
    case.save(force_insert=True)
    return case


def unsaved(state: str, *, age: timedelta = timedelta(0), **changes: Any) -> Declaration:
    """A case that is not stored yet, for many at once."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "parcel_id": uuid.uuid4(),
        "order_no": f"WPT{number:08d}",
        "cop_no": f"PT{number:08d}",
        "logistics_no": f"SF{number:08d}",
        "lane": "bonded_1210",
        "merchant": "bakery",
        "pay_no": f"42{number:08d}",
        "dutiable_value": Decimal("218.00"),
        "tax_total": Decimal("19.84"),
        "created_at": clock.now() - age,
    }
    return Declaration(state=state, **{**values, **changes})


def document(
    case: Declaration,
    kind: str = "CEB621Message",
    state: str = "sent",
    *,
    version: int = 1,
    head: dict[str, str] | None = None,
    line: dict[str, str] | None = None,
    **changes: Any,
) -> CustomsDocument:
    """A message of the case, its fields invented but for what is given."""
    data = sound(kind)
    head_of(data).update({"guid": str(uuid.uuid4()).upper(), "orderNo": case.order_no, **(head or {})})
    if line:
        lines_of(data)[0].update(line)
    body = xml(data).decode()
    values: dict[str, Any] = {
        "guid": head_of(data)["guid"],
        "body_sha256": hashlib.sha256(body.encode()).hexdigest(),
        "key_name": "01",
        "created_at": case.created_at,
    }
    return CustomsDocument.objects.create(
        declaration=case, kind=kind, version=version, state=state, body=body, **{**values, **changes}
    )


def receipt(
    for_document: CustomsDocument | None,
    status: str = "100",
    text: str = "[Code:1313;Desc:年度限额]",
    *,
    at: datetime | None = None,
    message: str = "CEB622Message",
    **raw: str,
) -> Receipt:
    guid = str(uuid.uuid4()).upper()
    return Receipt.objects.create(
        digest=hashlib.sha256(guid.encode()).hexdigest(),
        message=message,
        document=for_document,
        raw={"guid": guid, "returnStatus": status, **raw},
        status=status,
        text=text,
        returned_at=at or clock.now(),
        received_at=at or clock.now(),
        moved=for_document is not None,
    )

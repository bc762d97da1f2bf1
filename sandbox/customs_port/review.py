"""What customs does with a document after the E-port took it."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.customs_port import afterwards, bills, rules
from sandbox.customs_port.models import Document, PaymentFact, WaybillFact
from sandbox.customs_port.personas import RELEASED, REVIEWED, Persona, persona_of
from sandbox.customs_port.receipts import faults, give
from sandbox.customs_port.rules import Reason
from sandbox.jobs import job, schedule

#: Real-world seconds between the steps of customs.
STEP = 25
#: How often, and how long apart, missing documents are looked for before the inventory is rejected.
TRIES, PAUSE = 30, 60


def _document(payload: dict[str, Any]) -> Document | None:
    """Return the document unless it was amended since."""
    return (
        Document.objects.select_for_update()
        .filter(pk=payload["id"], version=payload["version"], deleted=False)
        .first()
    )


def _give(
    document: Document, status: str, info: str, persona: Persona, hold: float = 0, *, moves: bool = True
) -> None:
    if moves:
        document.status = status
        document.save(update_fields=["status", "invt_no", "pre_no"])
    give(
        document.message,
        document.kind,
        document.head,
        status,
        info,
        document=document,
        double=persona.double,
        hold_seconds=hold,
    )


@job("customs.status")
def status(payload: dict[str, Any]) -> None:
    """Give one planned receipt."""
    document = _document(payload)
    if document is not None and not document.rejected:
        persona = persona_of(document.head.get("buyerName", ""))
        hold = float(payload.get("hold", 0))
        if payload["status"] == "2":
            hold += _shuffle_hold(persona, 4)
        _give(
            document, payload["status"], payload["info"], persona, hold, moves=not _passed(document, payload)
        )
        if document.kind == "621" and (payload["status"], payload["info"]) == RELEASED:
            bills.plan(document)


def _passed(document: Document, payload: dict[str, Any]) -> bool:
    """Tell whether the document is beyond a planned status: a worker that died had it, and it comes late."""
    if payload["status"] == "2":
        return document.status not in {"", "1", "2"}
    return document.status in payload.get("later", ())


def _shuffle_hold(persona: Persona, steps: int) -> float:
    """Keep early receipts back until the later ones are out, when order is to be upset."""
    return STEP * steps if persona.shuffle or faults().get("shuffle") else 0


@job("customs.review")
def review(payload: dict[str, Any]) -> None:
    """Compare and decide."""
    document = _document(payload)
    if document is None:
        return
    persona = persona_of(document.head.get("buyerName", ""))
    if document.kind == "311":
        _review_order(document, persona)
    elif document.kind == "621":
        _review_inventory(document, persona, payload)
    elif document.kind in afterwards.KINDS:
        _decide(document, persona)
    else:
        _give(document, "120", "[Code:1800;Desc:逻辑校验通过]", persona)


def _review_order(document: Document, persona: Persona) -> None:
    reason = persona.order_rejection
    if reason is None and not rules.id_number_is_valid(document.head["buyerIdNumber"]):
        reason = Reason("1300", "订购人身份证号码错误")
    if reason:
        _give(document, "100", str(reason), persona)
    else:
        _give(document, "120", "[Code:1800;Desc:逻辑校验通过]", persona)


def _decide(document: Document, persona: Persona) -> None:
    """Grant or refuse a cancellation or return."""
    reason = afterwards.refusal(document, persona)
    if reason:
        _give(document, "100", str(reason), persona)
        return
    if persona.return_review and document.kind == "625" and document.status != "300":
        _give(document, "300", "[Code:1200;Desc:待人工审核]", persona)
        schedule(
            "customs.review", {"id": document.pk, "version": document.version, "tries": 0}, delay_seconds=STEP
        )
        return
    _give(document, *REVIEWED, persona)
    afterwards.grant(document)


def _missing(document: Document) -> tuple[Document | None, PaymentFact | None, WaybillFact | None]:
    order = Document.objects.filter(kind="311", order_no=document.order_no, deleted=False).first()
    payments = PaymentFact.objects.filter(order_no=document.order_no)
    if order and order.head.get("payTransactionId"):
        payments = payments.filter(pay_transaction_id=order.head["payTransactionId"]) or payments
    waybill = WaybillFact.objects.filter(
        logistics_code=document.head["logisticsCode"], logistics_no=document.head["logisticsNo"]
    ).first()
    return order, payments.first(), waybill


def _review_inventory(document: Document, persona: Persona, payload: dict[str, Any]) -> None:
    order, payment, waybill = _missing(document)
    ready = order is not None and order.status == "120"
    if not (ready and payment and waybill):
        if payload["tries"] < TRIES:
            schedule("customs.review", {**payload, "tries": payload["tries"] + 1}, delay_seconds=PAUSE)
            return
        lacking = [
            label for label, there in (("订单", ready), ("支付单", payment), ("运单", waybill)) if not there
        ]
        _give(document, "100", str(Reason("9000", f"未找到对应的{'、'.join(lacking)}")), persona)
        return
    assert order is not None and payment is not None and waybill is not None
    again = persona.first_only and document.version > 1
    reason = (
        (None if again else persona.rejection)
        or _limits(document)
        or rules.compare(document, order, payment, waybill)
    )
    if reason:
        _give(document, "100", str(reason), persona)
        return
    _accept(document, persona)


def _limits(document: Document) -> Reason | None:
    if not rules.id_number_is_valid(document.head["buyerIdNumber"]):
        return Reason("1300", "订购人身份证号码错误")
    year = int(document.head["declTime"][:4])
    total = rules.used_this_year(document.buyer_id_number, year, document) + document.value
    return rules.yearly_reason(total) if total > rules.YEARLY_LIMIT else None


def _accept(document: Document, persona: Persona) -> None:
    """Store it, then plan the review and the release."""
    if not document.invt_no:
        head = document.head
        serial = f"{secrets.randbelow(10**9):09d}"
        document.invt_no = f"{head['customsCode']}{head['declTime'][:4]}I{serial}"
    _give(document, "120", "[Code:1800;Desc:逻辑校验通过]", persona, _shuffle_hold(persona, 3))
    steps = list(persona.between or (REVIEWED,))
    if persona.released:
        steps.append(RELEASED)
    factor = persona.late * persona.slow * float(faults().get("late") or 1)
    for index, (code, info) in enumerate(steps, 1):
        schedule(
            "customs.status",
            {
                "id": document.pk,
                "version": document.version,
                "status": code,
                "info": info,
                "later": [later for later, _ in steps[index:]],
            },
            delay_seconds=STEP * index * factor,
        )

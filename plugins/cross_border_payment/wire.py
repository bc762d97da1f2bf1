"""Keeps the verbatim bytes of every exchange with a payment company."""

from __future__ import annotations

import base64
import hashlib

from saleor_ext.core import audit, clock

from .models import PaymentWireRecord
from .port import WireEntry, WireRecorder


def recorder(gateway: str, account: str) -> WireRecorder:
    """Return a function that stores entries of one account."""

    def record(entry: WireEntry) -> None:
        keep(gateway, account, entry)

    return record


def keep(gateway: str, account: str, entry: WireEntry) -> PaymentWireRecord:
    return PaymentWireRecord.objects.create(
        at=clock.now(),
        gateway=gateway,
        account=account,
        kind=entry.kind,
        operation=entry.operation,
        reference=entry.reference[:64],
        url=entry.url[:500],
        status=entry.status,
        headers=dict(entry.headers),
        sealed_body=base64.b64encode(entry.body).decode(),
        sha256=hashlib.sha256(entry.body).hexdigest(),
        size=len(entry.body),
    )


def reveal(record: PaymentWireRecord, *, actor: str, reason: str) -> bytes:
    """Open a record for a person; every reading is audited.

    :raises ValueError: when the bytes are not the ones that were stored
    """
    audit.record("payment.wire_read", "payment_wire_record", record.pk, actor=actor, reason=reason)
    body = base64.b64decode(record.sealed_body)
    if hashlib.sha256(body).hexdigest() != record.sha256:
        raise ValueError("the stored bytes do not match their digest")
    return body

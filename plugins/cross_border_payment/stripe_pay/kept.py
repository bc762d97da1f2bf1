"""Finds Stripe's ids in the answers that were kept, so that no second place has to remember them."""

from __future__ import annotations

import base64
import json

from ..models import PaymentWireRecord
from ..port import WireKind
from .gateway import KnownId, StripeGateway


def ids(account: str) -> KnownId:
    """Return a function that tells which object an operation made under one of our numbers."""

    def known(operation: str, reference: str) -> str:
        row = (
            PaymentWireRecord.objects.filter(
                gateway=StripeGateway.identifier,
                account=account,
                kind=WireKind.ANSWER,
                operation=operation,
                reference=reference,
                status=200,
            )
            .order_by("at")
            .first()
        )
        return "" if row is None else _id(base64.b64decode(row.sealed_body))

    return known


def _id(answer: bytes) -> str:
    """Read the id; a 200 that is not Stripe's, from a proxy say, tells none."""
    try:
        return str(json.loads(answer)["id"])
    except (ValueError, KeyError, TypeError):
        return ""

"""Correcting what was noted of an article when it was sold, so that a refused declaration can be made right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from saleor_ext.core import audit
from saleor_ext.core.errors import PermanentError

from .models import Parcel, ParcelLine
from .views_of import facts_from_json, facts_to_json

#: Facts that a correction may change. Not the article itself, its lane or merchant, and not the HS code: the tax
#: that the buyer has paid was reckoned with it.
CORRECTABLE = frozenset(
    {
        "name",
        "gmodel",
        "origin",
        "unit",
        "unit1",
        "qty1",
        "unit2",
        "qty2",
        "net_g",
        "gross_g",
        "barcode",
        "item_record_no",
    }
)
_CLOSED = frozenset({Parcel.State.SHIPPED, Parcel.State.DELIVERED, Parcel.State.CANCELLED})


def correct_line(
    parcel_id: UUID | str, gnum: int, changes: Mapping[str, Any], *, actor: str, reason: str
) -> None:
    """Change facts of one line; values as ``VariantFacts`` has them.

    :raises PermanentError: no such line or fact, or the parcel is past correcting
    """
    unknown = sorted(set(changes) - CORRECTABLE)
    if unknown:
        raise PermanentError(f"cannot be corrected: {', '.join(unknown)}", code="not_correctable")
    with transaction.atomic():
        parcel = Parcel.objects.select_for_update().filter(pk=parcel_id).first()
        line = ParcelLine.objects.filter(parcel=parcel, gnum=gnum).first() if parcel else None
        if parcel is None or line is None:
            raise PermanentError(f"no line {gnum} of parcel {parcel_id}", code="not_found")
        if parcel.state in _CLOSED:
            raise PermanentError(f"parcel {parcel.number} is {parcel.state}", code="parcel_closed")
        before = dict(line.facts)
        line.facts = facts_to_json(facts_from_json({**before, **changes}))
        told = {
            name: [before.get(name), line.facts[name]]
            for name in sorted(changes)
            if before.get(name) != line.facts[name]
        }
        if not told:
            return
        line.name = line.facts["name"]
        line.save(update_fields=["facts", "name"])
        audit.record(
            "parcel.line_corrected", "parcel", parcel.pk, actor=actor, reason=reason, line=gnum, changes=told
        )

"""Correcting what is declared of a parcel, so that a refused declaration can be made right.

Corrections lie beside the parcel: the order, its lines and its buyer stay as they were sold. Each is a row with the
value before and after (sealed, for some are a person's), who made it and why; of a field the newest counts. What a
parcel says to plugins (``views_of``) has them in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.identity import services as identity
from saleor_ext.identity.models import Person
from saleor_ext.plugin_api.registry import manager
from saleor_ext.plugin_api.types import CorrectionView
from saleor_ext.plugin_api.types import ParcelLine as LineView

from .models import Parcel, ParcelCorrection
from .views_of import facts_from_json, facts_to_json, parcel_view

#: Facts that a correction may change. Not the article itself, its lane or merchant.
CORRECTABLE = frozenset(
    {
        "name",
        "gmodel",
        "hs_code",
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
#: Figures of a line that may be told otherwise as long as they come to what was paid for it.
FIGURES = frozenset({"declared_quantity", "declared_price"})
#: Parts of the delivery address that a correction may change.
CONSIGNEE = frozenset({"name", "phone", "province", "city", "district", "street"})
BUYER = "buyer"
_CLOSED = frozenset(
    {Parcel.State.RELEASED, Parcel.State.SHIPPED, Parcel.State.DELIVERED, Parcel.State.CANCELLED}
)
_FEN = Decimal("0.01")
#: Places of a unit price in customs' messages.
_PRICE = Decimal("0.00001")


def correct_line(
    parcel_id: UUID | str, gnum: int, changes: Mapping[str, Any], *, actor: str, reason: str
) -> None:
    """Change facts of one line, values as ``VariantFacts`` has them, or its declared quantity and unit price.

    :raises PermanentError: no such line or fact, figures that do not come to what was paid, or the parcel is past
        correcting
    """
    _only(changes, CORRECTABLE | FIGURES)
    with transaction.atomic():
        parcel = _open(parcel_id)
        line = next((one for one in parcel_view(parcel).lines if one.gnum == gnum), None)
        if line is None:
            raise PermanentError(f"no line {gnum} of parcel {parcel_id}", code="not_found")
        before = facts_to_json(line.facts)
        facts = {name: value for name, value in changes.items() if name in CORRECTABLE}
        after = facts_to_json(facts_from_json({**before, **facts}))
        told = {name: (before.get(name), after[name]) for name in sorted(facts)}
        told |= _figures(line, changes)
        told = {name: (old, new) for name, (old, new) in told.items() if old != new}
        if not told:
            return
        for name, (old, new) in told.items():
            _note(parcel, name, old, new, actor=actor, reason=reason, gnum=gnum)
        audit.record(
            "parcel.line_corrected", "parcel", parcel.pk, actor=actor, reason=reason, line=gnum,
            changes={name: list(pair) for name, pair in told.items()},
        )  # fmt: skip


def correct_consignee(parcel_id: UUID | str, changes: Mapping[str, str], *, actor: str, reason: str) -> None:
    """Change parts of the delivery address as it is declared; the audit log names the parts, not what they say.

    Plugins hear of it by the hook ``consignee_corrected``, in the same transaction.

    :raises PermanentError: no such part, an empty name, or the parcel is past correcting
    """
    _only(changes, CONSIGNEE)
    if not changes.get("name", "x").strip():
        raise PermanentError("a consignee has a name", code="empty")
    with transaction.atomic():
        parcel = _open(parcel_id)
        before = asdict(parcel_view(parcel).consignee)
        told = {
            name: value.strip() for name, value in sorted(changes.items()) if value.strip() != before[name]
        }
        if not told:
            return
        for name, value in told.items():
            _note(parcel, name, before[name], value, actor=actor, reason=reason, personal=True)
        audit.record(
            "parcel.consignee_corrected", "parcel", parcel.pk, actor=actor, reason=reason, fields=list(told)
        )
        manager().hook.consignee_corrected(parcel=parcel_view(parcel))


def correct_buyer(
    parcel_id: UUID | str, *, name: str, id_number: str, phone: str, actor: str, reason: str
) -> None:
    """Declare a parcel for a person entered anew; who was named before stays in the vault as he was.

    Plugins hear of it by the hook ``buyer_corrected``, in the same transaction.

    :raises IdentityInvalid: when name or number would be refused by customs
    :raises PermanentError: the parcel has no named buyer, or is past correcting
    """
    with transaction.atomic():
        parcel = _open(parcel_id)
        before = parcel_view(parcel).buyer
        if before is None:
            raise PermanentError("the parcel has no named buyer", code="identity_missing")
        person = identity.name_person(name=name, id_number=id_number, phone=phone, actor=actor, reason=reason)
        _note(
            parcel, BUYER, before.reference, str(person.pk), actor=actor, reason=reason, personal=True, person=person
        )  # fmt: skip
        audit.record(
            "parcel.buyer_corrected", "parcel", parcel.pk, actor=actor, reason=reason,
            before=before.reference, after=str(person.pk),
        )  # fmt: skip
        manager().hook.buyer_corrected(parcel=parcel_view(parcel))


def history(parcel_id: UUID | str) -> list[CorrectionView]:
    """Return a parcel's corrections, the newest first; persons by their first character only."""
    found = ParcelCorrection.objects.filter(parcel__pk=parcel_id).select_related("person").order_by("-number")
    return [
        CorrectionView(
            gnum=one.gnum,
            field=one.field,
            before=_shown(one, one.before),
            after=_shown(one, one.after),
            personal=one.personal,
            actor=one.actor,
            reason=one.reason,
            at=one.at,
        )
        for one in found
    ]


def _shown(one: ParcelCorrection, stored: str | None) -> str:
    value = json.loads(stored or "null")
    if value in (None, ""):
        return ""
    if one.field == BUYER and one.personal:
        person = Person.objects.filter(pk=value).first()
        return identity.masked(person).name if person else ""
    return f"{str(value)[:1]}＊＊" if one.personal else str(value)


# -- rules -----------------------------------------------------------------------------------------------------


def _only(changes: Mapping[str, Any], allowed: frozenset[str]) -> None:
    if unknown := sorted(set(changes) - allowed):
        raise PermanentError(f"cannot be corrected: {', '.join(unknown)}", code="not_correctable")


def _open(parcel_id: UUID | str) -> Parcel:
    parcel = Parcel.objects.select_for_update().filter(pk=parcel_id).first()
    if parcel is None:
        raise PermanentError(f"no parcel {parcel_id}", code="not_found")
    if parcel.state in _CLOSED:
        raise PermanentError(f"parcel {parcel.number} is {parcel.state}", code="parcel_closed")
    return parcel


def _figures(line: LineView, changes: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the figures that change, as stored.

    :raises PermanentError: price times quantity is not what was paid, or the quantity is not whole pieces each
    """
    if not FIGURES & changes.keys():
        return {}
    quantity = int(changes.get("declared_quantity", line.declared_quantity))
    price = Decimal(changes.get("declared_price", line.declared_price))
    if quantity < 1 or quantity % line.quantity:
        raise PermanentError(f"{quantity} is no multiple of the {line.quantity} sold", code="quantity")
    if not fits(price, quantity, line.total.amount):
        raise PermanentError(f"{price} x {quantity} is not {line.total.amount}", code="total_differs")
    return {
        "declared_quantity": (line.declared_quantity, quantity),
        "declared_price": (f"{line.declared_price.normalize():f}", f"{price.normalize():f}"),
    }


def fits(price: Decimal, quantity: int, total: Decimal) -> bool:
    """Tell whether a unit price of at most five decimals times a quantity is what was paid, to the fen."""
    if price < 0 or price != price.quantize(_PRICE):
        return False
    return (price * quantity).quantize(_FEN, ROUND_HALF_UP) == total


def _note(
    parcel: Parcel,
    field: str,
    before: Any,
    after: Any,
    *,
    actor: str,
    reason: str,
    gnum: int = 0,
    personal: bool = False,
    person: Person | None = None,
) -> None:
    """Write one correction; call with the parcel's row locked."""
    last = ParcelCorrection.objects.filter(parcel=parcel).aggregate(last=Max("number"))["last"] or 0
    ParcelCorrection.objects.create(
        parcel=parcel,
        number=last + 1,
        gnum=gnum,
        field=field,
        before=json.dumps(before, ensure_ascii=False),
        after=json.dumps(after, ensure_ascii=False),
        personal=personal,
        person=person,
        actor=actor,
        reason=reason,
        at=clock.now(),
    )
    if not parcel.corrected:
        parcel.corrected = True
        parcel.save(update_fields=["corrected"])

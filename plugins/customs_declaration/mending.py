"""What an operator can correct of a declaration, and which of it a refusal or a finding asks for.

Elements of messages lead to fields of forms. What is asked for comes from three places: findings of preflight by their
field, customs' codes by the code table (``mends``), and elements that a text names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from saleor_ext.core import clock
from saleor_ext.plugin_api import ParcelView, StepView, platform

from . import documents, lifecycle, origins, quota, steps
from .duties import figures
from .duty import coded, lines_of
from .messages import code_table
from .messages.check import Remedy
from .messages.code_table import Kind
from .messages.statuses import codes_of
from .models import Declaration, QuotaUse
from .objections import FINDINGS
from .policies import in_force
from .preflight import dutiable_value
from .states import LIST
from .tax import calculate

LINE, CONSIGNEE, BUYER = "line", "consignee", "buyer"
#: Element -> the form and its fields. An element of a head that is a sum of lines leads to all lines.
FIELDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "itemName": (LINE, ("name",)),
    "gname": (LINE, ("name",)),
    "goodsInfo": (LINE, ("name",)),
    "gmodel": (LINE, ("gmodel",)),
    "gcode": (LINE, ("hs_code",)),
    "country": (LINE, ("origin",)),
    "barCode": (LINE, ("barcode",)),
    "itemRecordNo": (LINE, ("item_record_no",)),
    "unit": (LINE, ("unit",)),
    "unit1": (LINE, ("unit1",)),
    "qty1": (LINE, ("qty1",)),
    "unit2": (LINE, ("unit2",)),
    "qty2": (LINE, ("qty2",)),
    "grossWeight": (LINE, ("gross_g",)),
    "netWeight": (LINE, ("net_g",)),
    "weight": (LINE, ("gross_g",)),
    "price": (LINE, ("declared_price",)),
    "qty": (LINE, ("declared_quantity", "declared_price")),
    "totalPrice": (LINE, ("declared_quantity", "declared_price")),
    "consignee": (CONSIGNEE, ("name",)),
    "consigneeTelephone": (CONSIGNEE, ("phone",)),
    "consigneeAddress": (CONSIGNEE, ("province", "city", "district", "street")),
    "buyerName": (BUYER, ("name",)),
    "buyerIdNumber": (BUYER, ("id_number",)),
    "buyerTelephone": (BUYER, ("phone",)),
}
#: Who can mend what is asked for here; the other classes are for nobody at this desk.
_HERE = frozenset({Remedy.MEND_DATA.value, Remedy.ASK_BUYER.value, Remedy.OPERATOR.value})
#: States of a parcel in which nothing more of it is declared.
_GONE = frozenset({"released", "shipped", "delivered", "cancelled"})
_KINDS = frozenset({Kind.MEND_DATA, Kind.ASK_BUYER})


@dataclass(slots=True)
class Asked:
    """Fields that the reason of a stop asks for: by line number (0 is every line), of the address, of the buyer."""

    lines: dict[int, set[str]] = field(default_factory=dict)
    consignee: set[str] = field(default_factory=set)
    buyer: set[str] = field(default_factory=set)

    def of_line(self, gnum: int) -> frozenset[str]:
        return frozenset(self.lines.get(0, set()) | self.lines.get(gnum, set()))

    def add(self, element: str, gnum: int = 0) -> None:
        """Take an element in; one that cannot be mended here is left out."""
        form, names = FIELDS.get(element, ("", ()))
        if form == LINE:
            self.lines.setdefault(gnum, set()).update(names)
        elif form == CONSIGNEE:
            self.consignee.update(names)
        elif form == BUYER:
            self.buyer.update(names)


def asked(step: StepView | None, code: str, why: str, day: date | None = None) -> Asked:
    """Return what a stopped step asks for: its findings, the codes it was stopped with, the elements it names."""
    found = Asked()
    for one in (step.data.get(FINDINGS) or ()) if step else ():
        if one["class"] in _HERE:
            _add_path(found, str(one["field"]))
    on = day or clock.china_today()
    codes = dict.fromkeys([code, *(inside for inside, _words in codes_of(why))])
    for name in filter(None, codes):
        known = code_table.find("customs", name, on) or code_table.find("port", name, on)
        if known is not None and known.kind in _KINDS:
            for element in known.mends:
                found.add(element)
    for element in origins.named_in(why):
        found.add(element)
    return found


def _add_path(found: Asked, path: str) -> None:
    """Take in a finding's place, e.g. ``InventoryList[2]/gcode``: lines count from 1."""
    place, _, element = path.rpartition("/")
    number = place.partition("[")[2].partition("]")[0]
    found.add(element, int(number) if number.isascii() and number.isdigit() else 0)


def why_not(declaration: Declaration, parcel: ParcelView, *, stopped: bool) -> str:
    """Say why nothing can be corrected now, empty when it can: the case is stopped, or can be amended."""
    if parcel.state in _GONE:
        return _("The parcel is past correcting: {state}.").format(state=parcel.state)
    if stopped:
        return ""
    listed = lifecycle.newest(declaration, LIST)
    return documents.not_amendable(declaration, listed or lifecycle.newest(declaration, steps.ORDER))


# -- corrections -----------------------------------------------------------------------------------------------


def correct_line(
    declaration: Declaration, gnum: int, changes: Mapping[str, Any], *, actor: str, reason: str
) -> None:
    """Correct a line; what we reckon of its tax follows, what the buyer has paid does not.

    :raises PermanentError: the platform refuses it
    """
    parcel_id = str(declaration.parcel_id)
    with transaction.atomic():
        platform().correct_line(parcel_id, gnum, changes, actor=actor, reason=reason)
        if {"hs_code", "qty1", "unit1", "declared_quantity"} & set(changes):
            kept = getattr(declaration, "figures", None)
            if kept is not None:
                figures.renew(declaration, platform().parcel(parcel_id))


def correct_buyer(
    declaration: Declaration, *, name: str, id_number: str, phone: str, actor: str, reason: str
) -> None:
    """Declare for a person entered anew; what is held of the year goes over to him.

    :raises PermanentError: the vault refuses name or number, or the year of the new person has not enough left
    """
    parcel_id = str(declaration.parcel_id)
    with transaction.atomic():
        platform().correct_buyer(
            parcel_id, name=name, id_number=id_number, phone=phone, actor=actor, reason=reason
        )
        _move_year(declaration, platform().parcel(parcel_id))


def _move_year(declaration: Declaration, parcel: ParcelView) -> None:
    reference = lifecycle.quota_reference(declaration)
    live = (QuotaUse.State.RESERVED, QuotaUse.State.HELD)
    held = QuotaUse.objects.filter(reference=reference, state__in=live).exists()
    if held and parcel.buyer is not None:
        today = clock.china_today()
        takes = quota.capped(coded(parcel, in_force.tariff(today), today), today)
        quota.hold(parcel.buyer.index, reference, dutiable_value(parcel), takes=takes)


def tax_with(parcel: ParcelView, gnum: int, hs_code: str) -> Decimal:
    """Return what a parcel's tax would be with another code of one line, by the rules of the day of payment.

    :raises UnknownTariff: the tariff has no rates for the code
    :raises MissingMeasure: the rates ask for contents that the article does not tell
    """
    day = parcel.paid_at.astimezone(clock.CHINA).date()
    lines = tuple(
        replace(line, facts=replace(line.facts, hs_code=hs_code)) if line.gnum == gnum else line
        for line in parcel.lines
    )
    taxed = lines_of(replace(parcel, lines=lines), in_force.tariff(day), day)
    found = calculate(taxed, day=day, freight=parcel.freight.amount, limits=in_force.limits(day))
    return found.tax_total


def not_listed(hs_code: str, lane: str) -> bool:
    """Tell whether the positive list in force leaves a code out; without a list nothing is judged."""
    today = clock.china_today()
    listed = in_force.positive_list(today)
    return listed is not None and not listed.verdict(hs_code, lane, today).listed

"""Returns of released goods (CEB625): asked for in time, whole or by line, with what follows from customs' consent.

Granted, the person's year gets its part back, price and tax of the returned pieces are refunded, and the goods go
back into the book when they are inside. Each effect is promised once per return.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money, spread
from saleor_ext.plugin_api import ParcelLine, ParcelView, platform
from saleor_ext.plugin_api.registry import ask_first, manager

from . import applications, documents, lifecycle, linetax, making, promises, quota, return_rules
from .applications import Application
from .duty import coded
from .models import CustomsDocument, Declaration, Receipt, ReturnCase, ReturnLine
from .policies import in_force
from .states import FAILED, GRANTED, REFUND, DeclarationState

log = logging.getLogger(__name__)

State = ReturnCase.State
#: Declarations whose goods are released and not wholly on their way back.
RETURNABLE = frozenset(
    {
        DeclarationState.RELEASED,
        DeclarationState.CLOSED,
        DeclarationState.RETURNED,
        DeclarationState.RETURN_REFUSED,
    }
)
#: Parcels that are on their way to the buyer, there, or stopped for good: the others would go on leaving.
GONE = frozenset({"shipped", "delivered", "cancelled"})


class ReturnRefused(PermanentError):
    """The return cannot be opened, or goods cannot be taken back; the message says why."""

    code = "return_refused"


def open(  # a return is opened: the service's name
    parcel: ParcelView, lines: Mapping[int, int], reason: str, *, actor: str = audit.SYSTEM
) -> ReturnCase:
    """Open a return of some pieces (line number -> pieces) and promise to apply for it.

    :raises ReturnRefused: not released, another return is open, too late, or more than was released
    """
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().filter(parcel_id=parcel.id).first()
        if declaration is None or declaration.released_at is None or not declaration.invt_no:
            raise ReturnRefused(_("Customs have not released this parcel."), code="not_released")
        if declaration.state not in RETURNABLE:
            raise ReturnRefused(
                _("A return cannot be opened now: {state}.").format(state=declaration.get_state_display()),
                code="return_not_possible",
            )
        if parcel.state not in GONE:
            raise ReturnRefused(_("The parcel has not left yet: cancel the order first."), code="not_left")
        days = return_rules.window(declaration.released_at)
        if clock.china_today() > days.apply_by:
            raise ReturnRefused(
                _("A return had to be asked for by {day}, {count} days after the release ({source}).").format(
                    day=days.apply_by, count=days.rules.apply_days, source=days.rules.source
                ),
                code="return_too_late",
            )
        parts = _parts(parcel, declaration, lines)
        case = ReturnCase.objects.create(
            declaration=declaration,
            reason=reason.strip()[:300] or "退货",
            opened_by=actor[:200],
            opened_at=clock.now(),
            apply_by=days.apply_by,
            back_by=days.back_by,
        )
        for part in parts:
            part.case = case
        ReturnLine.objects.bulk_create(parts)
        audit.record(
            "customs.return_opened", "parcel", parcel.id, actor=actor, reason=reason,
            case=str(case.pk), lines={str(part.gnum): part.quantity for part in parts},
        )  # fmt: skip
        lifecycle.settle(declaration)
        platform().add_event(parcel.id, "return_asked", key=f"return_asked:{case.pk}")
        promises.apply_for_return(case, _last_version(declaration))
    return case


def left(parcel: ParcelView, declaration: Declaration) -> dict[int, int]:
    """Return how many pieces of each line may still be returned."""
    gone = _gone(declaration)
    return {line.gnum: line.quantity - gone.get(line.gnum, 0) for line in parcel.lines}


def _gone(declaration: Declaration) -> dict[int, int]:
    rows = ReturnLine.objects.filter(case__declaration=declaration).exclude(case__state=State.REFUSED)
    return dict(rows.values_list("gnum").annotate(pieces=Sum("quantity")))


def _last_version(declaration: Declaration) -> int:
    return making.next_version(declaration, REFUND) - 1


def _parts(parcel: ParcelView, declaration: Declaration, lines: Mapping[int, int]) -> list[ReturnLine]:
    gone = _gone(declaration)
    known = {line.gnum: line for line in parcel.lines}
    discounts = spread(parcel.discount, [line.total.amount for line in parcel.lines])
    parts = []
    for gnum, pieces in sorted(lines.items()):
        line, before = known.get(gnum), gone.get(gnum, 0)
        if line is None:
            raise ReturnRefused(_("The list has no line {line}.").format(line=gnum), code="no_such_line")
        if pieces <= 0 or before + pieces > line.quantity:
            raise ReturnRefused(
                _("Line {line}: {left} of {all} pieces can be returned, not {asked}.").format(
                    line=gnum, left=line.quantity - before, all=line.quantity, asked=pieces
                ),
                code="too_many_pieces",
            )
        discount = discounts[parcel.lines.index(line)].amount
        parts.append(_part(line, declaration, pieces, before, discount))
    if not parts:
        raise ReturnRefused(_("A return needs at least one piece."), code="nothing_returned")
    return parts


def _part(
    line: ParcelLine, declaration: Declaration, pieces: int, before: int, discount: Decimal
) -> ReturnLine:
    try:
        own = linetax.figures(declaration.line_taxes, line.gnum)
    except KeyError:
        raise ReturnRefused(
            _("No figures of tax are kept for line {line}.").format(line=line.gnum), code="no_line_figures"
        ) from None

    def share(whole: str | Decimal) -> Decimal:
        return linetax.part(Decimal(whole), line.quantity, before, pieces)

    return ReturnLine(
        gnum=line.gnum,
        quantity=pieces,
        goods_value=share(line.total.amount),
        discount=share(discount),
        tax=share(own["tax"]),
        dutiable_value=share(own["dutiable"]),
    )


# -- the application -------------------------------------------------------------------------------------------


def _given_up(payload: dict[str, Any], error: str) -> None:
    case = ReturnCase.objects.select_related("declaration").get(pk=payload["case"])
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().get(pk=case.declaration_id)
        _refuse(case, declaration, "not_sent", error)


def _as_declared(parcel_id: str, case: ReturnCase) -> list[tuple[int, int]]:
    """Return the lines of a return in declared pieces, of which a sold one may be several."""
    each = {line.gnum: line.declared_quantity // line.quantity for line in platform().parcel(parcel_id).lines}
    return [(gnum, pieces * each[gnum]) for gnum, pieces in case.lines.values_list("gnum", "quantity")]


@outbox.handler(promises.RETURN, on_dead=_given_up)
def send(payload: dict[str, Any]) -> None:
    """Build the application once and hand it over."""
    case = ReturnCase.objects.get(pk=payload["case"])

    def wanted(declaration: Declaration) -> Application | None:
        if ReturnCase.objects.get(pk=case.pk).state != State.ASKED:
            return None
        return Application(case.reason, _as_declared(str(declaration.parcel_id), case))

    document = applications.prepare(str(case.declaration_id), REFUND, payload["after"], wanted, case)
    if document is not None:
        documents.hand_over(document)


def follow(document: CustomsDocument, receipt: Receipt) -> None:
    """Do what follows from customs' answer to a return."""
    case = document.return_case
    if case is None:
        return
    if document.state in GRANTED:
        _approve(case, document.declaration, receipt)
    elif document.state in FAILED and document.retry_at is None:
        _refuse(case, document.declaration, document.code, receipt.text, receipt)


def _approve(case: ReturnCase, declaration: Declaration, receipt: Receipt) -> None:
    if case.state == State.APPROVED:
        return
    case.state, case.decided_at = State.APPROVED, receipt.returned_at
    case.save(update_fields=["state", "decided_at"])
    lifecycle.settle(declaration)
    dutiable = sum((line.dutiable_value for line in case.lines.all()), Decimal(0))
    parcel_id = str(declaration.parcel_id)
    quota.give_back(
        lifecycle.quota_reference(declaration),
        key=f"return:{case.pk}",
        amount=dutiable,
        quantities=_quantities(case, platform().parcel(parcel_id), declaration),
    )
    audit.record(
        "customs.return_approved", "parcel", parcel_id,
        case=str(case.pk), dutiable=f"{dutiable:.2f}", refund=str(refund_of(case)),
    )  # fmt: skip
    platform().add_event(
        parcel_id, "return_approved", at=receipt.returned_at, key=f"return_approved:{case.pk}"
    )
    promises.refund(case)


def _quantities(case: ReturnCase, parcel: ParcelView, declaration: Declaration) -> dict[str, Decimal]:
    """Return what the returned pieces took of yearly quantities, by the rules of the day they were released."""
    pieces = dict(case.lines.values_list("gnum", "quantity"))
    lines = tuple(
        replace(line, quantity=pieces[line.gnum], total=line.unit_price * pieces[line.gnum])
        for line in parcel.lines
        if line.gnum in pieces
    )
    released = declaration.released_at or case.opened_at
    day = released.astimezone(clock.CHINA).date()
    try:
        taken = quota.capped(coded(replace(parcel, lines=lines), in_force.tariff(day), day), day)
    except PermanentError as error:
        log.warning("%s: no yearly quantities are given back: %s", declaration.order_no, error.message)
        return {}
    found: dict[str, Decimal] = {}
    for one in taken:
        found[one.rule.group] = found.get(one.rule.group, Decimal(0)) + one.quantity
    return found


def _refuse(
    case: ReturnCase, declaration: Declaration, code: str, text: str, receipt: Receipt | None = None
) -> None:
    if case.state != State.ASKED:
        return
    case.state, case.decided_at = State.REFUSED, receipt.returned_at if receipt else clock.now()
    case.save(update_fields=["state", "decided_at"])
    lifecycle.settle(declaration)
    audit.record("customs.return_refused", "parcel", declaration.parcel_id, code=code, text=text[:500])
    platform().add_event(
        str(declaration.parcel_id),
        "return_refused",
        at=case.decided_at,
        key=f"return_refused:{case.pk}",
        reason=code,
    )


# -- what follows ----------------------------------------------------------------------------------------------


def refund_of(case: ReturnCase) -> Money:
    """Return what the buyer gets back: price of the returned pieces, less vouchers, with their tax."""
    total = sum((line.goods_value - line.discount + line.tax for line in case.lines.all()), Decimal(0))
    return Money(total, "CNY")


def _refund_failed(payload: dict[str, Any], error: str) -> None:
    case = ReturnCase.objects.select_related("declaration").get(pk=payload["case"])
    parcel_id = str(case.declaration.parcel_id)
    audit.record("customs.refund_failed", "parcel", parcel_id, case=str(case.pk), error=error[:500])
    platform().add_event(parcel_id, "refund_failed", key=f"refund_failed:{case.pk}")


@outbox.handler(promises.REFUND, on_dead=_refund_failed)
def ask_for_refund(payload: dict[str, Any]) -> None:
    """Have the payment plugin give the money back; it does so once per return."""
    case = ReturnCase.objects.select_related("declaration").get(pk=payload["case"])
    if case.refund_ref or not refund_of(case).amount:
        return
    parcel = platform().parcel(str(case.declaration.parcel_id))
    reference = ask_first(
        "refund_wanted",
        parcel=parcel,
        amount=refund_of(case),
        key=f"return:{case.pk}",
        reason=f"return {case.declaration.order_no}",
    )
    if reference is None:
        raise PermanentError("no payment plugin knows this payment", code="no_refund")
    ReturnCase.objects.filter(pk=case.pk).update(refund_ref=str(reference)[:64])
    audit.record(
        "customs.refund_asked", "parcel", parcel.id, case=str(case.pk), amount=str(refund_of(case)),
        reference=str(reference),
    )  # fmt: skip


def receive(parcel_id: str, case_id: str, *, actor: str) -> ReturnCase:
    """Note that the goods of a return are back inside, and promise to take them into the book; once.

    Without ``case_id`` the newest granted return is meant.

    :raises ReturnRefused: the return is not granted, or the goods come after their last day
    """
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().filter(parcel_id=parcel_id).first()
        found = (
            ReturnCase.objects.filter(declaration=declaration) if declaration else ReturnCase.objects.none()
        )
        case = found.filter(pk=case_id).first() if case_id else found.filter(state=State.APPROVED).last()
        if case is None or declaration is None:
            raise ReturnRefused(_("The parcel has no such return."), code="no_such_return")
        if case.received_at is not None:
            return case
        if case.state != State.APPROVED:
            raise ReturnRefused(_("Customs have not granted the return."), code="return_not_granted")
        if clock.china_today() > case.back_by:
            raise ReturnRefused(
                _("The goods had to be back by {day}: ask customs what becomes of the tax.").format(
                    day=case.back_by
                ),
                code="goods_too_late",
            )
        case.received_at = clock.now()
        case.save(update_fields=["received_at"])
        audit.record(
            "customs.return_received", "parcel", declaration.parcel_id, actor=actor, case=str(case.pk)
        )
        platform().add_event(str(declaration.parcel_id), "returned", key=f"returned:{case.pk}")
        promises.shelve(case)
    return case


@outbox.handler(promises.SHELVE)
def take_in(payload: dict[str, Any]) -> None:
    """Tell the plugins that returned goods are inside; each books them once per key."""
    case = ReturnCase.objects.select_related("declaration").get(pk=payload["case"])
    manager().hook.parcel_returned(
        parcel=platform().parcel(str(case.declaration.parcel_id)),
        lines=dict(case.lines.values_list("gnum", "quantity")),
        key=str(case.pk),
        document=_document_number(case),
    )


def _document_number(case: ReturnCase) -> str:
    """Return the port's number of the granted application, or ours while it has given none."""
    document = case.documents.order_by("-version").first()
    return (document.pre_no or document.cop_no) if document else case.declaration.order_no

"""What an operator can do with a parcel's declaration: a part of the parcel's page, and where its forms go."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import Fragment, ParcelAction, ParcelView, console, needs, platform

from . import documents, later, lifecycle, return_rules, returns, steps, texts
from .messages import MESSAGES, code_table
from .models import CustomsDocument, Declaration, ReturnCase
from .states import CANCELLATION, FAILED, LIST, REFUND, codes_of

#: Saleor's permission to work on orders: declaring, withdrawing and returning are part of it.
PERMISSION = "MANAGE_ORDERS"
MOST_REASON = 300
#: Fields of the return form: pieces of each line.
PIECES = "pieces-"
KINDS = (steps.ORDER, steps.WAYBILL, LIST, CANCELLATION, REFUND)
DONE: Mapping[str, str | Promise] = {
    "amend": gettext_lazy("The next version is on its way."),
    "resend": gettext_lazy("The same message is sent once more."),
    "withdraw": gettext_lazy("The withdrawal was asked for."),
    "return": gettext_lazy("The return was asked for."),
    "receive": gettext_lazy("The goods were taken in."),
}


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """The newest version of a document and what may be done with it."""

    document: CustomsDocument
    title: str
    explanation: str
    refund_proposed: bool
    may_amend: bool
    may_resend: bool


@dataclass(frozen=True, slots=True)
class LineRow:
    gnum: int
    name: str
    left: int


@dataclass(frozen=True, slots=True)
class ReturnRow:
    case: ReturnCase
    refund: str
    pieces: str
    may_receive: bool


# -- the part of the page --------------------------------------------------------------------------------------


def fragments(place: str, context: dict[str, Any]) -> list[Fragment]:
    """Return what an operator can do next with a parcel's declaration."""
    parcel: ParcelView | None = context.get("parcel")
    if place != "parcel" or parcel is None:
        return []
    declaration = Declaration.objects.filter(parcel_id=parcel.id).first()
    if declaration is None:
        return []
    values = {
        "parcel_id": parcel.id,
        "declaration": declaration,
        "documents": [row for kind in KINDS if (row := _row(declaration, kind)) is not None],
        "may_withdraw": _may_withdraw(declaration),
        "lines": _lines(parcel, declaration),
        "window": _window(declaration),
        "returns": [_return(case) for case in declaration.returns.prefetch_related("lines")],
        "total": str(parcel.actual_paid),
    }
    return [
        Fragment(
            gettext_lazy("What to do at customs"), "customs_declaration/console_actions.html", values, 31
        )
    ]


def _row(declaration: Declaration, kind: str) -> DocumentRow | None:
    document = lifecycle.newest(declaration, kind)
    if document is None:
        return None
    known = _judged(document)
    amendable = kind in steps.STEP_OF and not documents.not_amendable(declaration, document)
    return DocumentRow(
        document=document,
        title=MESSAGES[kind].label,
        explanation=_explained(document, known),
        refund_proposed=known is not None and known.kind is code_table.Kind.FINAL,
        may_amend=amendable,
        may_resend=later.resendable(document),
    )


def _explained(document: CustomsDocument, known: code_table.Code | None) -> str:
    """Say what a failure means; of a code that no table has only customs' own words are known."""
    if known is not None:
        return texts.operator_reason(known)
    if document.state not in FAILED:
        return ""
    return _("The code is in no table. Customs wrote: {text}").format(text=document.status_text[:300])


def _judged(document: CustomsDocument) -> code_table.Code | None:
    """Return what is known of the code that a failed document was judged by."""
    if document.state not in FAILED or document.status_at is None:
        return None
    inside = [code for code, _text in codes_of(document.status_text)]
    return code_table.verdict(document.status, inside, document.status_at.date()).known


def _may_withdraw(declaration: Declaration) -> bool:
    if not lifecycle.list_is_alive(declaration):
        return False
    last = lifecycle.newest(declaration, CANCELLATION)
    return last is None or last.state in FAILED


def _lines(parcel: ParcelView, declaration: Declaration) -> list[LineRow]:
    """Return the lines that can be returned now; none when no return can be opened."""
    window = _window(declaration)
    if window is None or declaration.state not in returns.RETURNABLE or parcel.state not in returns.GONE:
        return []
    if clock.china_today() > window.apply_by:
        return []
    left = returns.left(parcel, declaration)
    return [LineRow(line.gnum, line.facts.name, left[line.gnum]) for line in parcel.lines if left[line.gnum]]


def _window(declaration: Declaration) -> return_rules.Window | None:
    if declaration.released_at is None:
        return None
    try:
        return return_rules.window(declaration.released_at)
    except PermanentError:
        return None


def _return(case: ReturnCase) -> ReturnRow:
    pieces = "、".join(f"{line.gnum}×{line.quantity}" for line in case.lines.all())
    waits = case.state == ReturnCase.State.APPROVED and case.received_at is None
    return ReturnRow(case, str(returns.refund_of(case)), pieces, waits)


# -- where the forms go ----------------------------------------------------------------------------------------


def _view(name: str) -> Callable[..., HttpResponseBase]:
    """Return the view that takes the form of an action and goes back to the parcel's page."""

    @require_POST
    @needs(PERMISSION)
    def view(request: HttpRequest, parcel_id: uuid.UUID) -> HttpResponse:
        _do(request, platform().parcel(str(parcel_id)), name)
        return redirect("console:parcel", parcel_id=parcel_id)

    return view


def _do(request: HttpRequest, parcel: ParcelView, name: str) -> None:
    reason = request.POST.get("reason", "").strip()
    if not reason or len(reason) > MOST_REASON:
        messages.error(request, _("Say why, in at most 300 characters."))
        return
    try:
        action = ParcelAction(
            name=name,  # type: ignore[arg-type]  # one of DONE
            actor=console().operator(request).name,
            reason=reason,
            subject=_subject(request),
            lines=_pieces(request.POST.items()),
        )
        done = later.perform(parcel, action)
    except PermanentError as error:
        messages.error(request, error.message)
        return
    if done is None:
        messages.error(request, _("This parcel is not declared here."))
        return
    messages.success(request, str(DONE[name]))


def _subject(request: HttpRequest) -> str:
    """Return the document or return that a form names, empty for the newest."""
    given = request.POST.get("subject", "")
    try:
        return str(uuid.UUID(given)) if given else ""
    except ValueError:
        raise PermanentError(_("That is not on this parcel's page.")) from None


def _pieces(fields: Any) -> dict[int, int]:
    """Read the pieces of each line; empty fields and noughts are left out."""
    found = {}
    for name, value in fields:
        number = name.removeprefix(PIECES)
        if number == name or not value.strip():
            continue
        if not (number.isascii() and number.isdigit() and value.isascii() and value.isdigit()):
            raise PermanentError(_("Give whole pieces."))
        if int(value[:9]):
            found[int(number[:9])] = int(value[:9])
    return found


urlpatterns = [path(f"parcels/<uuid:parcel_id>/{name}/", _view(name), name=f"parcel_{name}") for name in DONE]

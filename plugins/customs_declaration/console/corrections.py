"""Where the forms of the mending desk go: each corrects what is declared, sending it is a step of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import ParcelView, needs, platform

from .. import mending
from ..models import Declaration
from . import declarations, desk, frame
from .forms import BuyerForm, ConsigneeForm, CorrectionForm, LineForm


@require_POST
def line(request: HttpRequest, declaration_id: uuid.UUID, gnum: int) -> HttpResponse:
    """Correct what is declared of an article."""
    declaration = declarations.find(declaration_id)
    if (parcel := _open(request, declaration)) is None:
        return _back(declaration)
    found = next((one for one in parcel.lines if one.gnum == gnum), None)
    if found is None:
        messages.error(request, _("This parcel has no such line."))
        return _back(declaration)
    form = LineForm.of(found, parcel, data=request.POST)
    if not form.is_valid():
        return declarations.page(request, declaration, failed=form, status=422)

    def correct(actor: str, reason: str) -> None:
        mending.correct_line(declaration, gnum, form.changes(), actor=actor, reason=reason)

    if _done(request, form, correct):
        _tell_tax(request, parcel, form)
    return _back(declaration)


@require_POST
@needs(frame.PERSONS)
@sensitive_post_parameters()
def consignee(request: HttpRequest, declaration_id: uuid.UUID) -> HttpResponseBase:
    """Correct who receives the parcel and where, as it is declared."""
    declaration = declarations.find(declaration_id)
    if _open(request, declaration) is None:
        return _back(declaration)
    form = ConsigneeForm(request.POST, prefix="consignee")
    if not form.is_valid():
        return declarations.page(request, declaration, failed=form, status=422)

    def correct(actor: str, reason: str) -> None:
        platform().correct_consignee(str(declaration.parcel_id), form.changes(), actor=actor, reason=reason)

    _done(request, form, correct)
    return _back(declaration)


@require_POST
@needs(frame.PERSONS)
@sensitive_post_parameters()
@sensitive_variables("form")
def buyer(request: HttpRequest, declaration_id: uuid.UUID) -> HttpResponseBase:
    """Declare for a person entered anew."""
    declaration = declarations.find(declaration_id)
    if _open(request, declaration) is None:
        return _back(declaration)
    form = BuyerForm(request.POST, prefix="buyer")
    if not form.is_valid():
        return declarations.page(request, declaration, failed=form, status=422)

    def correct(actor: str, reason: str) -> None:
        data = form.cleaned_data
        mending.correct_buyer(
            declaration, name=data["name"], id_number=data["id_number"], phone=data["phone"],
            actor=actor, reason=reason,
        )  # fmt: skip

    _done(request, form, correct)
    return _back(declaration)


def _open(request: HttpRequest, declaration: Declaration) -> ParcelView | None:
    """Return the parcel when something of it can be corrected now, else say why not."""
    parcel = desk.parcel_of(declaration)
    if parcel is None:
        messages.error(request, _("There is no such parcel."))
        return None
    if why := mending.why_not(declaration, parcel, stopped=desk.is_stopped(declaration, parcel)):
        messages.error(request, _("Not corrected: %(reason)s") % {"reason": why})
        return None
    return parcel


def _done(request: HttpRequest, form: CorrectionForm, correct: Callable[[str, str], None]) -> bool:
    try:
        correct(frame.actor(request), form.cleaned_data["reason"])
    except PermanentError as error:
        messages.error(request, _("Not corrected: %(reason)s") % {"reason": error.message})
        return False
    messages.success(request, _("Corrected for this parcel. Now start the declaration again."))
    return True


def _tell_tax(request: HttpRequest, parcel: ParcelView, form: LineForm) -> None:
    """Say what the tax is by another code: the buyer has paid by the one before, customs' bill follows the new."""
    tax = form.tax_after()
    if tax is not None and tax != parcel.tax_total.amount:
        messages.warning(
            request,
            _("By this code the tax is %(now)s; %(collected)s were collected of the buyer and stay declared.")
            % {"now": Money(tax, "CNY"), "collected": parcel.tax_total},
        )


def _back(declaration: Declaration) -> HttpResponse:
    return redirect("console:customs:declaration", declaration_id=declaration.pk)

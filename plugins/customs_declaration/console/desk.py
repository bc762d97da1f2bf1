"""The mending desk of a declaration's page: forms for what is declared, those asked for first, and what was changed."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.http import HttpRequest

from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import CorrectionView, ParcelLine, ParcelView, StepView, console, platform

from .. import mending, stopping
from ..mending import Asked
from ..models import Declaration
from . import frame
from .forms import BuyerForm, ConsigneeForm, CorrectionForm, LineForm


@dataclass(frozen=True, slots=True)
class LineCell:
    """A line of the parcel with the form that corrects it; ``open`` when it is asked for or was refused."""

    line: ParcelLine
    form: LineForm
    open: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A form about persons, which needs a permission."""

    form: CorrectionForm
    open: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A correction with the label of its field."""

    made: CorrectionView
    label: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What can be corrected now. Without the permission on customers the two parts about persons are None."""

    lines: list[LineCell] = field(default_factory=list)
    consignee: Part | None = None
    buyer: Part | None = None
    #: The reason asks for something of a person that this operator may not touch.
    locked: bool = False
    history: list[Change] = field(default_factory=list)


def parcel_of(declaration: Declaration) -> ParcelView | None:
    try:
        return platform().parcel(str(declaration.parcel_id))
    except PermanentError:
        return None


def step_of(declaration: Declaration, parcel: ParcelView | None) -> StepView | None:
    return parcel.steps.get(stopping.step_of(declaration)) if parcel else None


def is_stopped(declaration: Declaration, parcel: ParcelView | None) -> bool:
    step = step_of(declaration, parcel)
    return step is not None and step.state == "failed"


def of(
    request: HttpRequest,
    declaration: Declaration,
    parcel: ParcelView | None,
    why: str,
    *,
    failed: CorrectionForm | None = None,
) -> Desk:
    """Return the desk of a declaration; empty but for what was changed when nothing can be corrected now."""
    history = _history(declaration) if parcel else []
    stopped = is_stopped(declaration, parcel)
    if parcel is None or mending.why_not(declaration, parcel, stopped=stopped):
        return Desk(history=history)
    step = step_of(declaration, parcel)
    asked = mending.asked(step, declaration.stopped_code, why) if stopped else Asked()
    may = console().operator(request).may(frame.PERSONS)
    return Desk(
        lines=[_line(line, parcel, asked, failed) for line in parcel.lines],
        consignee=_part(ConsigneeForm, "consignee", asked.consignee, failed) if may else None,
        buyer=_part(BuyerForm, "buyer", asked.buyer, failed) if may and parcel.buyer else None,
        locked=not may and bool(asked.consignee or asked.buyer),
        history=history,
    )


def _line(line: ParcelLine, parcel: ParcelView, asked: Asked, failed: CorrectionForm | None) -> LineCell:
    mine = asked.of_line(line.gnum)
    if isinstance(failed, LineForm) and failed.line.gnum == line.gnum:
        return LineCell(line, failed, True)
    return LineCell(line, LineForm.of(line, parcel, mine), bool(mine))


def _part(form: type[CorrectionForm], prefix: str, asked: set[str], failed: CorrectionForm | None) -> Part:
    if isinstance(failed, form):
        return Part(failed, True)
    return Part(form(prefix=prefix, asked=asked), bool(asked))


def _history(declaration: Declaration) -> list[Change]:
    return [Change(one, _label(one)) for one in platform().corrections(str(declaration.parcel_id))]


def _label(one: CorrectionView) -> str:
    """Return the words that the field has in its form."""
    if one.gnum:
        known = LineForm.base_fields.get(one.field)
    elif one.field == "buyer":
        known = BuyerForm.base_fields["name"]
    else:
        known = ConsigneeForm.base_fields.get(one.field)
    return str(known.label) if known else one.field

"""Keeping on the declaration why its step was left to a person, whoever stopped it: customs, a check or the outbox."""

from __future__ import annotations

import re

from saleor_ext.core import clock
from saleor_ext.plugin_api import ParcelView

from . import documents, lifecycle, steps
from .messages.statuses import masked
from .models import Declaration

STEPS = (steps.ORDER_STEP, steps.LIST_STEP)
#: What a step that gave up is stopped with; the error's own name stands in its text.
_GIVEN_UP = "given_up"
_ERROR = re.compile(r"([A-Z]\w+): ")
_HUMP = re.compile(r"(?<!^)(?=[A-Z])")


def note(parcel: ParcelView, step: str, code: str, message: str) -> None:
    """Keep why the parcel's declaration stands still, and make it if there is none yet."""
    if step not in STEPS:
        return
    declaration = documents.declaration_of(parcel)
    Declaration.objects.filter(pk=declaration.pk).update(
        stopped_step=step,
        stopped_code=_code(code, message)[:40],
        stopped_text=masked(message)[:2000],
        stopped_at=clock.now(),
    )
    declaration.refresh_from_db()
    lifecycle.settle(declaration)


def _code(code: str, message: str) -> str:
    """Return the code; for a step that gave up that of the error, e.g. ``not_declarable`` of ``NotDeclarable: …``."""
    found = _ERROR.match(message) if code == _GIVEN_UP else None
    return _HUMP.sub("_", found[1]).lower() if found else code


def step_of(declaration: Declaration) -> str:
    """Return the step that a stopped declaration waits for; of one from before it was kept, by its documents."""
    if declaration.stopped_step:
        return declaration.stopped_step
    kinds = {document.kind for document in declaration.documents.all()}
    return steps.LIST_STEP if steps.LIST in kinds else steps.ORDER_STEP

"""Keeping on the declaration why its step was left to a person, whoever stopped it: customs, a check or the outbox."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction

from saleor_ext.core import clock, outbox
from saleor_ext.plugin_api import ParcelView, platform

from . import documents, lifecycle, promises, steps
from .messages.statuses import masked
from .models import Declaration

STEPS = (steps.ORDER_STEP, steps.LIST_STEP)
#: What a step that gave up is stopped with; the error's own name stands in its text.
_GIVEN_UP = "given_up"
_ERROR = re.compile(r"([A-Z]\w+): ")
_HUMP = re.compile(r"(?<!^)(?=[A-Z])")


def note(parcel: ParcelView, step: str, code: str, message: str) -> None:
    """Promise to keep why the parcel's declaration stands still.

    The caller has the parcel's row locked. Whoever works a receipt has the declaration's and asks for the parcel's:
    taking the declaration's here as well could make both wait for each other.
    """
    if step in STEPS:
        promises.note_stop(parcel.id, step, _code(code, message)[:40], masked(message)[:2000])


@outbox.handler(promises.STOPPED)
def keep(payload: dict[str, Any]) -> None:
    """Keep it, unless the step was started again meanwhile; make the declaration if there is none yet."""
    parcel = platform().parcel(payload["parcel"])
    found = parcel.steps.get(payload["step"])
    if found is None or found.state != "failed":
        return
    declaration = documents.declaration_of(parcel)
    with transaction.atomic():
        locked = Declaration.objects.select_for_update().get(pk=declaration.pk)
        locked.stopped_step = payload["step"]
        locked.stopped_code = payload["code"]
        locked.stopped_text = payload["text"]
        locked.stopped_at = clock.now()
        locked.save(update_fields=["stopped_step", "stopped_code", "stopped_text", "stopped_at"])
        lifecycle.settle(locked)


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

"""Trying again by itself after a fault that passes (class ``retry``): later and later, a few times.

The step goes on waiting meanwhile. A new version is sent, with a later appTime: the port ignores an older one.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from saleor_ext.core import audit, backoff, clock, outbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import platform

from . import documents, lifecycle, promises, steps
from .models import CustomsDocument, Declaration
from .states import CANCELLATION, FAILED, REFUND

#: So many tries in a row are made without a person.
MOST_TRIES = 5


def plan(document: CustomsDocument) -> bool:
    """Promise another try of a failed document; False when it had enough of them or is not wanted any more."""
    declaration = document.declaration
    given_up = declaration.cancelled_at is not None and document.kind != CANCELLATION
    if document.tries >= MOST_TRIES or given_up:
        return False
    wait = backoff.delay(document.tries + 1)
    document.retry_at = clock.now() + wait
    document.save(update_fields=["retry_at"])
    promises.retry(document, wait)
    audit.record(
        "customs.retry_planned", "parcel", declaration.parcel_id,
        kind=document.kind, guid=document.guid, code=document.code, tries=document.tries,
    )  # fmt: skip
    return True


def _given_up(payload: dict[str, Any], error: str) -> None:
    document = CustomsDocument.objects.select_related("declaration").get(pk=payload["document"])
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().get(pk=document.declaration_id)
        CustomsDocument.objects.filter(pk=document.pk).update(retry_at=None)
        lifecycle.settle(declaration)
        if document.kind in steps.STEP_OF:
            platform().fail_step(str(declaration.parcel_id), steps.STEP_OF[document.kind], "given_up", error)


@outbox.handler(promises.RETRY, on_dead=_given_up)
def run(payload: dict[str, Any]) -> None:
    """Send the next version, unless the port accepted the failed one after all or a person was faster."""
    document = CustomsDocument.objects.select_related("declaration").get(pk=payload["document"])
    declaration = document.declaration
    newest = lifecycle.newest(declaration, document.kind)
    if document.state not in FAILED or newest is None:
        return
    if newest.pk != document.pk:  # built already, by a person or by this very promise before it was killed
        documents.hand_over(newest)
        return
    if document.kind in (CANCELLATION, REFUND):
        _application(document)
        return
    if declaration.cancelled_at is not None:
        return
    parcel = platform().parcel(str(declaration.parcel_id))
    try:
        documents.hand_over(documents.prepare(parcel, document.kind, tries=document.tries + 1))
    except PermanentError as error:
        if error.code not in ("cancelled", "withdrawn"):
            raise


def _application(document: CustomsDocument) -> None:
    from . import returns, withdrawing

    if document.kind == CANCELLATION:
        withdrawing.send({"declaration": str(document.declaration_id), "after": document.version})
    elif document.return_case_id is not None:
        returns.send({"case": str(document.return_case_id), "after": document.version})

"""Starting stopped declarations again: one, or many together with a list of what came of each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from saleor_ext.core import audit, clock, outbox
from saleor_ext.plugin_api import platform

from . import lifecycle, stopping
from .models import Declaration, RetryItem, RetryRun

TOPIC = "customs.retry_run"
#: Declarations of one run: they are started within the outbox's lease.
MOST = 1000


def retry(declaration: Declaration, *, actor: str, reason: str) -> bool:
    """Start a declaration's stopped step again; False when there is nothing to start (any more)."""
    return _start(declaration, stopping.step_of(declaration), actor=actor, reason=reason)


def _start(declaration: Declaration, step: str, *, actor: str, reason: str) -> bool:
    with transaction.atomic():
        if not platform().retry_step(str(declaration.parcel_id), step, actor=actor, reason=reason):
            return False
        lifecycle.go_on(Declaration.objects.select_for_update().get(pk=declaration.pk), step)
    return True


def begin(
    declarations: Iterable[Declaration], *, token: uuid.UUID, actor: str, reason: str
) -> tuple[RetryRun, bool]:
    """Promise to start declarations again; the same token again is the same run. Returns it and whether it is new."""
    with transaction.atomic():
        run, new = RetryRun.objects.get_or_create(
            token=token, defaults={"actor": actor, "reason": reason, "created_at": clock.now()}
        )
        if not new:
            return run, False
        items = RetryItem.objects.bulk_create(
            RetryItem(run=run, declaration=one, step=stopping.step_of(one)) for one in declarations
        )
        audit.record("customs.retry_run", "customs", run.pk, actor=actor, reason=reason, count=len(items))
        outbox.enqueue(TOPIC, {"run": str(run.pk)}, key=str(run.pk))
    return run, True


@outbox.handler(TOPIC)
def work(message: dict[str, Any]) -> None:
    """Start what is not started yet, each by itself, so that one broken case stops no other."""
    run = RetryRun.objects.get(pk=message["run"])
    waiting = run.items.filter(state=RetryItem.State.WAITING)
    for item_id in list(waiting.values_list("pk", flat=True)):
        _work_one(run, item_id)


def _work_one(run: RetryRun, item_id: uuid.UUID) -> None:
    with transaction.atomic():
        item = (
            RetryItem.objects.select_for_update(of=("self",))
            .select_related("declaration")
            .filter(pk=item_id, state=RetryItem.State.WAITING)
            .first()
        )
        if item is None:  # another worker was faster
            return
        started = _start(item.declaration, item.step, actor=run.actor, reason=run.reason)
        item.state = RetryItem.State.STARTED if started else RetryItem.State.SKIPPED
        item.done_at = clock.now()
        item.save(update_fields=["state", "done_at"])

"""The engine of parcel steps: which may start, running them by outbox, ending them from outside.

Each change of a step happens under the lock of its parcel's row and only along ``ALLOWED``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise

from saleor_ext.core import audit, clock, outbox
from saleor_ext.core.errors import PermanentError, PonteError
from saleor_ext.plugin_api.registry import ask, manager
from saleor_ext.plugin_api.types import Done, StepSpec

from . import timeline
from .models import Parcel, ParcelStep
from .views_of import parcel_view

TOPIC = "parcel.step"
#: Why a departing step failed that a plugin objects to.
HELD = "held"
S = ParcelStep.State

ALLOWED: dict[str, frozenset[str]] = {
    S.PENDING: frozenset({S.RUNNING, S.CANCELLED}),
    S.RUNNING: frozenset({S.WAITING, S.DONE, S.FAILED, S.CANCELLED}),
    S.WAITING: frozenset({S.DONE, S.FAILED, S.CANCELLED}),
    S.FAILED: frozenset({S.RUNNING, S.DONE, S.CANCELLED}),
    S.DONE: frozenset(),
    S.CANCELLED: frozenset(),
}


class StepNotAllowed(PonteError):
    """The step cannot go into that state from where it is."""

    code = "step_not_allowed"


def plan(parcel: Parcel) -> None:
    """Write the steps that the plugins take for a parcel, and start those that wait for nothing."""
    specs: list[StepSpec] = ask("parcel_steps", parcel=parcel_view(parcel))
    names = {spec.name for spec in specs}
    if len(names) != len(specs):
        raise PermanentError(f"two plugins claim the same step for {parcel.number}")
    now = clock.now()
    ParcelStep.objects.bulk_create(
        ParcelStep(
            parcel=parcel,
            name=spec.name,
            position=position,
            # A step that no plugin takes on this lane is not waited for.
            after=[name for name in spec.after if name in names],
            changed_at=now,
        )
        for position, spec in enumerate(_in_order(specs), start=1)
    )
    _start_ready(parcel)


def _given_up(payload: dict[str, Any], error: str) -> None:
    """The outbox gave a step up: leave it for a person."""
    fail(payload["parcel"], payload["step"], "given_up", error)


@outbox.handler(TOPIC, on_dead=_given_up)
def run(payload: dict[str, Any]) -> None:
    """Run one step's code outside any transaction, then write what came of it."""
    parcel = Parcel.objects.get(pk=payload["parcel"])
    step = ParcelStep.objects.get(parcel=parcel, name=payload["step"])
    if step.state != S.RUNNING or step.attempt != payload["attempt"]:
        return  # ended from outside, or started anew meanwhile
    spec, view = _spec(parcel, step.name), parcel_view(parcel)
    if spec.departs and (objections := ask("departure_objections", parcel=view)):
        fail(parcel.pk, step.name, HELD, "; ".join(objections))
        return
    result = spec.run(view)
    with transaction.atomic():
        step = _locked(parcel.pk, step.name)
        if step.state != S.RUNNING:
            return  # the outside world was faster than our own call returned
        step.data = {**step.data, **result.data}
        _change(step, S.DONE if isinstance(result, Done) else S.WAITING)
        if isinstance(result, Done):
            _start_ready(step.parcel)


def complete(parcel_id: UUID | str, name: str, data: Mapping[str, Any] | None = None) -> bool:
    """End a step from outside; False when it was over already."""
    with transaction.atomic():
        step = _locked(parcel_id, name)
        if S.DONE not in ALLOWED[step.state]:
            return False
        step.data = {**step.data, **(data or {})}
        _change(step, S.DONE)
        _start_ready(step.parcel)
    return True


def fail(parcel_id: UUID | str, name: str, code: str, message: str, *, buyer_message: Any = "") -> bool:
    """Stop a step for a person to mend; False when it was over already."""
    with transaction.atomic():
        step = _locked(parcel_id, name)
        if S.FAILED not in ALLOWED[step.state]:
            return False
        step.error = f"{code}: {message}"
        step.buyer_message = str(buyer_message)
        step.buyer_texts = _in_every_language(buyer_message)
        _change(step, S.FAILED)
        step.parcel.attention = step.error[:500]
        step.parcel.save(update_fields=["attention"])
        manager().hook.parcel_step_failed(
            parcel=parcel_view(step.parcel), step=name, code=code, message=message
        )
    return True


def update(parcel_id: UUID | str, name: str, data: Mapping[str, Any]) -> None:
    """Merge facts into a step's data."""
    with transaction.atomic():
        step = _locked(parcel_id, name)
        step.data = {**step.data, **data}
        step.save(update_fields=["data"])


def retry(parcel_id: UUID | str, name: str, *, actor: str, reason: str = "") -> None:
    """Start a failed step again.

    :raises StepNotAllowed: when the step is not failed
    """
    with transaction.atomic():
        step = _locked(parcel_id, name)
        if step.state != S.FAILED:
            raise StepNotAllowed(f"step {name} is {step.state}, only a failed one can be retried")
        audit.record("step.retry", "parcel", parcel_id, actor=actor, reason=reason, step=name)
        step.parcel.attention = ""
        step.parcel.save(update_fields=["attention"])
        _begin(step)


def resume_departure(parcel_id: UUID | str) -> None:
    """Start what was stopped by an objection again, if anything was."""
    stopped = ParcelStep.objects.filter(parcel_id=parcel_id, state=S.FAILED, error__startswith=f"{HELD}: ")
    for name in stopped.values_list("name", flat=True):
        retry(parcel_id, name, actor=audit.SYSTEM, reason="nothing objects any more")


def cancel_parcel(parcel: Parcel, *, reason: str, actor: str = audit.SYSTEM) -> bool:
    """Stop all open steps and let every plugin give back what it took; False when it is too late."""
    with transaction.atomic():
        locked = Parcel.objects.select_for_update().get(pk=parcel.pk)
        if locked.state in (Parcel.State.CANCELLED, Parcel.State.SHIPPED, Parcel.State.DELIVERED):
            return False
        for step in locked.steps.all():
            if S.CANCELLED in ALLOWED[step.state]:
                _change(step, S.CANCELLED)
        locked.state = Parcel.State.CANCELLED
        locked.save(update_fields=["state"])
        timeline.add(locked, "cancelled")
        audit.record("parcel.cancelled", "parcel", parcel.pk, actor=actor, reason=reason)
        manager().hook.parcel_cancelled(parcel=parcel_view(locked))
    return True


def _in_every_language(message: Any) -> dict[str, str]:
    """Write a lazy text down in each language: whoever reads it may have another than whoever stopped the step."""
    texts = {}
    for code, _name in settings.LANGUAGES if isinstance(message, Promise) else ():
        with translation.override(code):
            texts[code] = str(message)
    return texts


def _in_order(specs: list[StepSpec]) -> list[StepSpec]:
    """Sort steps so that each stands after those it waits for; a circle is an error."""
    names = {spec.name for spec in specs}
    placed: list[StepSpec] = []
    rest = list(specs)
    while rest:
        done = {spec.name for spec in placed}
        ready = [spec for spec in rest if {name for name in spec.after if name in names} <= done]
        if not ready:
            raise PermanentError(f"steps wait for each other: {sorted(spec.name for spec in rest)}")
        placed += ready
        rest = [spec for spec in rest if spec not in ready]
    return placed


def _start_ready(parcel: Parcel) -> None:
    steps = list(ParcelStep.objects.select_for_update().filter(parcel=parcel))
    done = {step.name for step in steps if step.state == S.DONE}
    for step in steps:
        if step.state == S.PENDING and set(step.after) <= done:
            _begin(step)


def _begin(step: ParcelStep) -> None:
    step.attempt += 1
    step.error = step.buyer_message = ""
    step.buyer_texts = {}
    _change(step, S.RUNNING)
    outbox.enqueue(
        TOPIC,
        {"parcel": str(step.parcel_id), "step": step.name, "attempt": step.attempt},
        key=f"{step.parcel_id}:{step.name}:{step.attempt}",
    )


def _change(step: ParcelStep, state: S) -> None:
    if state not in ALLOWED[step.state]:
        raise StepNotAllowed(f"step {step.name} cannot go from {step.state} to {state}")
    audit.record("step.state", "parcel", step.parcel_id, step=step.name, before=step.state, after=str(state))
    step.state = state
    step.changed_at = clock.now()
    step.save()


def _locked(parcel_id: UUID | str, name: str) -> ParcelStep:
    """Return a step with its parcel's row locked, always in this order."""
    parcel = Parcel.objects.select_for_update().get(pk=parcel_id)
    step = ParcelStep.objects.select_for_update().get(parcel=parcel, name=name)
    step.parcel = parcel
    return step


def _spec(parcel: Parcel, name: str) -> StepSpec:
    for spec in ask("parcel_steps", parcel=parcel_view(parcel)):
        if spec.name == name:
            return spec  # type: ignore[no-any-return]  # hook results are untyped in pluggy
    raise PermanentError(f"no plugin takes the step {name!r} any more")

"""What preflight finds is left at the parcel: its step stops, with codes, and the console shows who can mend what."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from saleor_ext.core import audit, clock, outbox
from saleor_ext.plugin_api import Done, Fragment, ParcelView, Wait, platform

from . import promises, texts
from .messages import code_table
from .messages.check import Remedy
from .preflight import NotDeclarable, Problem
from .quota import CapExceeded, QuotaExceeded

Run = Callable[[ParcelView], Done | Wait]
#: Key of a step's data that findings are kept under: ``[{"field", "code", "message", "class", "blocking"}]``.
FINDINGS = "findings"

WHO: dict[str, Any] = {
    Remedy.MEND_DATA: _("Correct the data"),
    Remedy.ASK_BUYER: _("Ask the buyer"),
    Remedy.OPERATOR: _("Operator"),
    Remedy.RETRY: _("Try again later"),
    Remedy.FINAL: _("Cannot be mended"),
}


def stopped_by(step: str) -> Callable[[Run], Run]:
    """Make a step that would send what customs refuse stop there, with the findings kept for the parcel."""

    def around(run: Run) -> Run:
        @functools.wraps(run)
        def guarded(parcel: ParcelView) -> Done | Wait:
            try:
                result = run(parcel)
            except NotDeclarable as refused:
                return _stop(parcel, step, refused.problems)
            except QuotaExceeded as exceeded:
                return _stop(parcel, step, [_of_year(exceeded)])
            if parcel.step_data(step).get(FINDINGS):
                platform().update_step(parcel.id, step, {FINDINGS: []})
            return result

        return guarded

    return around


def fragment(context: dict[str, Any]) -> list[Fragment]:
    """Return what stands against a parcel's declaration, for its page of the console."""
    parcel = context.get("parcel")
    found = [
        {**one, "who": WHO.get(one["class"], one["class"])}
        for view in (parcel.steps.values() if parcel else ())
        for one in view.data.get(FINDINGS) or ()
    ]
    if not found:
        return []
    values = {"findings": found}
    return [
        Fragment(
            _("What customs would refuse"), "customs_declaration/console_findings.html", values, order=25
        )
    ]


def _of_year(exceeded: QuotaExceeded) -> Problem:
    if isinstance(exceeded, CapExceeded):
        breach = exceeded.breach
        text = f"{breach.wanted:f} {breach.rule.unit} of {breach.rule.group}, {breach.left:f} left this year"
        return Problem("InventoryList", "yearly_quantity", text, Remedy.FINAL)
    text = f"{exceeded.data['used']} yuan used of the {exceeded.data['limit']} of this year"
    return Problem("buyerIdNumber", "1313", text, Remedy.FINAL)


def _stop(parcel: ParcelView, step: str, problems: list[Problem]) -> Wait:
    findings = [one.as_json() for one in problems]
    against = [one for one in problems if one.blocking]
    codes = list(dict.fromkeys(one.code for one in against))
    judged = code_table.verdict(codes[0], codes, clock.china_today())
    buyers = any(one.remedy in (Remedy.ASK_BUYER, Remedy.FINAL) for one in against)
    platform().update_step(parcel.id, step, {FINDINGS: findings})
    platform().fail_step(
        parcel.id,
        step,
        codes[0],
        "; ".join(str(one) for one in against)[:2000],
        buyer_message=texts.buyer_reason(judged) if buyers else "",
    )
    audit.record("customs.preflight", "parcel", parcel.id, step=step, findings=findings)
    return Wait({FINDINGS: findings})


@outbox.handler(promises.REFUSED)
def refused_later(payload: dict[str, Any]) -> None:
    """Stop the step of a parcel whose document could not be built when it was gathered with others."""
    from .steps import STEP_OF  # it imports this module

    step = STEP_OF[payload["kind"]]
    if payload["findings"]:
        parcel = platform().parcel(payload["parcel"])
        _stop(parcel, step, [Problem.from_json(one) for one in payload["findings"]])
    else:
        platform().fail_step(payload["parcel"], step, payload["code"], payload["message"])

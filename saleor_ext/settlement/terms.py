"""Commission rules and reference rates by four eyes: entered by one person, they count once another released them.

A rule is never edited: it is ended by a date and followed by another. What parcels were settled by stays what it was,
so rules begin tomorrow at the earliest and end today at the earliest.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError

from . import actors, fx
from .models import CommissionRule, TermsChange

State, Kind = TermsChange.State, TermsChange.Kind
OBJECT = "settlement_terms"
#: Largest file of rates, in characters: some ten thousand lines.
MOST = 1_000_000


class Refused(PermanentError):
    """A change cannot be entered or released so; ``code`` says why."""


def propose_rule(
    *,
    merchant: str,
    lane: str,
    hs_prefix: str,
    since: date,
    rate: Decimal,
    minimum: Decimal,
    cap: Decimal | None,
    actor: str,
) -> TermsChange:
    """Enter a rule; ``rate`` is a share of 1, amounts are a parcel's.

    :raises Refused: ``terms_past``, ``terms_cap``, ``terms_twice``
    """
    if cap is not None and cap < minimum:
        raise Refused("the cap is below the minimum", code="terms_cap")
    content = {
        "merchant": merchant,
        "lane": lane,
        "hs_prefix": hs_prefix,
        "since": since.isoformat(),
        "rate": f"{rate:f}",
        "minimum": f"{minimum:f}",
        "cap": None if cap is None else f"{cap:f}",
    }
    _check_rule(content)
    return _propose(Kind.RULE, content, actor)


def propose_end(rule_id: int, until: date, *, actor: str) -> TermsChange:
    """Enter the last day of a rule.

    :raises Refused: ``terms_past``, ``terms_ended``
    """
    rule = CommissionRule.objects.get(pk=rule_id)
    _check_end(rule, until)
    return _propose(Kind.RULE_END, {"rule": rule.pk, "about": str(rule), "until": until.isoformat()}, actor)


def propose_rates(text: str, *, actor: str) -> tuple[TermsChange | None, dict[str, Any]]:
    """Enter rates from CSV, checked against those that are known; returns what ``fx.load`` would do.

    Nothing is entered when a rate differs from a known one, or none is new.

    :raises BadRates: a line cannot be read
    """
    if len(text) > MOST:
        raise fx.BadRates("the file is too large")
    report = fx.load(text.splitlines(), check_only=True)
    if report["differences"] or not report["new"]:
        return None, report
    return _propose(Kind.RATES, {"csv": text, "new": report["new"], "same": report["same"]}, actor), report


def release(change_id: UUID, *, actor: str) -> TermsChange:
    """Let a change count.

    :raises Refused: ``terms_four_eyes``, ``terms_decided``, or what no longer holds of the change
    """
    who = _named(actor)
    with transaction.atomic():
        change = _open(change_id)
        if who == change.proposed_by:
            raise Refused("a change is released by somebody else than entered it", code="terms_four_eyes")
        _APPLY[Kind(change.kind)](change.content)
        return _decide(change, State.RELEASED, who)


def refuse(change_id: UUID, *, actor: str, reason: str) -> TermsChange:
    """Drop a change; who entered it may, too.

    :raises Refused: ``terms_decided``
    """
    with transaction.atomic():
        return _decide(_open(change_id), State.REFUSED, _named(actor), reason)


# -- what a change does ----------------------------------------------------------------------------------------


def _apply_rule(content: dict[str, Any]) -> None:
    _check_rule(content)
    values = {name: content[name] for name in ("merchant", "lane", "hs_prefix")}
    figures = {name: Decimal(content[name]) for name in ("rate", "minimum")}
    cap = None if content["cap"] is None else Decimal(content["cap"])
    try:
        with transaction.atomic():
            CommissionRule.objects.create(
                **values, **figures, cap=cap, since=date.fromisoformat(content["since"])
            )
    except IntegrityError:
        raise Refused("there is such a rule from that day", code="terms_twice") from None


def _apply_end(content: dict[str, Any]) -> None:
    rule, until = CommissionRule.objects.select_for_update().get(pk=content["rule"]), content["until"]
    _check_end(rule, date.fromisoformat(until))
    rule.until = date.fromisoformat(until)
    rule.save(update_fields=["until"])


def _apply_rates(content: dict[str, Any]) -> None:
    if not fx.load(content["csv"].splitlines())["written"]:
        raise Refused("a rate differs from one that is known by now", code="terms_rates")


_APPLY = {Kind.RULE: _apply_rule, Kind.RULE_END: _apply_end, Kind.RATES: _apply_rates}


def _check_rule(content: dict[str, Any]) -> None:
    since = date.fromisoformat(content["since"])
    if since <= clock.china_today():
        raise Refused("a rule begins tomorrow at the earliest", code="terms_past")
    same = {name: content[name] for name in ("merchant", "lane", "hs_prefix")}
    if CommissionRule.objects.filter(**same, since=since).exists():
        raise Refused("there is such a rule from that day", code="terms_twice")


def _check_end(rule: CommissionRule, until: date) -> None:
    if rule.until is not None:
        raise Refused("the rule has its end already", code="terms_ended")
    if until < max(clock.china_today(), rule.since):
        raise Refused("a rule ends today at the earliest, and not before it begins", code="terms_past")


# -- storing ---------------------------------------------------------------------------------------------------


def _propose(kind: str, content: dict[str, Any], actor: str) -> TermsChange:
    who = _named(actor)
    with transaction.atomic():
        made = TermsChange.objects.create(
            kind=kind, content=content, proposed_by=who, proposed_at=clock.now()
        )
        facts = {name: value for name, value in content.items() if name != "csv"}
        audit.record("terms.proposed", OBJECT, made.pk, actor=who, kind=kind, **facts)
    return made


def _decide(change: TermsChange, state: str, who: str, reason: str = "") -> TermsChange:
    change.state, change.decided_by, change.decided_at = state, who, clock.now()
    change.save(update_fields=["state", "decided_by", "decided_at"])
    audit.record(f"terms.{state}", OBJECT, change.pk, actor=who, reason=reason, kind=change.kind)
    return change


def _open(change_id: UUID) -> TermsChange:
    change = TermsChange.objects.select_for_update().get(pk=change_id)
    if change.state != State.PROPOSED:
        raise Refused("the change is decided already", code="terms_decided")
    return change


def _named(actor: str) -> str:
    return actors.named(actor, code="terms_no_actor")

"""Compares Saleor's transactions with ours, so that neither a lost webhook nor a lost report loses anything.

Two looks a round. One is at what changed in Saleor since a cursor: requests nobody answered are taken as their webhook
would have taken them. The other is at what we reported since a cursor of its own: a report that Saleor does not have
is made again. Amounts that differ are written down for an operator and never changed.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from saleor_ext.core import audit, clock, locks
from saleor_ext.core.errors import PermanentError, PonteError
from saleor_ext.core.models import Cursor
from saleor_ext.plugin_api import SaleorClient, platform

from . import disagreements, disputes, refunds, requested, settling, transactions
from .models import PaymentDispute, PaymentRefund, PaymentSession
from .port import RefundState
from .sessions import APP
from .settling import HEAL_AFTER
from .transactions import OBJECT, PAGE, Transaction

log = logging.getLogger(__name__)

#: Saleor commits after the time it writes, and its clock may differ from ours by this much.
OVERLAP = timedelta(minutes=2)
#: How far back the first round looks.
FIRST_LOOK = timedelta(days=2)
#: Pages read in one round; what is left is read from there in the next.
PAGES = 10
CHARGED = "CHARGE_SUCCESS"
_FINAL = (RefundState.SUCCESS, RefundState.FAILED, RefundState.CLOSED)


@dataclass
class Round:
    """What one round did: requests taken, reports made again, new disagreements, and instances not read."""

    taken: int = 0
    reported: int = 0
    disagreements: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def reconcile_all() -> Round:
    """Compare with every connected Saleor; one that is silent or odd does not stop the others."""
    done = Round()
    for api_url in platform().instances(APP):
        try:
            with locks.alone(f"payment.reconcile:{api_url}", "payments are being compared already"):
                reconcile(api_url, done)
        except locks.HeldElsewhere:
            continue
        except PonteError as error:
            done.failed[api_url] = error.message
            log.warning("payments were not compared with %s: %s", api_url, error.message)
    return done


def reconcile(api_url: str, done: Round) -> None:
    """Compare with one Saleor."""
    client = platform().saleor(api_url, APP)
    name = f"payment.transactions:{hashlib.sha256(api_url.encode()).hexdigest()[:32]}"
    begun = {"api_url": api_url, "since": clock.now().isoformat()}
    cursor, _ = Cursor.objects.get_or_create(name=name, defaults={"value": begun})
    _read_changed(client, api_url, cursor, done)
    _read_own(client, api_url, cursor, done)


def _read_changed(client: SaleorClient, api_url: str, cursor: Cursor, done: Round) -> None:
    """Read what changed in Saleor; a reading that is longer than a round goes on where it stopped."""
    reached = _instant(cursor, "reached") or _begun(cursor) - FIRST_LOOK
    reading = dict(cursor.value.get("reading") or {"after": None, "begun": clock.now().isoformat()})
    where = transactions.changed_since(reached - OVERLAP)
    for _ in range(PAGES):
        try:
            page = transactions.read_page(client, where, reading["after"])
        except PermanentError:
            _save(cursor, reading=None)  # a place that Saleor no longer knows would be refused for ever
            raise
        for told in page.transactions:
            _note_time(reading, "reached", told.touched_at, latest=True)
            if held := _compare(client, api_url, told, cursor, done):
                _note_time(reading, "held", held, latest=False)
        reading["after"] = page.after
        if page.after is None:
            break
        _save(cursor, reading=dict(reading))
    if reading["after"] is None:
        _save(cursor, reading=None, reached=_next(reached, reading).isoformat())


def _note_time(reading: dict[str, Any], key: str, at: datetime, *, latest: bool) -> None:
    known = reading.get(key)
    choose = max if latest else min
    reading[key] = (choose(datetime.fromisoformat(known), at) if known else at).isoformat()


def _next(reached: datetime, reading: dict[str, Any]) -> datetime:
    """Return where the next reading begins: at the latest change seen.

    What happened while this one was read comes after its beginning, so it does not go beyond that; nor beyond a
    request that was too young or could not be taken.
    """
    known = {
        key: datetime.fromisoformat(reading[key]) for key in ("reached", "begun", "held") if key in reading
    }
    target = min(known.get("reached", reached), known["begun"])
    return min(target, known["held"]) if "held" in known else max(reached, target)


def _read_own(client: SaleorClient, api_url: str, cursor: Cursor, done: Round) -> None:
    """Look whether Saleor has what we reported, and whether what differed still does."""
    since = _instant(cursor, "checked") or _begun(cursor) - FIRST_LOOK
    ids, until = _reported(api_url, since, clock.now() - HEAL_AFTER)
    wanted = list(dict.fromkeys([*ids, *disagreements.due(api_url, PAGE)]))
    for start in range(0, len(wanted), PAGE):
        page = transactions.read_page(client, {"ids": wanted[start : start + PAGE]})
        for told in page.transactions:
            _compare(client, api_url, told, cursor, done)
    if ids:
        _save(cursor, checked=until.isoformat())


def _reported(api_url: str, since: datetime, until: datetime) -> tuple[list[str], datetime]:
    """Return transactions we reported on in a time, oldest first, and how far the time was covered."""
    sessions = PaymentSession.objects.filter(api_url=api_url)
    returns = PaymentRefund.objects.filter(session__api_url=api_url)
    back = PaymentDispute.objects.filter(session__api_url=api_url)
    found = [
        _first(sessions, "transaction_id", "reported_at", since, until),
        _first(returns, "session__transaction_id", "reported_at", since, until),
        _first(back, "session__transaction_id", "taken_reported_at", since, until),
        _first(back, "session__transaction_id", "returned_reported_at", since, until),
    ]
    covered = min([until, *(rows[-1][1] for rows in found if len(rows) == PAGE)])
    return list(dict.fromkeys(id for rows in found for id, at in rows if at <= covered)), covered


def _first(
    rows: QuerySet[Any], id: str, moment: str, since: datetime, until: datetime
) -> list[tuple[str, datetime]]:
    """Return as many as one page of answers holds, oldest report first."""
    span = rows.filter(**{f"{moment}__gt": since, f"{moment}__lte": until})
    return list(span.order_by(moment).values_list(id, moment)[:PAGE])


def _compare(
    client: SaleorClient, api_url: str, told: Transaction, cursor: Cursor, done: Round
) -> datetime | None:
    """Heal one transaction; return from when it must be read again, if something is left to do."""
    session = PaymentSession.objects.filter(api_url=api_url, transaction_id=told.id).first()
    if session is None and told.created_at < _begun(cursor):
        return None  # older than this database: whoever took it keeps its books
    try:
        taken, held = requested.take(client, api_url, told, session)
    except PonteError as error:
        log.warning("a request on %s was not taken: %s", told.id, error.message)
        return told.touched_at
    done.taken += taken
    if session is not None:
        done.reported += _report_again(session, told)
    done.disagreements += disagreements.note(api_url, told.id, disagreements.of(told, session))
    return held


def _report_again(session: PaymentSession, told: Transaction) -> int:
    """Promise again the reports that Saleor does not have; return how many. Young ones may still be on their way."""
    limit = clock.now() - HEAL_AFTER
    count = 0
    # Money that stands there under another reference is not made twice: that is a disagreement.
    if (
        _lost(session.reported_at, limit)
        and not told.came.amount
        and not told.has(CHARGED, session.gateway_ref)
    ):
        count += settling.promise_charged(session) and _healed(told, "charged")
    for dispute in session.disputes.all():
        for what, at, payload, key in disputes.reported(dispute):
            if at <= limit and not told.has(disputes.EVENTS[what], dispute.dispute_id):
                count += settling.promise(disputes.REPORT, payload, key) and _healed(
                    told, disputes.EVENTS[what]
                )
    for refund in session.refunds.filter(state__in=_FINAL):
        kind = "REFUND_SUCCESS" if refund.state == RefundState.SUCCESS else "REFUND_FAILURE"
        if _lost(refund.reported_at, limit) and not told.has(kind, refund.refund_no):
            payload, key = {"refund": str(refund.pk)}, f"{refund.pk}:{refund.state}"
            count += settling.promise(refunds.REPORT, payload, key) and _healed(told, kind)
    return count


def _lost(reported_at: datetime | None, limit: datetime) -> bool:
    """Whether a report was taken long enough ago that it should be there."""
    return reported_at is not None and reported_at <= limit


def _healed(told: Transaction, what: str) -> bool:
    audit.record("payment.reported_again", OBJECT, told.id, what=what)
    return True


def _begun(cursor: Cursor) -> datetime:
    """When this database first compared with that Saleor."""
    return datetime.fromisoformat(cursor.value["since"])


def _instant(cursor: Cursor, key: str) -> datetime | None:
    text = cursor.value.get(key)
    return datetime.fromisoformat(text) if text else None


def _save(cursor: Cursor, **changes: Any) -> None:
    """Keep how far was read; nothing is written when nothing changed."""
    value = {key: known for key, known in {**cursor.value, **changes}.items() if known is not None}
    if value != cursor.value:
        cursor.value = value
        cursor.save()

"""Four eyes: one person proposes an edition, another approves or refuses it. Every decision is in the audit log."""

from __future__ import annotations

import hashlib
from datetime import date
from uuid import UUID

from django.db import transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import ConfigurationError, PermanentError

from . import in_force
from .kinds import VALUES, Change, differences, parse
from .models import PolicyEdition

State = PolicyEdition.State
OBJECT = "policy"
#: Largest content in characters; the whole tariff with 13,000 codes takes about two million.
MAX_CHARACTERS = 8 * 1024 * 1024


class PolicyRefused(PermanentError):
    """An edition cannot be proposed or decided so; ``code`` says why, the text is for the operator."""


def propose(
    kind: str, *, effective_from: date, source: str, read_on: date, content: str, actor: str
) -> PolicyEdition:
    """Store an edition for another person to look at.

    :raises PolicyRefused: ``unreadable`` (with the place), ``past``, ``read_later``, ``unchanged``, ``too_large``
    """
    today = clock.china_today()
    if effective_from < today:
        raise PolicyRefused("an edition cannot be in force from a day that is over", code="past")
    if read_on > today:
        raise PolicyRefused("a source cannot be read in the future", code="read_later")
    if len(content) > MAX_CHARACTERS:
        raise PolicyRefused("the table is too large", code="too_large")
    text = content.replace("\r\n", "\n").strip() + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    changed = _changes(kind, text, effective_from, source)
    before = in_force.edition(kind, effective_from)
    if (before is not None and before.sha256 == digest) or (kind in VALUES and not changed):
        raise PolicyRefused("the edition changes nothing", code="unchanged")
    with transaction.atomic():
        made = PolicyEdition.objects.create(
            kind=kind,
            effective_from=effective_from,
            source=source,
            read_on=read_on,
            content=text,
            sha256=digest,
            proposed_by=actor,
            proposed_at=clock.now(),
        )
        _record("proposed", made, actor)
    return made


def changes(edition: PolicyEdition) -> list[Change]:
    """Return what an edition changes, against what is in force on its day without it."""
    return _changes(edition.kind, edition.content, edition.effective_from, edition.source)


def approve(pk: UUID, *, actor: str, sha256: str) -> PolicyEdition:
    """Put a proposed edition in force from its day on; ``sha256`` is that of the content the person has seen.

    An edition of the same day that was approved before is replaced.

    :raises PolicyRefused: ``not_draft``, ``own_proposal``, ``past``, ``other_content``
    """
    with transaction.atomic():
        edition = _draft(pk)
        if edition.proposed_by == actor:
            raise PolicyRefused("who proposes an edition cannot approve it", code="own_proposal")
        if edition.sha256 != sha256:
            raise PolicyRefused("this is not the content that was looked at", code="other_content")
        if edition.effective_from < clock.china_today():
            raise PolicyRefused("the day it was to be in force from is over", code="past")
        same_day = PolicyEdition.objects.filter(
            kind=edition.kind, effective_from=edition.effective_from, state=State.APPROVED
        )
        replaced = [str(one.pk) for one in same_day.select_for_update()]
        same_day.update(state=State.SUPERSEDED)
        _decide(edition, State.APPROVED, actor, "")
        _record("approved", edition, actor, replaced=replaced)
        transaction.on_commit(in_force.forget)
    return edition


def refuse(pk: UUID, *, actor: str, reason: str) -> PolicyEdition:
    """Close a proposed edition; the proposer may take it back as well.

    :raises PolicyRefused: ``not_draft``
    """
    with transaction.atomic():
        edition = _draft(pk)
        _decide(edition, State.REFUSED, actor, reason)
        _record("refused", edition, actor, reason=reason)
    return edition


def _changes(kind: str, content: str, day: date, source: str) -> list[Change]:
    try:
        new = parse(kind, content, day, source)
    except ConfigurationError as error:
        raise PolicyRefused(error.message, code="unreadable") from error
    return differences(kind, in_force.content(kind, day), new, day)


def _draft(pk: UUID) -> PolicyEdition:
    edition = PolicyEdition.objects.select_for_update().filter(pk=pk).first()
    if edition is None or edition.state != State.DRAFT:
        raise PolicyRefused("the edition is not waiting for a decision", code="not_draft")
    return edition


def _decide(edition: PolicyEdition, state: State, actor: str, reason: str) -> None:
    edition.state, edition.decided_by, edition.decided_at = state, actor, clock.now()
    edition.reason = reason
    edition.save(update_fields=["state", "decided_by", "decided_at", "reason"])


def _record(
    what: str, edition: PolicyEdition, actor: str, *, reason: str = "", replaced: list[str] | None = None
) -> None:
    audit.record(
        f"customs.policy_{what}",
        OBJECT,
        edition.pk,
        actor=actor,
        reason=reason,
        kind=edition.kind,
        effective_from=edition.effective_from.isoformat(),
        sha256=edition.sha256,
        **({"replaced": replaced} if replaced else {}),
    )

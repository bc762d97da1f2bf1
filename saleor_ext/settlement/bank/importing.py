"""Takes statements in: whole or not at all, each entry once however often and however overlapping they come."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.settings import platform_settings

from .. import actors
from . import camt, matching, table
from .models import BankLine, BankStatement
from .told import MOST_BYTES, Statement, Unreadable

OBJECT = "bank_statement"
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a statement: entries that are new, and those that were known."""

    statement: BankStatement
    new: int
    known: int


def read(raw: bytes) -> list[Statement]:
    """Return the statements of a file, camt.053 or CSV, proven.

    :raises Unreadable: it is neither, or one cannot be believed
    """
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"the file is larger than {MOST_BYTES} bytes")
    if not raw.strip():
        raise Unreadable("the file is empty")
    begin = raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    utf16 = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    found = camt.read(raw) if begin == b"<" or utf16 else table.read(raw)
    for one in found:
        one.prove()
    return found


def take(raw: bytes, *, actor: str) -> list[Taken]:
    """Keep a file's statements and match what can be matched now.

    :raises Unreadable: nothing of it was kept
    :raises ConfigurationError: our account is not set
    """
    who = actors.named(actor, code="bank_no_actor")
    told = read(raw)
    _of_our_account(told)
    digest = hashlib.sha256(raw).hexdigest()
    with transaction.atomic():
        matching.lock()
        taken = [_keep(one, digest, who) for one in told]
    matching.match(actor=who)
    return taken


def _of_our_account(told: list[Statement]) -> None:
    ours = _plain(platform_settings().payout_debtor_account)
    if not ours:
        raise ConfigurationError("PONTE_PAYOUT_DEBTOR_ACCOUNT must be set: statements of it alone are taken")
    for one in told:
        if _plain(one.account) != ours:
            raise Unreadable(f"the statement is of the account …{one.account[-4:]}, ours is …{ours[-4:]}")


def _plain(account: str) -> str:
    return "".join(character for character in account if character.isalnum()).upper()


def _keep(told: Statement, digest: str, who: str) -> Taken:
    statement, new = BankStatement.objects.get_or_create(
        digest=digest,
        currency=told.currency,
        number=told.number[:64],
        defaults={
            "first": told.first,
            "last": told.last,
            "opening": told.opening,
            "closing": told.closing,
            "imported_by": who,
            "imported_at": clock.now(),
        },
    )
    if not new:
        return Taken(statement, 0, len(told.lines))
    marks = told.marks()
    known = set(
        BankLine.objects.filter(currency=told.currency, mark__in=marks).values_list("mark", flat=True)
    )
    rows = [
        BankLine(
            statement=statement,
            currency=told.currency,
            booked_on=line.booked_on,
            valued_on=line.valued_on,
            amount=line.amount,
            reference=line.reference,
            end_to_end_id=line.end_to_end_id,
            text=line.text,
            mark=mark,
        )
        for line, mark in zip(told.lines, marks, strict=True)
        if mark not in known
    ]
    BankLine.objects.bulk_create(rows, batch_size=BATCH)
    audit.record(
        "bank.statement",
        OBJECT,
        statement.pk,
        actor=who,
        days=str(statement),
        new=len(rows),
        known=len(known),
    )
    return Taken(statement, len(rows), len(known))

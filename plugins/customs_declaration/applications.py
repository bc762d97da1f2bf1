"""Cancellations (CEB623) and returns (CEB625): made from the inventory list as customs have it.

Their fields repeat the list's. They are taken from the very message that was sent, so that neither a changed
configuration nor a changed parcel can make them differ, and nobody's identity has to be opened again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError

from . import documents, lifecycle, links, making, mapping
from .config import CustomsConfig
from .messages import MESSAGES, MessageData, check, make_guid, parse, stamp
from .messages.document import Document
from .models import CustomsDocument, Declaration, ReturnCase
from .states import CANCELLATION, FAILED, LIST, REFUND

#: First letter of an application's own number (copNo).
LETTERS = {CANCELLATION: "C", REFUND: "T"}
LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True)
class Application:
    """What an application says beyond the list: ``lines`` (gnum, pieces) for returns only."""

    reason: str
    lines: Sequence[tuple[int, int]] = ()


Wanted = Callable[[Declaration], Application | None]


def prepare(
    declaration_id: str, kind: str, after: int, wanted: Wanted, case: ReturnCase | None = None
) -> CustomsDocument | None:
    """Return the version that follows ``after``, built and signed at the first call; None when it is not wanted.

    ``wanted`` is asked under the declaration's lock.

    :raises PermanentError: ``not_declarable`` when a field would be refused
    """
    settings = links.config()
    signer = links.signer(settings)
    with transaction.atomic():
        declaration = Declaration.objects.select_for_update().get(pk=declaration_id)
        newest = lifecycle.newest(declaration, kind)
        if newest is not None and (newest.version > after or _under_way(newest, case)):
            return newest
        application = wanted(declaration)
        if application is None:
            return None
        version = making.next_version(declaration, kind)
        now = making.next_time(declaration, kind, version)
        guid = make_guid(declaration.parcel_id, kind, version)
        number = own_number(declaration, kind, version)
        data = message(declaration, kind, application, settings, guid=guid, now=now, number=number)
        _check(data, settings)
        tries = newest.tries + 1 if newest is not None and newest.retry_at is not None else 0
        document = CustomsDocument(
            declaration=declaration,
            kind=kind,
            version=version,
            guid=guid,
            app_type=making.NEW,
            created_at=clock.now(),
            tries=tries,
            cop_no=number,
            return_case=case,
        )
        documents.store(document, data, settings, signer, app_time=now)
        lifecycle.settle(declaration)
        return document


def _under_way(newest: CustomsDocument, case: ReturnCase | None) -> bool:
    """Tell whether the newest application is this one and has not failed; earlier returns are over."""
    return newest.return_case_id == (case.pk if case else None) and newest.state not in FAILED


def own_number(declaration: Declaration, kind: str, version: int) -> str:
    """Return the copNo of an application: the case's number behind a letter and the version."""
    number = f"{LETTERS[kind]}{version}{declaration.cop_no}"
    if len(number) <= LONGEST_NUMBER:
        return number
    digest = hashlib.sha256(number.encode()).hexdigest().upper()
    return f"{LETTERS[kind]}{version}{digest}"[:LONGEST_NUMBER]


def message(
    declaration: Declaration,
    kind: str,
    application: Application,
    settings: CustomsConfig,
    *,
    guid: str,
    now: datetime,
    number: str,
) -> MessageData:
    """Build an application from the list that customs have."""
    form = MESSAGES[kind]
    head, lines = _listed(declaration)
    own = {
        "guid": guid,
        "appType": making.NEW,
        "appTime": stamp(now),
        "appStatus": "2",
        "copNo": number,
        "preNo": "",
        "invtNo": declaration.invt_no,
        "reason": application.reason,
        "note": "",
    }
    values = {field.name: own.get(field.name, head.get(field.name, "")) for field in form.head.fields}
    fields = {name: value for name, value in values.items() if value}
    document: Document = {form.head.name: fields} if form.wrapper else dict(fields)
    if form.lines is not None:
        by_number = {line["gnum"]: line for line in lines}
        document[form.lines.name] = [
            {
                **{name: by_number[str(gnum)][name] for name in ("gnum", "gcode", "gname")},
                "qty": str(pieces),
                "unit": by_number[str(gnum)]["unit"],
            }
            for gnum, pieces in application.lines
        ]
    return MessageData(kind, guid, "1.0", [document], mapping.transfer(settings))


def _listed(declaration: Declaration) -> tuple[dict[str, str], list[dict[str, str]]]:
    listed = lifecycle.newest(declaration, LIST)
    if listed is None:
        raise PermanentError("no inventory list was declared", code="not_declared")
    (content,) = parse(listed.body.encode()).documents
    form = MESSAGES[LIST]
    assert form.lines is not None  # a list has lines
    return content[form.head.name], content[form.lines.name]


def _check(data: MessageData, settings: CustomsConfig) -> None:
    problems = [one for one in check(data, settings.edition) if one.severity == "error"]
    if problems:
        text = "; ".join(f"{one.path}: {one.message}" for one in problems[:5])
        raise PermanentError(f"not sent: {text}", code="not_declarable")

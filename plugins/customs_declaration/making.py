"""From a parcel to a document's fields and body, one at a time or many at once.

Where documents are gathered, a step only notes that one is wanted: a row without a body. ``build_waiting`` makes the
bodies of all that go into one message; parcels, identities and what they are judged against are read by a few
queries for all of them. One that customs would refuse is taken out, and its parcel's step is promised to stop.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection

from saleor_ext.core import clock
from saleor_ext.core.errors import ConfigurationError, PermanentError
from saleor_ext.plugin_api import Identity, ParcelView, platform

from . import mapping, preflight, promises
from .config import CustomsConfig
from .mapping import Case, support_of
from .messages import MessageData, write
from .messages.statuses import masked
from .models import CustomsDocument, CustomsMessage, Declaration
from .situation import Look
from .states import LIST

log = logging.getLogger(__name__)

ORDER, WAYBILL = "CEB311Message", "CEB511Message"
MAPPERS: dict[str, Callable[[Case], MessageData]] = {
    ORDER: mapping.order,
    WAYBILL: mapping.waybill,
    LIST: mapping.inventory,
}
NEW, AMEND, DELETE = "1", "2", "3"
#: appTime tells whole seconds, and each has to be later than the one before.
TICK = timedelta(seconds=1)

Refused = list[tuple[CustomsDocument, PermanentError]]


def next_version(declaration: Declaration, kind: str) -> int:
    last = declaration.documents.filter(kind=kind).order_by("-version").first()
    return last.version + 1 if last else 1


def next_time(declaration: Declaration, kind: str, version: int) -> datetime:
    """Return the appTime of a version: later than that of every version before, even within one second."""
    now = clock.china_now().replace(microsecond=0)
    earlier = declaration.documents.filter(kind=kind, version__lt=version) if version > 1 else None
    last = earlier.order_by("-version").first() if earlier is not None else None
    if last is None:
        return now
    before = (last.app_time or last.created_at).astimezone(clock.CHINA).replace(microsecond=0)
    return max(now, before + TICK)


def purpose(parcel: ParcelView, kind: str) -> str:
    """Say in the audit log what an identity was opened for."""
    return f"declare {kind} {parcel.number}"


def case_of(
    document: CustomsDocument,
    declaration: Declaration,
    parcel: ParcelView,
    identity: Identity,
    settings: CustomsConfig,
) -> Case:
    """Gather what a document's message is made of."""
    amends = document.app_type == AMEND
    return Case(
        parcel=parcel,
        identity=identity,
        support=support_of(parcel, settings),
        config=settings,
        cop_no=declaration.cop_no,
        guid=document.guid,
        app_type=document.app_type,
        now=next_time(declaration, document.kind, document.version),
        pre_no=declaration.pre_no if amends else "",
        invt_no=declaration.invt_no if amends else "",
    )


def buyer_of(parcel: ParcelView) -> str:
    """Return the reference of a parcel's buyer.

    :raises ConfigurationError: ``identity_missing``
    """
    if parcel.buyer is None:
        raise ConfigurationError("the parcel has no named buyer", code="identity_missing")
    return parcel.buyer.reference


def fill(document: CustomsDocument, body: str, app_time: datetime) -> None:
    """Give a document its content; it is not stored here."""
    document.body = body
    document.body_sha256 = hashlib.sha256(body.encode()).hexdigest()
    document.app_time = app_time


def build_waiting(documents: Sequence[CustomsDocument], settings: CustomsConfig) -> list[CustomsDocument]:
    """Fill in what waits for its body; return the documents that are fit to be sent, in their order.

    Call with the rows of the documents and of their declarations locked, in the transaction that ``take``s them into
    a message; what is not taken waits on.
    """
    waiting = [one for one in documents if not one.is_built]
    if not waiting:
        return list(documents)
    refused: Refused = []
    cases = _cases(waiting, settings, refused)
    declarations = {case.parcel.id: document.declaration for document, case in cases}
    look = Look([case for _document, case in cases], {document.kind for document in waiting}, declarations)
    for document, case in cases:
        try:
            _make(document, case, look)
        except DatabaseError:
            raise  # nothing of this transaction can stay
        except PermanentError as found:
            refused.append((document, found))
        except Exception as found:  # one that cannot be understood must not keep all others from going out
            log.exception("%s of %s cannot be built", document.kind, case.parcel.number)
            refused.append(
                (document, PermanentError(masked(f"{type(found).__name__}: {found}"), code="given_up"))
            )
    for document, error in refused:
        _take_out(document, error)
    gone = {id(document) for document, _error in refused}
    return [one for one in documents if id(one) not in gone]


def _make(document: CustomsDocument, case: Case, look: Look) -> None:
    data = MAPPERS[document.kind](case)
    preflight.judge(case, data, look.situation(case, data))
    fill(document, write(data, case.config.edition), case.now)


def _cases(
    documents: Sequence[CustomsDocument], settings: CustomsConfig, refused: Refused
) -> list[tuple[CustomsDocument, Case]]:
    """Read parcels and identities; a document that lacks one is refused."""
    parcels = platform().parcels([str(one.declaration.parcel_id) for one in documents])
    wanted = []
    for one in documents:
        parcel = parcels.get(str(one.declaration.parcel_id))
        if parcel is not None and parcel.buyer is not None:
            wanted.append((one, parcel, parcel.buyer.reference))
        else:
            lacks = "the parcel is not known" if parcel is None else "the parcel has no named buyer"
            refused.append((one, PermanentError(lacks, code="not_found")))
    identities = platform().reveal_identities(
        [(reference, purpose(parcel, one.kind)) for one, parcel, reference in wanted]
    )
    found = []
    for one, parcel, reference in wanted:
        if reference in identities:
            found.append((one, case_of(one, one.declaration, parcel, identities[reference], settings)))
        else:
            missing = PermanentError(f"the identity {reference} cannot be opened", code="not_found")
            refused.append((one, missing))
    return found


#: One JSON text for all rows: an array is quoted and taken apart again value by value.
_TAKE = """
    UPDATE customs_declaration_customsdocument AS document
    SET body = made.body, body_sha256 = made.sha, app_time = made.at, message_id = %s, key_name = %s
    FROM jsonb_to_recordset(%s::jsonb) AS made (id uuid, body text, sha text, at timestamptz)
    WHERE document.id = made.id
"""


def take(documents: Sequence[CustomsDocument], message: CustomsMessage) -> None:
    """Store in one statement what documents were filled with, sealed as the field seals it, and their message."""
    body = CustomsDocument._meta.get_field("body")
    rows = [
        {
            "id": one.pk,
            "body": body.pre_save(one, False),
            "sha": one.body_sha256,
            "at": one.app_time,
        }
        for one in documents
    ]
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [message.pk, message.key_name, json.dumps(rows, default=str)])


def facts_of(document: CustomsDocument) -> dict[str, Any]:
    """Return what the audit log is told of a document that was built, by itself or into a message."""
    return {
        "kind": document.kind,
        "guid": document.guid,
        "version": document.version,
        "app_type": document.app_type,
    }


def _take_out(document: CustomsDocument, error: PermanentError) -> None:
    """Forget a document that cannot be sent, as if it had never been wanted, and promise to stop its step."""
    promises.refuse(document, error)
    document.delete()

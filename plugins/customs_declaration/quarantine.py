"""Files from the port that cannot be read: kept whole and sealed in the database until their time is over.

In the database and not in a folder, because web and worker run on several hosts and keep nothing of their own. A file
is cut into pieces that are compressed and sealed one by one: neither reading nor a change of keys needs the whole.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import zlib
from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError

from . import links, oversized
from .messages import MessageError
from .messages.statuses import masked
from .models import QuarantinedFile, QuarantinedPart
from .transport import Incoming

log = logging.getLogger(__name__)

#: Shown of a file without opening it.
HEAD_BYTES = 64 * 1024
#: A piece; a change of keys holds some hundred of them at once.
PART_BYTES = 256 * 1024
_DELETED_AT_ONCE = 200

State = QuarantinedFile.State


def keep(incoming: Incoming, error: MessageError) -> QuarantinedFile:
    """Store a file with the reason why it cannot be read; the same bytes again are the same file."""
    body = incoming.body
    digest = hashlib.sha256(body).hexdigest()
    fits = len(body) <= links.config().quarantine_bytes
    with transaction.atomic():
        row, new = QuarantinedFile.objects.get_or_create(
            sha256=digest,
            defaults={
                "name": incoming.name[:255],
                "size": len(body),
                # Latin-1 maps every byte to itself: only ID numbers change.
                "head": masked(body[:HEAD_BYTES].decode("latin-1")).encode("latin-1"),
                "code": error.code,
                "reason": error.message[:2000],
                "received_at": clock.now(),
                "kept": fits,
            },
        )
        if new:
            if fits:
                QuarantinedPart.objects.bulk_create(_parts(row, body), batch_size=16)
            audit.record(
                "customs.quarantined",
                "file",
                row.pk,
                code=error.code,
                name=row.name,
                size=row.size,
                kept=fits,
            )
        elif row.state == State.DELETED:
            _back_again(row, body, fits=fits)
        elif row.state == State.READ:
            _still_unread(row, error)
    log.warning("receipt file put aside: %s", error.code)
    return row


def _back_again(row: QuarantinedFile, body: bytes, *, fits: bool) -> None:
    """Keep a file that was deleted and came once more."""
    head = masked(body[:HEAD_BYTES].decode("latin-1")).encode("latin-1")
    QuarantinedFile.objects.filter(pk=row.pk).update(
        state=State.WAITING, kept=fits, head=head, received_at=clock.now()
    )
    if fits:
        QuarantinedPart.objects.bulk_create(_parts(row, body), batch_size=16)


def _parts(row: QuarantinedFile, body: bytes) -> Iterator[QuarantinedPart]:
    for position, start in enumerate(range(0, len(body), PART_BYTES)):
        packed = zlib.compress(body[start : start + PART_BYTES], 6)
        yield QuarantinedPart(file=row, position=position, body=base64.b64encode(packed).decode())


def pieces(row: QuarantinedFile) -> Iterator[bytes]:
    """Yield the file as it came, piece by piece; nothing when it was not kept."""
    for part in row.parts.order_by("position").iterator(chunk_size=1):
        yield zlib.decompress(base64.b64decode(part.body or ""))


def try_again(row: QuarantinedFile, *, actor: str) -> bool:
    """Read a kept file anew, after the parser or the configuration was mended; True when it is in the inbox now."""
    from .receipts import admit

    try:
        admit(row.name, b"".join(pieces(row)))
        failure = None
    except MessageError as error:
        failure = error
    with transaction.atomic():
        if failure is not None:
            _still_unread(row, failure)
        else:
            QuarantinedFile.objects.filter(pk=row.pk).update(
                state=State.READ, tries=F("tries") + 1, tried_at=clock.now()
            )
        audit.record(
            "customs.quarantine_tried", "file", row.pk, actor=actor, read=failure is None,
            code=failure.code if failure else "",
        )  # fmt: skip
    return failure is None


def delete(row: QuarantinedFile, *, actor: str, reason: str) -> None:
    """Delete a file for good, wherever it lies; that it was here, with its digest, stays in row and audit log.

    :raises PermanentError: it lies on a disk that this host does not see
    """
    with transaction.atomic():
        row = QuarantinedFile.objects.select_for_update().get(pk=row.pk)
        audit.record(
            "customs.quarantine_deleted", "file", row.pk, actor=actor, reason=reason,
            name=row.name, size=row.size, sha256=row.sha256,
        )  # fmt: skip
        row.parts.all().delete()
        QuarantinedFile.objects.filter(pk=row.pk).update(state=State.DELETED, kept=False, aside="", head=b"")
        if row.aside:
            oversized.remove(row)


def _still_unread(row: QuarantinedFile, error: MessageError) -> None:
    QuarantinedFile.objects.filter(pk=row.pk).update(
        state=State.WAITING,
        code=error.code,
        reason=error.message[:2000],
        tries=F("tries") + 1,
        tried_at=clock.now(),
    )


def forget_old() -> int:
    """Delete files that are older than the configured days; return how many. Runs periodically."""
    days = links.config().quarantine_days
    old = QuarantinedFile.objects.filter(received_at__lt=clock.now() - timedelta(days=days))
    keys = [row.pk for row in old.defer("head").order_by("received_at")[:_DELETED_AT_ONCE] if _off_disk(row)]
    if keys:
        with transaction.atomic():
            QuarantinedFile.objects.filter(pk__in=keys).delete()
            audit.record("customs.quarantine_forgotten", "customs", "quarantine", count=len(keys), days=days)
    return len(keys)


def _off_disk(row: QuarantinedFile) -> bool:
    """Delete what a row points to; False where this host cannot: another one will."""
    if not row.aside:
        return True
    try:
        oversized.remove(row)
    except PermanentError as error:
        log.warning("a large file stays in quarantine: %s", error.message)
        return False
    return True

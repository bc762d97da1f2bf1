"""Files that cannot be read: kept whole and sealed, read again after a fix, deleted when their time is over."""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from plugins.customs_declaration import checks, quarantine, receipts
from plugins.customs_declaration.messages import MessageError, build, to_bytes
from plugins.customs_declaration.models import QuarantinedFile, QuarantinedPart
from plugins.customs_declaration.transport import Incoming
from saleor_ext.core import clock, inbox, rotation
from saleor_ext.core.keys import current_ring
from saleor_ext.core.models import AuditEntry, InboxMessage

from .cases import sound
from .parcels import ID_NUMBER

pytestmark = pytest.mark.django_db
ERROR = MessageError("no root", code="xml")


def kept(body: bytes, name: str = "a.xml") -> QuarantinedFile:
    row = quarantine.keep(Incoming(name, body), ERROR)
    return QuarantinedFile.objects.get(pk=row.pk)


def whole(row: QuarantinedFile) -> bytes:
    return b"".join(quarantine.pieces(row))


@pytest.mark.parametrize(
    "size", [0, 1, quarantine.PART_BYTES - 1, quarantine.PART_BYTES, quarantine.PART_BYTES * 2 + 1]
)
def test_every_byte_comes_back(settings_of_customs, size: int) -> None:
    body = random.Random(size).randbytes(size)
    row = kept(body)
    assert (row.size, row.kept, row.state, whole(row) == body) == (size, True, "waiting", True)
    assert row.parts.count() == -(-size // quarantine.PART_BYTES)
    assert [len(piece) for piece in quarantine.pieces(row)][:-1] == [quarantine.PART_BYTES] * (
        max(0, row.parts.count() - 1)
    )


def test_the_file_is_sealed_and_its_head_masked(settings_of_customs) -> None:
    body = f"<x>{ID_NUMBER}</x>".encode() * 100
    row = kept(body)
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM customs_declaration_quarantinedpart")
        (stored,) = cursor.fetchone()
    assert stored.startswith("p1.") and ID_NUMBER not in stored
    assert ID_NUMBER.encode() not in bytes(row.head) and b"<x>1****************X</x>" in bytes(row.head)
    assert whole(row) == body
    entry = AuditEntry.objects.get(action="customs.quarantined")
    assert entry.data == {"code": "xml", "name": "a.xml", "size": len(body), "kept": True}


def test_a_change_of_keys_seals_the_parts_anew(settings_of_customs) -> None:
    row = kept(b"abc")
    before = QuarantinedPart.objects.values_list("body", flat=True)[0]
    rotation.rotate()
    after = QuarantinedPart.objects.values_list("body", flat=True)[0]
    assert (before.split(".")[1] != after.split(".")[1], after.split(".")[1]) == (True, current_ring().active)
    assert whole(row) == b"abc"


def test_a_file_above_the_bound_keeps_its_head_only(set_config) -> None:
    set_config(quarantine_mb=1)
    row = kept(b"<" * (1024 * 1024 + 1))
    assert (row.kept, row.parts.count(), len(bytes(row.head))) == (False, 0, quarantine.HEAD_BYTES)
    assert kept(b">" * (1024 * 1024)).kept


def test_the_same_bytes_are_one_file(settings_of_customs) -> None:
    assert kept(b"abc").pk == kept(b"abc", "b.xml").pk
    assert QuarantinedPart.objects.count() == 1


def test_a_file_too_large_to_be_read_is_fetched_and_kept_whole(set_config, tmp_path) -> None:
    config = set_config(max_receipt_mb=1)
    folder = config.folder_path / "inbox"
    folder.mkdir(parents=True)
    body = b"<a>" + b"x" * (1024 * 1024) + b"</a>"
    (folder / "big.xml").write_bytes(body)
    assert receipts.poll() == 1
    row = QuarantinedFile.objects.get()
    assert (row.code, row.kept, row.size) == ("too_large", True, len(body))
    assert hashlib.sha256(whole(row)).hexdigest() == row.sha256
    assert (config.folder_path / "error" / "big.xml").exists()


def test_a_file_is_read_again_after_the_bound_was_raised(set_config) -> None:
    config = set_config(max_receipt_mb=1)
    data = sound("CEB622Message")
    body = to_bytes(build(data)) + b"<!--" + b" " * (1024 * 1024) + b"-->"
    folder = config.folder_path / "inbox"
    folder.mkdir(parents=True)
    (folder / "late.xml").write_bytes(body)
    receipts.poll()
    row = QuarantinedFile.objects.get()
    assert quarantine.try_again(row, actor="staff@shop.example") is False
    row.refresh_from_db()
    assert (row.state, row.tries, row.code, InboxMessage.objects.count()) == ("waiting", 1, "too_large", 0)
    assert {one.name: one.status for one in checks.health()}["customs-quarantine"] == "warning"
    set_config(max_receipt_mb=2)
    assert quarantine.try_again(row, actor="staff@shop.example") is True
    row.refresh_from_db()
    assert (row.state, row.tries, InboxMessage.objects.get().kind) == ("read", 2, "CEB622Message")
    assert inbox.drain() == 1
    assert {one.name: one.status for one in checks.health()}["customs-quarantine"] == "ok"
    tried = AuditEntry.objects.filter(action="customs.quarantine_tried").order_by("id")
    assert [(one.actor, one.data["read"]) for one in tried] == [
        ("staff@shop.example", False),
        ("staff@shop.example", True),
    ]
    # Should it come once more and not be readable then, it waits again.
    quarantine.keep(Incoming("late.xml", body), ERROR)
    row.refresh_from_db()
    assert (row.state, row.code) == ("waiting", "xml")


def test_old_files_are_deleted_with_their_parts(set_config) -> None:
    set_config(quarantine_days=7)
    kept(b"old")
    with time_machine.travel(clock.now() + timedelta(days=6, hours=23)):
        assert quarantine.forget_old() == 0
        kept(b"young")
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert quarantine.forget_old() == 1
        assert quarantine.forget_old() == 0
    assert (QuarantinedFile.objects.count(), QuarantinedPart.objects.count()) == (1, 1)
    assert AuditEntry.objects.get(action="customs.quarantine_forgotten").data == {"count": 1, "days": 7}

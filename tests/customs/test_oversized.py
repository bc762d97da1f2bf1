"""Files too large for the quarantine: listed where they lie, streamed, deleted, and never whole in memory."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from plugins.customs_declaration import checks, oversized, quarantine, receipts
from plugins.customs_declaration.models import QuarantinedFile
from plugins.customs_declaration.transport import Incoming
from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import AuditEntry

from .parcels import ID_NUMBER
from .test_quarantine import ERROR

pytestmark = pytest.mark.django_db
MEGABYTE = 1024 * 1024
BEGIN = f"<a>{ID_NUMBER}</a>".encode()


@pytest.fixture
def drop(set_config) -> Path:
    """A drop folder that takes receipts up to one megabyte."""
    folder = set_config(max_receipt_mb=1, quarantine_mb=1).folder_path
    (folder / "inbox").mkdir(parents=True)
    return folder


def large(path: Path, size: int = MEGABYTE + 1, begin: bytes = BEGIN) -> Path:
    """Write a file that is as large as it says and takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(begin)
    os.truncate(path, size)
    return path


def only() -> QuarantinedFile:
    return QuarantinedFile.objects.get()


def test_a_dropped_file_is_listed_where_it_lies(drop: Path) -> None:
    digest = hashlib.sha256(large(drop / "inbox" / "big.xml").read_bytes()).hexdigest()
    assert receipts.poll() == 0 and not QuarantinedFile.objects.exists()
    assert (oversized.adopt(), oversized.adopt()) == (1, 0)
    row = only()
    assert (row.name, row.aside, row.size, row.sha256, row.kept, row.state, row.code) == (
        "big.xml", "big.xml", MEGABYTE + 1, digest, False, "waiting", "too_large",
    )  # fmt: skip
    assert row.reason == f"{MEGABYTE + 1} bytes, at most {MEGABYTE} are read"
    assert ID_NUMBER.encode() not in bytes(row.head) and bytes(row.head).startswith(
        b"<a>1****************X</a>"
    )
    assert len(bytes(row.head)) == oversized.HEAD_BYTES
    assert AuditEntry.objects.get(action="customs.quarantined").data["size"] == MEGABYTE + 1
    assert {one.name: one.status for one in checks.health()}["customs-quarantine"] == "warning"


def test_memory_stays_flat_with_sixty_megabytes(set_config) -> None:
    folder = set_config().folder_path  # as shipped: 50 MB
    size = 60 * MEGABYTE
    large(folder / "error" / "huge.xml", size)
    tracemalloc.start()
    try:
        assert oversized.adopt() == 1
        told = sum(len(piece) for piece in oversized.pieces(only()))
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert told == size and most < 4 * MEGABYTE


def test_only_files_that_nothing_else_keeps_are_listed(drop: Path) -> None:
    folder = drop / "error"
    large(folder / "small.xml", MEGABYTE)
    large(folder / "reason.xml.reason.txt")
    (folder / "link.xml").symlink_to(large(drop / "elsewhere.xml"))
    (folder / "folder").mkdir()
    assert oversized.adopt() == 0


def test_another_way_to_the_port_has_no_folder(set_config) -> None:
    large(set_config(transport="http").folder_path / "error" / "big.xml", 60 * MEGABYTE)
    assert oversized.adopt() == 0


def test_the_same_bytes_again_are_one_file(drop: Path) -> None:
    for number in range(2):
        large(drop / "inbox" / "big.xml")
        receipts.poll()
        assert oversized.adopt() == 1 - number
    assert only().aside == "big.xml"
    assert sorted(one.name for one in (drop / "error").iterdir()) == ["big.xml", "big.xml.reason.txt"]
    assert AuditEntry.objects.get(action="customs.quarantine_repeated").data == {"name": "big.xml.2"}


def test_another_file_of_the_name_is_a_row_of_its_own(drop: Path) -> None:
    for begin in (b"<a/>", b"<b/>"):
        large(drop / "inbox" / "big.xml", begin=begin)
        receipts.poll()
    assert oversized.adopt() == 2
    assert set(QuarantinedFile.objects.values_list("name", "aside")) == {
        ("big.xml", "big.xml"), ("big.xml", "big.xml.2"),
    }  # fmt: skip


def test_a_file_is_deleted_with_a_reason_and_may_come_again(drop: Path) -> None:
    large(drop / "error" / "big.xml")
    oversized.adopt()
    quarantine.delete(only(), actor="staff@shop.example", reason="a test of the port")
    row = only()
    assert (row.state, row.aside, bytes(row.head)) == ("deleted", "", b"")
    assert list((drop / "error").iterdir()) == []
    entry = AuditEntry.objects.get(action="customs.quarantine_deleted")
    assert (entry.actor, entry.reason) == ("staff@shop.example", "a test of the port")
    assert entry.data == {"name": "big.xml", "size": MEGABYTE + 1, "sha256": row.sha256}
    assert {one.name: one.status for one in checks.health()}["customs-quarantine"] == "ok"
    large(drop / "error" / "big.xml")
    assert oversized.adopt() == 1
    assert (only().state, only().aside) == ("waiting", "big.xml")


def test_a_file_of_the_database_is_deleted_and_may_come_again(settings_of_customs) -> None:
    quarantine.keep(Incoming("a.xml", b"<a>"), ERROR)
    quarantine.delete(only(), actor="x", reason="y")
    assert (only().state, only().kept, only().parts.count()) == ("deleted", False, 0)
    quarantine.keep(Incoming("a.xml", b"<a>"), ERROR)
    assert (only().state, only().kept, b"".join(quarantine.pieces(only()))) == ("waiting", True, b"<a>")


def test_a_host_without_the_folder_changes_nothing(drop: Path, set_config, tmp_path: Path) -> None:
    large(drop / "error" / "big.xml")
    oversized.adopt()
    set_config(folder=str(tmp_path / "elsewhere"))
    for act in (oversized.pieces, lambda row: quarantine.delete(row, actor="x", reason="y")):
        with pytest.raises(PermanentError) as refused:
            act(only())
        assert refused.value.code == "not_here"
    assert (only().state, only().aside) == ("waiting", "big.xml")
    assert not AuditEntry.objects.filter(action="customs.quarantine_deleted").exists()


def test_a_row_never_leads_out_of_the_folder(drop: Path) -> None:
    secret = large(drop / "secret.xml")
    large(drop / "error" / "big.xml")
    oversized.adopt()
    QuarantinedFile.objects.update(aside="../secret.xml")
    with pytest.raises(PermanentError):
        oversized.pieces(only())
    quarantine.delete(only(), actor="x", reason="y")
    assert secret.exists()


def test_after_its_days_the_file_goes_with_its_row(drop: Path, set_config) -> None:
    large(drop / "error" / "big.xml")
    oversized.adopt()
    with time_machine.travel(clock.now() + timedelta(days=400)):
        set_config(folder=str(drop / "elsewhere"))
        assert quarantine.forget_old() == 0 and (drop / "error" / "big.xml").exists()
        set_config(folder=str(drop))
        assert quarantine.forget_old() == 1
    assert list((drop / "error").iterdir()) == [] and not QuarantinedFile.objects.exists()

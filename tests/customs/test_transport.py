"""Drop folders and the HTTP gateway: whole files only, nothing lost, nothing read twice."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import time_machine

from plugins.customs_declaration.links import StoredPosition
from plugins.customs_declaration.transport import DropFolder, HttpGateway
from plugins.customs_declaration.transport import folder as folder_module
from plugins.customs_declaration.transport.port import file_name, parts_of
from saleor_ext.core.errors import PermanentError, PutOff, TransientError


@pytest.fixture
def drop(tmp_path) -> DropFolder:
    return DropFolder(tmp_path, max_bytes=1000)


def put(drop: DropFolder, name: str, body: bytes = b"<a/>", age: float = 0) -> Path:
    path = drop.folder / "inbox" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def names(drop: DropFolder, folder: str) -> list[str]:
    return sorted(path.name for path in (drop.folder / folder).iterdir())


def test_readers_never_see_half_a_file(drop) -> None:
    body = b"x" * 300_000
    seen: set[int] = set()
    stop = threading.Event()
    (drop.folder / "outbox").mkdir()

    def watch() -> None:
        while not stop.is_set():
            seen.update(
                path.stat().st_size for path in (drop.folder / "outbox").glob("*.xml") if path.exists()
            )

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(40):
        drop.send(f"m{number}.xml", body)
    stop.set()
    watcher.join()
    assert seen <= {len(body)}
    assert all(name.endswith(".xml") for name in names(drop, "outbox"))


def test_the_same_message_again_is_one_file(drop) -> None:
    drop.send("a.xml", b"1")
    drop.send("a.xml", b"1")
    assert names(drop, "outbox") == ["a.xml"]


def test_receipts_come_oldest_first_and_only_when_complete(drop) -> None:
    put(drop, "young.xml", age=1)
    put(drop, "old.xml", age=9)
    put(drop, "half.xml.tmp", age=9)
    put(drop, ".hidden", age=9)
    (drop.folder / "inbox" / "folder").mkdir()
    assert [one.name for one in drop.receive()] == ["old.xml", "young.xml"]
    assert [one.name for one in drop.receive(limit=1)] == ["old.xml"]
    careful = DropFolder(drop.folder, max_bytes=1000, settle_seconds=5)
    assert [one.name for one in careful.receive()] == ["old.xml"]


@time_machine.travel(datetime(2026, 11, 26, 17, 0, tzinfo=UTC), tick=False)  # past midnight in China
def test_taken_files_are_archived_by_day_under_names_of_their_own(drop) -> None:
    for body in (b"<a/>", b"<b/>"):
        put(drop, "r.xml", body)
        (one,) = drop.receive()
        drop.take(one.name)
    drop.take("r.xml")
    assert names(drop, "archive/2026-11-27") == ["r.xml", "r.xml.2"]
    assert list(drop.receive()) == []


def test_refused_files_keep_their_reason(drop) -> None:
    put(drop, "bad.xml")
    drop.refuse("bad.xml", "no XML")
    assert names(drop, "error") == ["bad.xml", "bad.xml.reason.txt"]
    assert (drop.folder / "error" / "bad.xml.reason.txt").read_text() == "no XML\n"
    assert drop.refused() == 1


def test_oversized_files_are_put_aside_unread(drop) -> None:
    put(drop, "huge.xml", b"x" * 1001)
    assert list(drop.receive()) == []
    assert drop.refused() == 1


def test_a_standing_client_program_makes_sending_wait(drop) -> None:
    full = DropFolder(drop.folder, max_bytes=10, max_waiting=2)
    full.send("1.xml", b"")
    full.send("2.xml", b"")
    with pytest.raises(PutOff, match="client running") as caught:
        full.send("3.xml", b"")
    assert caught.value.seconds == 30
    full.send("1.xml", b"")  # it waits already
    assert full.problems() == ["2 files wait in outbox: is the port's client running?"]
    (drop.folder / "outbox" / "1.xml").unlink()
    full._counted = (-1.0, 0)
    full.send("3.xml", b"")
    DropFolder(drop.folder, max_bytes=10, max_waiting=0).send("4.xml", b"")
    assert names(drop, "outbox") == ["2.xml", "3.xml", "4.xml"]


def test_the_outbox_is_counted_once_a_second_not_for_every_file(drop, monkeypatch) -> None:
    counts = []
    honest = os.scandir
    monkeypatch.setattr(folder_module.os, "scandir", lambda path: counts.append(path) or honest(path))
    monkeypatch.setattr(folder_module, "COUNTED_FOR", 3600.0)
    drop._counted = (-3600.0, 0)
    for number in range(50):
        drop.send(f"{number}.xml", b"")
    assert len(counts) == 1
    assert drop._counted[1] == 50


def test_another_message_of_the_same_name_is_an_error_and_changes_nothing(drop) -> None:
    drop.send("a.xml", b"1")
    with pytest.raises(PermanentError, match="another message"):
        drop.send("a.xml", b"2")
    assert (drop.folder / "outbox" / "a.xml").read_bytes() == b"1"


def test_a_message_that_lies_there_is_not_written_again(drop) -> None:
    drop.send("a.xml", b"1")
    before = (drop.folder / "outbox" / "a.xml").stat()
    drop.send("a.xml", b"1")
    after = (drop.folder / "outbox" / "a.xml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_full_disk_leaves_no_half_file_and_is_told(drop, monkeypatch) -> None:
    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder_module.os, "fsync", full)
    with pytest.raises(TransientError, match="No space left"):
        drop.send("a.xml", b"1")
    assert (names(drop, "outbox"), names(drop, "tmp")) == ([], [])
    monkeypatch.setattr(
        folder_module.shutil, "disk_usage", lambda path: namedtuple("Usage", "free")(5 * 2**20)
    )
    assert drop.problems() == [f"{drop.folder}: 5 MiB free"]


def test_what_a_dead_writer_left_is_removed_after_a_day(drop) -> None:
    assert drop.problems() == []
    for name, age in (("old.xml.tmp", 25 * 3600), ("young.xml.tmp", 3600)):
        path = drop.folder / "tmp" / name
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age,) * 2)
    assert drop.problems() == []
    assert names(drop, "tmp") == ["young.xml.tmp"]


def test_a_file_that_cannot_be_read_does_not_keep_the_others(drop, monkeypatch) -> None:
    put(drop, "locked.xml", age=30)
    put(drop, "good.xml", age=20)
    honest = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.name == "locked.xml":
            raise PermissionError(errno.EACCES, "Permission denied")
        return honest(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    assert [one.name for one in drop.receive()] == ["good.xml"]
    assert drop.refused() == 0  # it may be on its way still
    put(drop, "locked.xml", age=90)
    assert [one.name for one in drop.receive()] == ["good.xml"]
    assert (
        drop.folder / "error" / "locked.xml.reason.txt"
    ).read_text() == "cannot be read: Permission denied\n"


def test_a_reason_that_cannot_be_written_keeps_nothing_up(drop, monkeypatch) -> None:
    put(drop, "bad.xml")
    monkeypatch.setattr(Path, "write_text", lambda *args, **kwargs: full_disk())

    def full_disk() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    drop.refuse("bad.xml", "no XML")
    assert names(drop, "error") == ["bad.xml"]


def test_of_many_thousand_files_the_oldest_come_first(drop) -> None:
    inbox = drop.folder / "inbox"
    inbox.mkdir()
    for number in range(3000):
        (inbox / f"{number}.xml").touch()
        os.utime(inbox / f"{number}.xml", (1e9 - number,) * 2)
    assert [one.name for one in drop.receive(3)] == ["2999.xml", "2998.xml", "2997.xml"]


def test_names_hold_kind_and_guid() -> None:
    assert file_name("CEB311Message", "A-1") == "CEB311Message_A-1.xml"
    assert parts_of("CEB311Message_A-1.xml") == ("CEB311Message", "A-1")
    assert parts_of("other.xml") == ("", "other")


@pytest.mark.parametrize("name", ["../a.xml", "a/b.xml", "", ".a"])
def test_names_cannot_leave_the_folder(drop, name: str) -> None:
    with pytest.raises(PermanentError):
        drop.send(name, b"")


def test_a_folder_that_cannot_be_made_is_a_problem_in_words(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    drop = DropFolder(tmp_path / "file", max_bytes=10)
    assert drop.problems() and "file" in drop.problems()[0]
    with pytest.raises(TransientError):
        drop.send("a.xml", b"")
    assert DropFolder(tmp_path / "new", max_bytes=10).problems() == []


# -- HTTP ------------------------------------------------------------------------------------------------------


class Port:
    """A gateway in memory."""

    def __init__(self) -> None:
        self.sent: dict[str, bytes] = {}
        self.waiting: dict[int, str] = {}
        self.status = 200
        self.garbage = False

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/customs/")
        if self.status != 200:
            return httpx2.Response(self.status)
        if request.method == "POST" and path == "messages":
            self.sent[request.headers["X-Cop-Msg-Id"]] = request.content
            return httpx2.Response(202)
        since, limit = int(request.url.params.get("since", 0)), int(request.url.params["limit"])
        rows = [{"id": number, "xml": xml} for number, xml in sorted(self.waiting.items()) if number > since]
        return httpx2.Response(200, json={"what": 1} if self.garbage else {"receipts": rows[:limit]})


class Memory:
    """A position in memory."""

    at = 0

    def get(self) -> int:
        return self.at

    def advance(self, to: int) -> None:
        self.at = max(self.at, to)


@pytest.fixture
def port() -> Port:
    return Port()


def gateway_to(handler) -> HttpGateway:
    client = httpx2.Client(transport=httpx2.MockTransport(handler))
    return HttpGateway("http://port.test/customs", position=Memory(), client=client)


def test_messages_and_receipts_go_over_http(port) -> None:
    gateway = gateway_to(port)
    gateway.send("m.xml", b"<a/>")
    assert port.sent == {"m.xml": b"<a/>"}
    port.waiting = {4: "<b/>", 7: "<c/>"}
    assert [(one.name, one.body) for one in gateway.receive()] == [("4", b"<b/>"), ("7", b"<c/>")]
    gateway.take("4")
    assert [one.name for one in gateway.receive()] == ["7"]
    gateway.refuse("7", "no XML")
    gateway.take("4")
    assert list(gateway.receive()) == []
    assert gateway.problems() == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, TransientError), (429, TransientError), (400, PermanentError), (302, PermanentError)],
)
def test_answers_of_the_gateway_tell_whether_to_try_again(port, status: int, error: type[Exception]) -> None:
    port.status = status
    with pytest.raises(error, match=str(status)):
        gateway_to(port).send("m.xml", b"")


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [(429, "7", 7.0), (503, "90", 90.0), (429, "86400", 600.0), (429, "soon", None), (500, "7", None)],
)
def test_a_busy_gateway_says_how_long_it_wants_to_be_left_alone(
    status: int, header: str, seconds: float | None
) -> None:
    gateway = gateway_to(lambda request: httpx2.Response(status, headers={"Retry-After": header}))
    with pytest.raises(TransientError) as caught:
        gateway.send("m.xml", b"")
    assert getattr(caught.value, "seconds", None) == seconds
    assert isinstance(caught.value, PutOff) is (seconds is not None)


def test_a_silent_or_garbled_gateway_is_transient(port) -> None:
    def silent(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectTimeout("no answer", request=request)

    with pytest.raises(TransientError):
        gateway_to(silent).send("m.xml", b"")
    assert "does not answer" in gateway_to(silent).problems()[0]
    port.garbage = True
    with pytest.raises(TransientError):
        list(gateway_to(port).receive())


@pytest.mark.parametrize("status", [401, 404, 503])
def test_a_gateway_that_refuses_us_is_a_problem(port, status: int) -> None:
    port.status = status
    assert gateway_to(port).problems() == [f"http://port.test/customs answers {status}"]


@pytest.mark.django_db
def test_the_position_is_kept_in_the_database_and_never_goes_back() -> None:
    position = StoredPosition("customs.receipts:test")
    assert position.get() == 0
    position.advance(7)
    position.advance(4)
    assert StoredPosition("customs.receipts:test").get() == 7

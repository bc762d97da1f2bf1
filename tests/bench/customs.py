"""Benchmarks of customs: declarations built, signed and kept; receipts applied; a peak day drained.

They run the plugin's own code over the test database and a drop folder on disk: preflight, quota, sealing, audit,
outbox and inbox included. Only the parcels and the buyers' identities are given from memory, as the platform would
give them, and no wake-up calls go to a broker.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bench import SAMPLE

#: A day of a sales festival, in declarations, and how long it may take on two cores.
PEAK, PEAK_HOURS = 200_000, 24.0
#: What is measured of it, and in how many processes.
PROCESSES = 2
SIGNED = RECEIPTS = min(SAMPLE, 1000)
BATCH = 100
#: So many go before what is counted.
WARM = 10


def bare_signs_per_second(seconds: float = 1.0) -> float:
    """RSA-2048 signatures with SHA-1 a second of one core with nothing around them."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _rate(lambda: key.sign(b"x" * 400, padding.PKCS1v15(), hashes.SHA1()), seconds)


def bare_parses_per_second(body: bytes, seconds: float = 1.0) -> float:
    """Parses a second of the same bytes into a tree, and nothing else."""
    from lxml import etree

    return _rate(lambda: etree.fromstring(body), seconds)


def _rate(call: Callable[[], object], seconds: float) -> float:
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        call()
        count += 1
    return count / (time.perf_counter() - started)


@contextlib.contextmanager
def customs(folder: Path, **values: Any) -> Iterator[Any]:
    """Put a complete configuration and a platform of the tests in force; quiet."""
    from plugins.customs_declaration.plugin import plugin
    from plugins.customs_declaration.signing import make_demo_key
    from saleor_ext.plugin_api import configuration
    from saleor_ext.plugin_api import platform as services
    from tests.customs.parcels import CONFIG, FakePlatform

    module: Any = sys.modules[services.__module__]
    before, fake = module._platform, FakePlatform()
    key, certificate = make_demo_key(folder)
    given = {"folder": str(folder / "drop"), "key_path": str(key), "certificate_path": str(certificate)}
    configuration.save(plugin, {**CONFIG, **given, "folder_most_waiting": 0, **values}, actor="bench")
    configuration.forget_cache()
    quiet()
    module.set_platform(fake)
    try:
        yield fake
    finally:
        module.set_platform(before)
        logging.disable(logging.NOTSET)


def quiet() -> None:
    """Write no log lines, and send no wake-up calls: there is no broker, and nobody to wake."""
    from saleor_ext.core import inbox, outbox

    logging.disable(logging.INFO)
    inbox._wake = lambda message: None
    outbox._wake = lambda: None


def parcels(mark: str, count: int, *, held: bool = True) -> list[Any]:
    """Parcels of one buyer each, with two lines whose goods are held in the bonded book; the same for the same mark."""
    from saleor_ext.plugin_api import Buyer
    from tests.customs.parcels import line, parcel, step

    records = [{"gnum": number, "item_record_no": f"000{number}"} for number in (1, 2)]
    made = []
    for number in range(count):
        view = parcel(
            f"{mark}{number:07d}",
            lines=(line(1, 1), line(2, 2, "45.50")),
            buyer=Buyer("person-1", "林*", f"index-{mark}{number}"),
        )
        stock = step("reserve_stock", book_no="T516526A00001", lines=records)
        view.steps["reserve_stock"] = stock  # type: ignore[index]  # a view is read-only to others
        made.append(view)
    if held:
        _hold(made)
    return made


def _hold(views: list[Any]) -> None:
    """Keep what ``reserve_stock`` keeps of each line; the book's balance is left to that step's own tests."""
    from plugins.nansha_logistics.models import Book, BookItem, Reservation
    from saleor_ext.core import clock

    now = clock.now()
    holds = []
    for view in views:
        number = view.step_data("reserve_stock")["book_no"]
        book, _made = Book.objects.get_or_create(number=number, defaults={"opened_at": now})
        for line in view.lines:
            facts = line.facts
            item, _made = BookItem.objects.get_or_create(
                book=book,
                gds_mtno=facts.sku,
                defaults={
                    "gds_seqno": 9000 + line.gnum,
                    "item_record_no": f"000{line.gnum}",
                    "name": facts.name,
                    "hs_code": facts.hs_code,
                    "origin": facts.origin,
                    "dcl_unit": facts.unit,
                    "lawf_unit": facts.unit1,
                },
            )
            hold = {"key": f"{view.id}:{line.gnum}", "parcel": view.id, "quantity": line.quantity}
            holds.append(Reservation(item=item, created_at=now, changed_at=now, **hold))
    Reservation.objects.bulk_create(holds)


def sign_bench(emit: Callable[..., None]) -> None:
    """Build, check, sign and keep lists that steps want: a hundred a message, and each by itself within its step."""
    for size, unit in (
        (BATCH, f"declarations/s, {BATCH} a message, of bare RSA-2048 signs/s"),
        (1, "declarations/s, one a message, of bare RSA-2048 signs/s"),
    ):
        with (
            tempfile.TemporaryDirectory() as name,
            customs(Path(name), batch_size=size, batch_seconds=0) as world,
        ):
            mark = f"S{size}X{os.getpid()}"
            # Uncounted: tables of codes and regions are read once a process.
            _signing([world.add(view) for view in parcels(f"{mark}W", WARM)], together=size > 1)
            views = [world.add(view) for view in parcels(f"{mark}X", SIGNED)]
            bare = bare_signs_per_second()
            took = _signing(views, together=size > 1)
            emit("customs-sign", SIGNED / took, unit, (bare + bare_signs_per_second()) / 2)


def _signing(views: list[Any], *, together: bool) -> float:
    """Return the seconds of building, signing and keeping; not those of the step, where that only wants a document."""
    from plugins.customs_declaration import batches, documents
    from plugins.customs_declaration.models import CustomsDocument
    from saleor_ext.core.models import OutboxMessage

    started = time.perf_counter()
    for view in views:
        documents.prepare(view, "CEB621Message")
    if together:
        started = time.perf_counter()
        while batches.gather():
            pass
    took = time.perf_counter() - started
    signed = CustomsDocument.objects.filter(declaration__parcel_id__in=[one.id for one in views])
    assert signed.exclude(key_name="").exclude(body_sha256="").count() == len(views)
    # What was only signed is not for the peak's workers to send.
    OutboxMessage.objects.filter(topic=batches.TOPIC).delete()
    return took


def receipts_bench(emit: Callable[..., None]) -> None:
    """Fetch, store and apply receipts of orders that customs accept."""
    from plugins.customs_declaration import receipts, steps
    from plugins.customs_declaration.models import CustomsDocument
    from saleor_ext.core import clock, inbox

    with tempfile.TemporaryDirectory() as name, customs(Path(name)) as world:
        views = [world.add(one) for one in parcels(f"R{os.getpid()}X", RECEIPTS)]
        for view in views:
            steps.declare_order(view)
        folder = Path(name) / "drop" / "inbox"
        folder.mkdir(parents=True, exist_ok=True)
        bodies = [_receipt(view, clock.now() + timedelta(seconds=1)) for view in views]
        for number, body in enumerate(bodies):
            (folder / f"{number}.xml").write_bytes(body)
        started = time.perf_counter()
        while receipts.poll():
            while inbox.drain():
                pass
        took = time.perf_counter() - started
        accepted = CustomsDocument.objects.filter(declaration__parcel_id__in=[one.id for one in views])
        assert accepted.filter(state="accepted").count() == RECEIPTS
        emit(
            "customs-receipts",
            RECEIPTS / took,
            "receipts/s of bare lxml parse",
            bare_parses_per_second(bodies[0]),
        )


def _receipt(view: Any, at: Any) -> bytes:
    from plugins.customs_declaration.messages import MessageData, build, make_guid, stamp, to_bytes

    document = {
        "guid": make_guid("bench", view.number), "ebpCode": "4401960PT1", "ebcCode": "4401960PT2",
        "orderNo": f"W{view.number}", "returnStatus": "120", "returnTime": stamp(at, 17),
        "returnInfo": "[Code:1800;Desc:逻辑校验通过]",
    }  # fmt: skip
    return to_bytes(build(MessageData("CEB312Message", make_guid("m", view.number), "1.0", [document])))


def peak_bench(emit: Callable[..., None]) -> None:
    """Drain orders and lists of a sample in two processes, and reckon what a peak day takes."""
    environment = {**os.environ, "PONTE_BENCH_SAMPLE": str(SAMPLE)}
    command = [sys.executable, "-m", "tests.bench.peak"]
    share = SAMPLE // PROCESSES
    with tempfile.TemporaryDirectory() as name, customs(Path(name), batch_size=BATCH, batch_seconds=1):
        drop = Path(name) / "drop"
        workers = [
            subprocess.Popen(
                [*command, str(number), str(share)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for number in range(PROCESSES)
        ]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()  # its parcels are there
        started = time.perf_counter()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.close()
        codes = [worker.wait() for worker in workers]
        took = time.perf_counter() - started
        assert codes == [0] * PROCESSES
        _check_sent(drop, share * PROCESSES)
    rate = share * PROCESSES / took
    emit("customs-peak", rate, f"declarations/s of {PEAK} a day", PEAK / (PEAK_HOURS * 3600))
    emit(
        "customs-peak", PEAK / rate / 3600, f"hours for {PEAK}, from {share * PROCESSES} measured", PEAK_HOURS
    )


def _check_sent(drop: Path, count: int) -> None:
    """Every order and list lies in the folder once."""
    from plugins.customs_declaration.messages import parse

    numbers: dict[str, list[str]] = {"CEB311Message": [], "CEB621Message": []}
    for path in (drop / "outbox").iterdir():
        data = parse(path.read_bytes())
        for document in data.documents:
            head = next(value for value in document.values() if isinstance(value, dict))
            numbers[data.message].append(head["orderNo"])
    for found in numbers.values():
        assert len(found) == len(set(found)) == count, (len(found), len(set(found)), count)

"""The port's end of the drop folder in tests: what was sent there, and receipts from it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

from plugins.customs_declaration import receipts, steps
from plugins.customs_declaration.messages import MessageData, build, make_guid, parse, stamp, to_bytes
from plugins.customs_declaration.models import CustomsDocument, Declaration
from saleor_ext.core import inbox, outbox

from .parcels import parcel

INVT_NO = "51652026I112300001"


def outbox_files(world) -> list[Path]:
    folder = world.drop / "outbox"
    return sorted(folder.iterdir()) if folder.exists() else []


def sent(world, kind: str) -> MessageData:
    (path,) = [one for one in outbox_files(world) if one.name.startswith(kind)]
    return parse(path.read_bytes())


def put_receipt(
    world, message: str, status: str, info: str = "x", *, after: float = 1, **fields: str
) -> bytes:
    """Write a receipt into the inbox folder, of ``after`` seconds from the start by customs' clock."""
    moment = world.start + timedelta(seconds=after)
    document = {
        "guid": make_guid(message, status, after, info),
        **fields,
        "returnStatus": status,
        "returnTime": stamp(moment, 17),
        "returnInfo": info,
    }
    body = to_bytes(build(MessageData(message, make_guid("m", status, after, info), "1.0", [document])))
    folder = world.drop / "inbox"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{message}_{status}_{after}_{len(list(folder.iterdir()))}.xml").write_bytes(body)
    return body


def order_receipt(world, view, status: str, info: str = "x", after: float = 1) -> None:
    put_receipt(
        world, "CEB312Message", status, info, after=after,
        ebpCode="4401960PT1", ebcCode="4401960PT2", orderNo=f"W{view.number}",
    )  # fmt: skip


def list_receipt(world, view, status: str, info: str = "x", after: float = 1, **more: str) -> None:
    keys = {"copNo": view.number, "preNo": "B20261123000000001", **more}
    put_receipt(world, "CEB622Message", status, info, after=after, **keys)


def work() -> None:
    """Fetch what waits and apply it."""
    receipts.poll()
    inbox.drain()


def declared(world, view=None):
    """A parcel whose list is at customs."""
    view = world.add(view or parcel())
    steps.declare_order(view)
    order_receipt(world, view, "120", "[Code:1800;Desc:逻辑校验通过]")
    work()
    steps.declare_inventory(view)
    return view


def listed(world, view=None, *statuses: str):
    """A parcel whose list is at customs and has its number, at status 120 or where ``statuses`` lead."""
    view = declared(world, view)
    for second, status in enumerate(statuses or ("120",), 10):
        list_receipt(world, view, status, "x", second, invtNo=INVT_NO)
    work()
    return view


def released(world, view=None):
    """A parcel whose list was released, and which has come to its buyer."""
    view = listed(world, view, "120", "800")
    return world.add(dataclasses.replace(view, state="delivered"))


def application_receipt(
    world, kind: str, status: str, info: str = "x", after: float = 30, **more: str
) -> None:
    """Answer the newest cancellation (CEB623Message) or return (CEB625Message)."""
    document = CustomsDocument.objects.filter(kind=kind).order_by("-version").first()
    letter = {"CEB623Message": "C", "CEB625Message": "T"}[kind]
    keys = {"copNo": document.cop_no, "preNo": f"{letter}20261123000000001", "invtNo": INVT_NO, **more}
    answer = {"CEB623Message": "CEB624Message", "CEB625Message": "CEB626Message"}[kind]
    put_receipt(world, answer, status, info, after=after, **keys)


def deliver() -> int:
    """Do what was promised for now."""
    return outbox.drain()


def documents_of(kind: str) -> list[CustomsDocument]:
    return list(CustomsDocument.objects.filter(kind=kind).order_by("version"))


def head_of(document: CustomsDocument) -> dict[str, str]:
    """Return the head fields of a message that was built."""
    from plugins.customs_declaration.messages import MESSAGES

    form = MESSAGES[document.kind]
    (content,) = parse(document.body.encode()).documents
    return content[form.head.name] if form.wrapper else content


def state() -> str:
    return Declaration.objects.get().state

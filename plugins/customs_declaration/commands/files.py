"""``ponte customs parse``, ``build``, ``check``, ``receipts``, ``fields``: messages as files.

Messages are read part by part, and what is printed waits in a temporary file until the input has been read to its
end: a broken file prints nothing, and a large one needs little memory.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .output import Unreadable, command, opened, spool, to_json, write_bytes

if TYPE_CHECKING:
    from ..messages import MessageData
    from ..messages.form import Check
    from ..messages.reader import Reader
    from ..signing import Signer

#: A message as JSON is larger than as XML by less than this.
JSON_FACTOR = 4


def register(subparsers: Any) -> None:
    """Add the commands; their imports wait until one of them runs."""
    parse = subparsers.add_parser("parse", help="print a message as JSON")
    _file(parse, "FILE")
    _max_bytes(parse)
    parse.set_defaults(func=command(run_parse), needs_django=False)

    build = subparsers.add_parser("build", help="make the XML of a message from its JSON")
    _file(build, "FILE.json")
    _edition(build)
    _max_bytes(build)
    build.add_argument("--out", type=Path, metavar="F", help="write to this file instead of the output")
    build.add_argument(
        "--sign", action="store_true", help="sign it: with --key and --cert, else the demonstration key"
    )
    build.add_argument("--key", type=Path, metavar="K", help="private key, PEM")
    build.add_argument("--cert", type=Path, metavar="C", help="its certificate, PEM or DER")
    build.add_argument("--password-file", type=Path, metavar="P", help="file with the key's password")
    build.set_defaults(func=command(run_build), needs_django=False)

    check = subparsers.add_parser("check", help="find what customs would refuse a message for")
    _file(check, "FILE.xml")
    _edition(check)
    _max_bytes(check)
    check.add_argument("--unsigned", action="store_true", help="the message is still to be signed")
    check.add_argument(
        "--remarks", action="store_true", help="print also what may be right, as codes of incomplete lists"
    )
    check.set_defaults(func=command(run_check), needs_django=False)

    receipts = subparsers.add_parser("receipts", help="print what receipts say, one line a document")
    receipts.add_argument("files", nargs="+", metavar="FILE", help="messages, or - for the input")
    _max_bytes(receipts)
    receipts.set_defaults(func=command(run_receipts), needs_django=False)

    fields = subparsers.add_parser("fields", help="print the field table of a node, or the list of messages")
    fields.add_argument("node", nargs="?", metavar="NODE", help="for example InventoryHead")
    fields.add_argument("--markdown", action="store_true", help="print all tables as a page")
    _edition(fields)
    fields.set_defaults(func=command(run_fields), needs_django=False)


def _file(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("file", metavar=name, help="a file, or - for the input")


def _edition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--edition",
        type=lambda text: text.replace("/", "-"),
        choices=("202205", "2018-113"),
        default="202205",
        help="edition of the specification: 202205 (default) or 2018-113",
    )


def _max_bytes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--max-bytes", type=int, metavar="N", help="refuse larger files (default 16 MiB)")


def _limit(arguments: argparse.Namespace) -> int:
    from ..messages.source import MAX_BYTES

    return int(arguments.max_bytes) if arguments.max_bytes is not None else MAX_BYTES


def run_parse(arguments: argparse.Namespace) -> int:
    """Print a message: root attributes, documents in order, what stands behind them."""
    from ..messages.reader import Reader

    limit = _limit(arguments)
    with opened(arguments.file, limit) as stream, spool() as out:
        _write_message(Reader(stream, max_bytes=limit), out)
    return 0


def _write_message(reader: Reader, out: TextIO) -> None:
    from ..messages import MessageData
    from ..messages.parse import documents

    data = MessageData(reader.message.name, reader.guid, reader.version)
    shell = data.as_json()
    start = {name: shell[name] for name in ("message", "guid", "version")}
    out.write(to_json(start)[:-1] + ', "documents": [')
    for number, document in enumerate(documents(reader, data, complete=False)):
        out.write((",\n" if number else "\n") + to_json(document))
    whole = data.as_json()
    rest = {name: whole[name] for name in ("BaseTransfer", "BaseSubscribe", "ExtendMessage")}
    out.write("\n], " + to_json(rest)[1:] + "\n")


def run_build(arguments: argparse.Namespace) -> int:
    """Make a message's XML; the inverse of ``parse`` but for the signature, which is made anew or not at all."""
    from ..messages import build, to_bytes

    root = build(_read_json(arguments.file, JSON_FACTOR * _limit(arguments)), arguments.edition)
    if arguments.sign:
        from ..signing import sign

        sign(root, _signer(arguments))
    write_bytes(to_bytes(root), arguments.out)
    return 0


def _read_json(name: str, limit: int) -> MessageData:
    from ..messages import MessageData

    with opened(name, limit) as stream:
        body = stream.read(limit + 1)
    if len(body) > limit:
        raise Unreadable(f"more than the {limit} bytes allowed")
    try:
        return MessageData.from_json(json.loads(body.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise Unreadable("not JSON: the bytes are not UTF-8") from None
    except RecursionError:
        raise Unreadable("not JSON of a message: nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"not JSON: {error}") from None


def _signer(arguments: argparse.Namespace) -> Signer:
    from ..signing import soft_signer
    from ..signing.certificates import CERTIFICATE_FILE, KEY_FILE

    if (arguments.key is None) != (arguments.cert is None):
        raise Unreadable("--key and --cert belong together")
    demo = Path(os.environ.get("PONTE_VAR_DIR") or "var") / "customs"
    key, certificate = arguments.key or demo / KEY_FILE, arguments.cert or demo / CERTIFICATE_FILE
    if arguments.key is None and not key.exists():
        raise Unreadable("no key to sign with: give --key and --cert (the demonstration has made none yet)")
    password = arguments.password_file.read_text().strip() if arguments.password_file else ""
    return soft_signer(key, certificate, password)


def run_check(arguments: argparse.Namespace) -> int:
    """Print the findings of a message; 1 when there are any."""
    from ..messages.form import Check
    from ..messages.reader import Reader

    limit = _limit(arguments)
    with opened(arguments.file, limit) as stream, spool() as out:
        checked = Check(Reader(stream, max_bytes=limit), arguments.edition, unsigned=arguments.unsigned)
        with spool(into=None) as listed:
            valid = _write_findings(checked, listed, remarks=arguments.remarks)
            listed.seek(0)
            out.write(f'{{"valid": {"true" if valid else "false"}, "findings": [')
            while piece := listed.read(1 << 16):
                out.write(piece)
            out.write("]}\n")
    return 0 if valid else 1


def _write_findings(checked: Check, out: TextIO, *, remarks: bool) -> bool:
    valid, separator = True, "\n"
    for finding in checked.findings():
        error = finding.severity == "error"
        valid = valid and not error
        if error or remarks:
            out.write(separator + to_json(finding.as_json()))
            separator = ",\n"
    return valid


def run_receipts(arguments: argparse.Namespace) -> int:
    """Print a line for each document of each file; a file that cannot be read is named, the others are printed."""
    result = 0
    for name in arguments.files:
        result = max(
            result, command(_print_receipts)(argparse.Namespace(**{**vars(arguments), "file": name}))
        )
    return result


def _print_receipts(arguments: argparse.Namespace) -> int:
    from ..messages import MessageData
    from ..messages.parse import documents
    from ..messages.reader import Reader
    from ..messages.statuses import answer_of

    limit = _limit(arguments)
    with opened(arguments.file, limit) as stream, spool() as out:
        reader = Reader(stream, max_bytes=limit)
        if reader.message.request:
            raise Unreadable(f"{reader.message.name} is no receipt")
        count = 0
        for document in documents(reader, MessageData(reader.message.name)):
            out.write(to_json(answer_of(reader.message, count, document).as_json()) + "\n")
            count += 1
        if not count:
            raise Unreadable(f"{reader.message.name} holds no {reader.message.document}")
    return 0


def run_fields(arguments: argparse.Namespace) -> int:
    """Print the table of a node, a line an element; without a node, a line a message."""
    from ..messages import listing

    with spool() as out:
        if arguments.markdown:
            out.write(listing.markdown())
            return 0
        if arguments.node is None:
            found = listing.overview()
        else:
            node = listing.node_named(arguments.node, arguments.edition)
            if node is None:
                raise Unreadable(f"{arguments.node} is no node of the import messages")
            found = listing.rows(node)
        for row in found:
            out.write(to_json(row) + "\n")
    return 0

"""``ponte customs sign``, ``verify`` and ``sign-179``.

Exit codes: 0 done, 1 the signature does not hold, 2 the input cannot be read (one line on stderr says why).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .output import Unreadable, command, to_json, write_bytes

if TYPE_CHECKING:
    from lxml import etree

DONE, DOES_NOT_HOLD = 0, 1
#: A message of a hundred documents with full lists is some megabytes.
MOST = 64 * 1024 * 1024


def register(subparsers: Any) -> None:
    """Add the three sub-commands."""
    sign = _add(subparsers, "sign", "sign a message (enveloped XML signature)", _sign)
    _key_options(sign)
    sign.add_argument("--cert", required=True, metavar="FILE", help="certificate, PEM or DER")
    sign.add_argument("--out", metavar="FILE", help="where to write the signed message; else standard output")
    sign.add_argument(
        "--signature-uri", default="", metavar="URI", help="SignatureMethod; default by the key"
    )
    sign.add_argument("--digest-uri", default="", metavar="URI", help="DigestMethod; default by the key")
    verify = _add(subparsers, "verify", "check the signature of a message", _verify)
    verify.add_argument(
        "--cert", metavar="FILE", help="certificate or public key of the signer; else the embedded"
    )
    _identity_option(verify)
    payment = _add(subparsers, "sign-179", "sign real-time payment data (announcement 2018/179)", _sign_179)
    _key_options(payment)


def _add(
    subparsers: Any, name: str, text: str, function: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=text, description=text)
    parser.add_argument("file", metavar="FILE", help="input; - reads standard input")
    parser.set_defaults(func=command(function), needs_django=False)
    return parser


def _key_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", required=True, metavar="FILE", help="private key, RSA or SM2, PEM or DER")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help="holds the key's password; else the variable PONTE_KEY_PASSWORD",
    )
    _identity_option(parser)


def _identity_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sm2-id", default="1234567812345678", metavar="TEXT", help="identity for SM2 signatures"
    )


# -- sign, verify ----------------------------------------------------------------------------------------------


def _sign(arguments: argparse.Namespace) -> int:
    from ..signing import Algorithms, SigningError, sign, soft_signer
    from ..signing.xmldsig import unsigned

    root = _message(arguments.file)
    uses = Algorithms(signature=arguments.signature_uri, digest=arguments.digest_uri)
    try:
        signer = soft_signer(
            Path(arguments.key), Path(arguments.cert), _password(arguments), uses, arguments.sm2_id.encode()
        )
        if unsigned(root):
            print("ponte customs sign: replaces the signature that was there", file=sys.stderr)
        sign(root, signer)
    except SigningError as error:
        raise Unreadable(error.message) from None
    body = _bytes_of(root)
    if not arguments.out:
        write_bytes(body, None)
        return DONE
    write_bytes(body, Path(arguments.out))
    facts = {"signature": signer.algorithms.signature, "digest": signer.algorithms.digest}
    return _print({"out": arguments.out, "key_name": signer.key_name, **facts})


def _verify(arguments: argparse.Namespace) -> int:
    from ..signing import SigningError, files, verify
    from ..signing.xmldsig import algorithms_of

    root = _message(arguments.file)
    key = None
    if arguments.cert:
        try:
            key = files.public_key_in(files.read(Path(arguments.cert)))
        except SigningError as error:
            raise Unreadable(f"{arguments.cert}: {error.message}") from None
    signature, digest = algorithms_of(root)
    result: dict[str, Any] = {"valid": True, "reason": "", "signature": signature, "digest": digest}
    try:
        verify(root, key=key, identity=arguments.sm2_id.encode())
    except SigningError as error:
        result |= {"valid": False, "reason": error.message}
    result["certificate"] = _certificate_in(root)
    _print(result)
    return DONE if result["valid"] else DOES_NOT_HOLD


def _certificate_in(root: etree._Element) -> dict[str, Any] | None:
    """Return the facts of the certificate that a message carries; None when it carries none."""
    from ..signing import SigningError, certificate_facts
    from ..signing.xmldsig import embedded_certificate

    try:
        facts = certificate_facts(embedded_certificate(root))
    except SigningError:
        return None
    now = datetime.now(UTC)
    return {
        "serial": facts.serial,
        "subject": facts.subject,
        "not_after": facts.not_after.isoformat(),
        "in_force": facts.not_before <= now <= facts.not_after,
    }


def _message(name: str) -> etree._Element:
    """Read a message without changing anything that a signature covers."""
    from ..signing.reading import NotXml, message_root

    try:
        return message_root(_read(name))
    except NotXml as error:
        raise Unreadable(f"{name}: {error}") from None


def _bytes_of(root: etree._Element) -> bytes:
    from lxml import etree

    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")


# -- 179 -------------------------------------------------------------------------------------------------------


def _sign_179(arguments: argparse.Namespace) -> int:
    import base64

    from ..realtime.wire import PayloadError, read_payload, string_to_sign
    from ..signing import SigningError, bare_signature, files

    try:
        text = string_to_sign(read_payload(_read(arguments.file)))
        key = files.private_key(files.read(Path(arguments.key)), _password(arguments))
    except PayloadError as error:
        raise Unreadable(f"{arguments.file}: {error}") from None
    except SigningError as error:
        raise Unreadable(error.message) from None
    value = bare_signature(key, text.encode(), arguments.sm2_id.encode())
    return _print({"string_to_sign": text, "sign_value": base64.b64encode(value).decode()})


# -- input and output ------------------------------------------------------------------------------------------


def _read(name: str) -> bytes:
    try:
        if name == "-":
            found = sys.stdin.buffer.read(MOST + 1)
        else:
            with Path(name).open("rb") as stream:
                found = stream.read(MOST + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Unreadable(f"{name}: {getattr(error, 'strerror', None) or error}") from None
    if len(found) > MOST:
        raise Unreadable(f"{name}: larger than {MOST // 1024 // 1024} MB")
    return found


def _password(arguments: argparse.Namespace) -> str:
    if not arguments.password_file:
        return os.environ.get("PONTE_KEY_PASSWORD", "")
    try:
        return _read(arguments.password_file).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unreadable(f"{arguments.password_file}: not UTF-8 text") from None


def _print(result: dict[str, Any]) -> int:
    print(to_json(result, indent=2))
    return DONE

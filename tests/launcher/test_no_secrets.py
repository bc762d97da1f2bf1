"""After a whole run no secret, ID number or card number stands in the logs, the tables or an error page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.demo_process import DemoProcess
from tests.faults.watch import Records

pytestmark = pytest.mark.demo

_ID = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
_CARD = re.compile(r"(?<![0-9A-Za-z])(?:4\d{15}|5[1-5]\d{14}|62\d{14,17})(?![0-9A-Za-z])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_id(number: str) -> bool:
    """Tell whether a number is a resident ID by its birthday and check digit (GB 11643)."""
    try:
        born = datetime.strptime(number[6:14], "%Y%m%d").year  # a day, no moment
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return 1900 < born < 2027 and "10X98765432"[total % 11] == number[17].upper()


def is_card(number: str) -> bool:
    """Tell whether a number passes the check of payment cards (ISO/IEC 7812)."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def secrets_of(demo: DemoProcess) -> dict[str, str]:
    """Return the secrets of the demonstration by name; of a key its middle, which no certificate shares."""
    given = json.loads((demo.var / "sandbox" / "psp" / "config.json").read_text())
    carrier = json.loads((demo.var / "sandbox" / "carrier" / "config.json").read_text())
    keys = {"wechat key": given["merchant_key_file"], "antom key": given["antom"]["merchant_key_file"]}
    known = {name: Path(file).read_text().splitlines()[10] for name, file in keys.items()}
    known |= {"apiv3 key": given["apiv3_key"], "check word": carrier["check_word"]}
    known |= {"stripe key": given["stripe"]["api_key"], "stripe webhook": given["stripe"]["webhook_secret"]}
    stored = (line.split("=", 1) for line in (demo.var / "demo.env").read_text().splitlines())
    known |= {name: value for name, value in stored if re.search(r"SECRET|PASSWORD|_KEYS?$", name)}
    return {name: value for name, value in known.items() if len(value) >= 12}


def findings(text: str, secrets: dict[str, str]) -> Iterator[str]:
    yield from (name for name, value in secrets.items() if value in text)
    yield from (f"ID {found[:6]}…" for found in _ID.findall(text) if is_id(found))
    yield from (f"card {found[:6]}…" for found in _CARD.findall(text) if is_card(found))


def tables(records: Records) -> Iterator[tuple[str, str]]:
    """Yield each table of the platform with its rows as text; bytes stand there as they are."""
    address = records._environment["DATABASE_URL"]
    with psycopg.connect(address) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        ).fetchall()
        for (name,) in names:
            rows = connection.execute(f'SELECT one::text FROM "{name}" AS one').fetchall()  # a table's name
            yield name, "\n".join(_readable(row) for (row,) in rows)


def _readable(row: str) -> str:
    """Return a row with its byte columns as the text that they hold."""
    return re.sub(
        r"\\\\?x([0-9a-f]{2,})", lambda found: bytes.fromhex(found[1]).decode("utf-8", "replace"), row
    )


def test_the_search_finds_what_it_looks_for() -> None:
    assert list(findings('{"n": "11010519491231002X"}', {})) == ["ID 110105…"]
    assert list(findings("4242424242424242 and s3cret-s3cret", {"word": "s3cret-s3cret"})) == [
        "word",
        "card 424242…",
    ]
    assert list(findings("11010519491231002x1 110105194912310021 4242424242424241", {})) == []
    assert _readable(r'("\\x313130")') == '("110")'


def test_nothing_secret_is_left_behind(running_demo: DemoProcess) -> None:
    walk = running_demo.ponte("walk", "--json", "--patience", "180", "--listing", "ginger-candy", check=False)
    assert walk.returncode == 0, walk.stdout[-500:]
    number = json.loads(walk.stdout.splitlines()[6])["ref"]
    secrets = secrets_of(running_demo)
    assert {
        "wechat key",
        "antom key",
        "apiv3 key",
        "check word",
        "stripe key",
        "stripe webhook",
    } <= secrets.keys()
    places: list[tuple[str, Any]] = [("log", "\n".join(running_demo.lines)), ("walk", walk.stdout)]
    places += tables(Records(running_demo))
    told = running_demo.ponte("pay", "show", number).stdout + running_demo.ponte("pay", "gateways").stdout
    places.append(("commands", told))
    with httpx2.Client(base_url=running_demo.web, trust_env=False) as client:
        pages = [
            client.post("/plugins/payment/notify/wechat/main", content=b'{"id": "11010519491231002X"}'),
            client.post("/plugins/payment/notify/antom/main", content=b"4242424242424242"),
            client.get("/p/11010519491231002X/"),
            client.get("/no/such/page/"),
        ]
    assert [page.status_code for page in pages] == [401, 401, 404, 404]
    places += [("error page", page.text) for page in pages]
    found = {name: sorted(set(findings(text, secrets))) for name, text in places}
    assert {name: what for name, what in found.items() if what} == {}

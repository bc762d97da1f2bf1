"""The messages of the real-time data interface and the string that is signed. Pure; nothing here does I/O.

The rules: announcement 2018/179 with the interface text of its annex. Spelling is as in force
(``payExchangeInfoLists``, ``initalRequest``), the objects stand raw between quotes in the signed string, and their text
is character by character the text that is uploaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

#: Members in the order of the interface text; others follow in the order in which they came.
TOP = ("sessionID", "payExchangeInfoHead", "payExchangeInfoLists", "serviceTime")
HEAD = (
    "guid", "initalRequest", "initalResponse", "ebpCode", "payCode", "payTransactionId", "totalAmount", "currency",
    "verDept", "payType", "tradingTime", "note",
)  # fmt: skip
ORDER = ("orderNo", "goodsInfo", "recpAccount", "recpCode", "recpName")
GOODS = ("gname", "itemLink")
#: Most characters of what a platform could overrun.
LENGTHS = {"initalRequest": 8000, "initalResponse": 8000, "gname": 250, "itemLink": 3000, "note": 1000}

RECEIVED, FAILED = "10000", "20000"


class PayloadError(ValueError):
    """A message that is not of the interface; the text says why."""


class Number(str):
    """A JSON number as it was written: 12.50 stays 12.50."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What customs ask for: ``service_time`` in milliseconds since 1970, as it was written."""

    order_no: str
    session_id: str
    service_time: str


@dataclass(frozen=True, slots=True)
class Goods:
    name: str
    link: str


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """What is told of a payment. Amount in CNY; ``trading_time`` 14 digits in China Standard Time.

    ``ver_dept``: 1 UnionPay, 2 NetsUnion, 3 other; ``pay_type``: 1 app, 2 PC, 3 scan, 4 other.
    """

    guid: str
    request: str
    response: str
    ebp_code: str
    pay_code: str
    pay_transaction_id: str
    amount: Decimal
    ver_dept: str
    pay_type: str
    trading_time: str
    order_no: str
    goods: tuple[Goods, ...]
    recp_account: str
    recp_code: str
    recp_name: str
    note: str = ""
    currency: str = "142"


def read_opening(text: str) -> Opening:
    """Read the value of the form field ``openReq``."""
    found = _object(text)
    missing = [name for name in ("orderNo", "sessionID", "serviceTime") if not _scalar(found.get(name))]
    if missing:
        raise PayloadError(f"missing: {', '.join(missing)}")
    order_no, session_id, service_time = (
        _scalar(found[name]) for name in ("orderNo", "sessionID", "serviceTime")
    )
    if len(order_no) > 60 or len(session_id) > 100 or not _is_time(service_time):
        raise PayloadError("orderNo, sessionID or serviceTime is not of the interface")
    return Opening(order_no, session_id, service_time)


def payload(facts: PaymentFacts, session_id: str, service_time: str) -> dict[str, Any]:
    """Return the message that is signed, members in the prescribed order."""
    goods = [{"gname": one.name[: LENGTHS["gname"]], "itemLink": one.link} for one in facts.goods]
    made = {
        "sessionID": session_id,
        "payExchangeInfoHead": {
            "guid": facts.guid,
            "initalRequest": facts.request,
            "initalResponse": facts.response,
            "ebpCode": facts.ebp_code,
            "payCode": facts.pay_code,
            "payTransactionId": facts.pay_transaction_id,
            "totalAmount": Number(amount_text(facts.amount)),
            "currency": facts.currency,
            "verDept": facts.ver_dept,
            "payType": facts.pay_type,
            "tradingTime": facts.trading_time,
            "note": facts.note,
        },
        "payExchangeInfoLists": [
            {
                "orderNo": facts.order_no,
                "goodsInfo": goods,
                "recpAccount": facts.recp_account,
                "recpCode": facts.recp_code,
                "recpName": facts.recp_name,
            }
        ],
        "serviceTime": service_time,
    }
    _check(made)
    return made


def read_payload(body: bytes) -> dict[str, Any]:
    """Read a message from outside: the object itself, or one whose ``payExInfoStr`` holds its text.

    Known members are put into the prescribed order; numbers keep their spelling.
    """
    found = _object(_text(body))
    if isinstance(inner := found.get("payExInfoStr"), str):
        found = _object(inner)
    if missing := [name for name in TOP if name not in found]:
        raise PayloadError(f"missing: {', '.join(missing)}")
    head, lists = found["payExchangeInfoHead"], found["payExchangeInfoLists"]
    if (
        not isinstance(head, dict)
        or not isinstance(lists, list)
        or not all(isinstance(one, dict) for one in lists)
    ):
        raise PayloadError("payExchangeInfoHead is an object and payExchangeInfoLists an array of objects")
    if not _scalar(found["sessionID"]) or not _scalar(found["serviceTime"]):
        raise PayloadError("sessionID and serviceTime are a text or a number")
    found["payExchangeInfoHead"] = _ordered(head, HEAD)
    found["payExchangeInfoLists"] = [_list_entry(one) for one in lists]
    return _ordered(found, TOP)


def string_to_sign(message: Mapping[str, Any]) -> str:
    """Join the four first-level members: ``"name":"value"`` with ``||`` between, objects raw between the quotes."""
    parts = {
        "sessionID": _scalar(message["sessionID"]),
        "payExchangeInfoHead": compact(message["payExchangeInfoHead"]),
        "payExchangeInfoLists": compact(message["payExchangeInfoLists"]),
        "serviceTime": _scalar(message["serviceTime"]),
    }
    return "||".join(f'"{name}":"{parts[name]}"' for name in TOP)


def upload_text(message: Mapping[str, Any], cert_no: str, sign_value: str) -> str:
    """Return the value of the form field ``payExInfoStr``: the message with certificate number and signature."""
    return compact({**{name: message[name] for name in TOP}, "certNo": cert_no, "signValue": sign_value})


def read_answer(text: str) -> tuple[str, str]:
    """Return code and message of customs' answer to an upload."""
    found = _object(text)
    return _scalar(found.get("code")), str(found.get("message") or "")


def answer(code: str, message: str, moment: datetime) -> dict[str, Any]:
    """Return the answer to customs' call; ``serviceTime`` is a number of milliseconds."""
    return {"code": code, "message": message, "serviceTime": int(moment.timestamp() * 1000)}


def compact(value: Any) -> str:
    """Write JSON without spaces, nothing escaped that need not be, members in their order."""
    if isinstance(value, Mapping):
        members = (
            f"{json.dumps(str(name), ensure_ascii=False)}:{compact(one)}" for name, one in value.items()
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(compact(one) for one in value) + "]"
    return str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def amount_text(amount: Decimal) -> str:
    """Write an amount as a JSON number: at most 5 places, no exponent, no zeros at the end."""
    if amount != round(amount, 5):
        raise PayloadError(f"{amount} has more than 5 places")
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _check(message: Mapping[str, Any]) -> None:
    """Refuse what customs would not take: over-long or empty members."""
    head, entries = message["payExchangeInfoHead"], message["payExchangeInfoLists"]
    fields = [
        *head.items(),
        *(pair for entry in entries for goods in entry["goodsInfo"] for pair in goods.items()),
    ]
    for name, value in fields:
        if len(value) > LENGTHS.get(name, 100):
            raise PayloadError(f"{name} has more than {LENGTHS.get(name, 100)} characters")
    fields += [pair for entry in entries for pair in entry.items()]
    if empty := sorted(
        {name for name, value in fields if not value and name not in ("note", "recpCode", "payType")}
    ):
        raise PayloadError(f"empty: {', '.join(empty)}")


def _list_entry(entry: dict[str, Any]) -> dict[str, Any]:
    ordered = _ordered(entry, ORDER)
    goods = ordered.get("goodsInfo")
    if isinstance(goods, list):
        ordered["goodsInfo"] = [_ordered(one, GOODS) if isinstance(one, dict) else one for one in goods]
    return ordered


def _ordered(found: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    first = {name: found[name] for name in names if name in found}
    return {**first, **{name: value for name, value in found.items() if name not in first}}


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise PayloadError("not a JSON object")
    return found


def _no_constant(name: str) -> Any:
    raise PayloadError(f"{name} is no number")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PayloadError("not UTF-8 text") from None


def _scalar(value: Any) -> str:
    """Return a text or a number as it was written; empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19

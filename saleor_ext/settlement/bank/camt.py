"""Reads ISO 20022 camt.053, a bank's statement as XML; elements by local name, so that any of its versions will do.

Only booked entries count (``Sts`` BOOK). What an entry's direction is says ``CdtDbtInd``, a reversal's too. An entry
with several transactions of its own amounts is as many lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from lxml import etree

from . import told
from .told import Line, Statement, Unreadable

_SIGN = {"CRDT": 1, "DBIT": -1}
#: What the standard writes where a payer gave no number.
NO_NUMBER = "NOTPROVIDED"
#: Balances at the beginning: of the books, or what the statement before closed with.
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read(raw: bytes) -> list[Statement]:
    """Return the statements of a file.

    :raises Unreadable: it is no camt.053, or one cannot be believed
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"no XML: {str(error)[:120]}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("a statement has no document type of its own")
    found = [_statement(one) for one in _all(root, "BkToCstmrStmt", "Stmt")]
    if not found:
        raise Unreadable(f"no camt.053: the file is a {etree.QName(root).localname}")
    return found


def _statement(one: etree._Element) -> Statement:
    number = _text(one, "Id")
    where = f"statement {number[:40]!r}"
    balances = {_text(balance, "Tp", "CdOrPrtry", "Cd"): balance for balance in _all(one, "Bal")}
    opening = next((balances[code] for code in OPENING if code in balances), None)
    closing = next((balances[code] for code in CLOSING if code in balances), None)
    currency = _text(one, "Acct", "Ccy") or _currency(opening) or _currency(closing)
    if not currency:
        raise Unreadable(f"{where}: no currency")
    lines = [line for entry in _all(one, "Ntry") for line in _entry(entry, currency, where)]
    days = [line.booked_on for line in lines]
    first = _text(one, "FrToDt", "FrDtTm") or _day(opening)
    last = _text(one, "FrToDt", "ToDtTm") or _day(closing)
    if not (last or days):
        raise Unreadable(f"{where}: no day")
    ends = told.day(last, where) if last else max(days)
    begins = told.day(first, where) if first else ends
    return Statement(
        account=_text(one, "Acct", "Id", "IBAN") or _text(one, "Acct", "Id", "Othr", "Id"),
        currency=currency,
        number=number,
        first=min([begins, ends, *days]),
        last=max([ends, *days]),
        opening=_balance(opening, currency, where),
        closing=_balance(closing, currency, where),
        lines=lines,
    )


def _entry(entry: etree._Element, currency: str, where: str) -> Iterator[Line]:
    """Yield the lines of an entry that is booked."""
    where = f"{where}, entry {_text(entry, 'NtryRef') or _text(entry, 'AcctSvcrRef')!r}"
    status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
    if status != "BOOK":
        return
    whole = _signed(entry, currency, where)
    booked = told.day(_text(entry, "BookgDt", "Dt") or _text(entry, "BookgDt", "DtTm"), where)
    value = _text(entry, "ValDt", "Dt") or _text(entry, "ValDt", "DtTm")
    valued = told.day(value, where) if value else None
    parts = list(_all(entry, "NtryDtls", "TxDtls"))
    amounts = [_part(part, whole, currency, where) for part in parts]
    if len(parts) < 2 or None in amounts:
        parts, amounts = parts[:1] if len(parts) == 1 else [], [whole]
    if sum(one for one in amounts if one is not None) != whole:
        raise Unreadable(f"{where}: its transactions do not come to {whole}")
    told_of: list[etree._Element | None] = [*parts] or [None]
    for part, value_of in zip(told_of, amounts, strict=True):
        assert value_of is not None  # checked above
        if value_of:
            yield _line(entry, part, booked, valued, value_of)


def _line(
    entry: etree._Element, part: etree._Element | None, booked: date, valued: date | None, value: Decimal
) -> Line:
    words = [_text(entry, "AddtlNtryInf")]
    reference, end_to_end = _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef"), ""
    if part is not None:
        reference = _text(part, "Refs", "AcctSvcrRef") or reference
        end_to_end = _text(part, "Refs", "EndToEndId")
        words += [_text(part, "Refs", name) for name in ("PmtInfId", "MsgId", "InstrId", "TxId")]
        words += [(one.text or "").strip() for one in _all(part, "RmtInf", "Ustrd")]
    else:
        words += [_text(entry, "NtryDtls", "Btch", name) for name in ("PmtInfId", "MsgId")]
    text = " ".join(" ".join(filter(None, words)).split())
    if end_to_end == NO_NUMBER:
        end_to_end = ""
    return Line(booked, value, valued, reference[:64], end_to_end[:64], text[:500])


def _signed(element: etree._Element, currency: str, where: str) -> Decimal:
    sign = _SIGN.get(_text(element, "CdtDbtInd"))
    found = next(_all(element, "Amt"), None)
    if sign is None or found is None:
        raise Unreadable(f"{where}: no amount with a direction")
    if found.get("Ccy", currency) != currency:
        raise Unreadable(f"{where}: {found.get('Ccy')} in an account of {currency}")
    value = told.amount(found.text or "", currency, where)
    if value < 0:
        raise Unreadable(f"{where}: an amount below nought")
    return sign * value


def _part(part: etree._Element, whole: Decimal, currency: str, where: str) -> Decimal | None:
    """Return a transaction's own amount in the account's currency, in its own direction or else the entry's."""
    found = next(_all(part, "Amt"), None)
    if found is None:
        found = next(_all(part, "AmtDtls", "TxAmt", "Amt"), None)
    if found is None or found.get("Ccy") != currency:
        return None
    sign = _SIGN.get(_text(part, "CdtDbtInd"), 1 if whole > 0 else -1)
    return sign * told.amount(found.text or "", currency, where)


def _balance(balance: etree._Element | None, currency: str, where: str) -> Decimal | None:
    return None if balance is None else _signed(balance, currency, f"{where}, balance")


def _currency(balance: etree._Element | None) -> str:
    found = None if balance is None else next(_all(balance, "Amt"), None)
    return "" if found is None else str(found.get("Ccy", ""))


def _day(balance: etree._Element | None) -> str:
    return "" if balance is None else _text(balance, "Dt", "Dt") or _text(balance, "Dt", "DtTm")


def _all(element: etree._Element, *path: str) -> Iterator[etree._Element]:
    """Yield descendants by a path of local names."""
    if not path:
        yield element
        return
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).localname == path[0]:
            yield from _all(child, *path[1:])


def _text(element: etree._Element, *path: str) -> str:
    found = next(_all(element, *path), None)
    return "" if found is None else (found.text or "").strip()

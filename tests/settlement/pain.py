"""What ISO 20022 asks of the elements of a pain.001.001.09 that we write: their order, how often, and their texts."""

from __future__ import annotations

import re

from lxml import etree

NAME, ID, TEXT_35 = r".{1,140}", r".{1,34}", r".{1,35}"
COUNT, SUM = r"[0-9]{1,15}", r"[0-9]{1,13}(\.[0-9]{1,5})?"
BIC = r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
#: Children by parent, in the order of the standard: name, least, most (nought: any number).
CHILDREN: dict[str, list[tuple[str, int, int]]] = {
    "Document": [("CstmrCdtTrfInitn", 1, 1)],
    "CstmrCdtTrfInitn": [("GrpHdr", 1, 1), ("PmtInf", 1, 0)],
    "GrpHdr": [("MsgId", 1, 1), ("CreDtTm", 1, 1), ("NbOfTxs", 1, 1), ("CtrlSum", 0, 1), ("InitgPty", 1, 1)],
    "InitgPty": [("Nm", 0, 1)],
    "PmtInf": [
        ("PmtInfId", 1, 1), ("PmtMtd", 1, 1), ("BtchBookg", 0, 1), ("NbOfTxs", 0, 1), ("CtrlSum", 0, 1),
        ("PmtTpInf", 0, 1), ("ReqdExctnDt", 1, 1), ("Dbtr", 1, 1), ("DbtrAcct", 1, 1), ("DbtrAgt", 1, 1),
        ("ChrgBr", 0, 1), ("CdtTrfTxInf", 1, 0),
    ],
    "ReqdExctnDt": [("Dt", 1, 1)],
    "Dbtr": [("Nm", 0, 1)],
    "DbtrAcct": [("Id", 1, 1), ("Ccy", 0, 1)],
    "DbtrAgt": [("FinInstnId", 1, 1)],
    "FinInstnId": [("BICFI", 0, 1)],
    "CdtTrfTxInf": [
        ("PmtId", 1, 1), ("PmtTpInf", 0, 1), ("Amt", 1, 1), ("ChrgBr", 0, 1), ("CdtrAgt", 0, 1), ("Cdtr", 0, 1),
        ("CdtrAcct", 0, 1), ("Purp", 0, 1), ("RmtInf", 0, 1),
    ],
    "PmtId": [("InstrId", 0, 1), ("EndToEndId", 1, 1)],
    "Amt": [("InstdAmt", 1, 1)],
    "CdtrAgt": [("FinInstnId", 1, 1)],
    "Cdtr": [("Nm", 0, 1)],
    "CdtrAcct": [("Id", 1, 1), ("Ccy", 0, 1)],
    "Id": [("Othr", 1, 1)],
    "Othr": [("Id", 1, 1)],
    "RmtInf": [("Ustrd", 0, 0)],
}  # fmt: skip
TEXTS = {
    "MsgId": TEXT_35, "PmtInfId": TEXT_35, "EndToEndId": TEXT_35, "CreDtTm": MOMENT, "NbOfTxs": COUNT, "CtrlSum": SUM,
    "Nm": NAME, "PmtMtd": "CHK|TRF|TRA", "Dt": r"\d{4}-\d\d-\d\d", "Ccy": "[A-Z]{3}", "BICFI": BIC, "InstdAmt": SUM,
    "Id": ID, "Ustrd": NAME,
}  # fmt: skip


def objections(document: bytes) -> list[str]:
    """Return what of a document is not as the standard has it."""
    root = etree.fromstring(document)
    found = [] if _name(root) == "Document" else [f"root {_name(root)}"]
    for element in root.iter():
        found += _of_children(element) if len(element) else _of_text(element)
        if set(element.attrib) != ({"Ccy"} if _name(element) == "InstdAmt" else set()):
            found.append(f"{_name(element)} attributes")
    return found


def _of_children(element: etree._Element) -> list[str]:
    parent, names = _name(element), [_name(child) for child in element]
    rules = CHILDREN.get(parent, [])
    order = [name for name, _least, _most in rules]
    if not set(names) <= set(order):
        return [f"{parent} has {name}" for name in names if name not in order]
    found = [] if names == sorted(names, key=order.index) else [f"{parent} order"]
    for name, least, most in rules:
        count = names.count(name)
        if count < least or (most and count > most):
            found.append(f"{parent} has {count} {name}")
    return found


def _of_text(element: etree._Element) -> list[str]:
    name, text = _name(element), element.text or ""
    return [] if name in TEXTS and re.fullmatch(TEXTS[name], text) else [f"{name} {text}"]


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname

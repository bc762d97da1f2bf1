"""Invented messages that are right in every respect, for tests to bend."""

from __future__ import annotations

import copy
from typing import Any

from plugins.customs_declaration.messages import MESSAGES, MessageData, make_guid
from plugins.customs_declaration.messages.codes import code_list
from plugins.customs_declaration.messages.fields import Field, Node

TRANSFER = {"copCode": "4401960TST", "copName": "演示平台", "dxpMode": "DXP", "dxpId": "DXPENT0000000001"}
_TIMES = {8: "20261123", 14: "20261123101500", 17: "20261123101500123"}


def value_of(field: Field) -> str:
    """A legal value of a field."""
    if field.fixed:
        return field.fixed
    if field.name == "guid":
        return make_guid("example")
    if field.kind == "I":
        return "1"
    if field.kind == "N":
        return "12.34"
    low, high = field.length
    size = max(low, min(high or 8, 8))
    if field.codes == "time":
        return _TIMES[low]
    if field.codes == "digits":
        return "1" * size
    if field.codes and (known := code_list(field.codes)):
        return next(iter(known.values))
    return ("南沙" * 18)[:size]


def node_of(node: Node) -> dict[str, str]:
    return {field.name: value_of(field) for field in node.fields}


def example(name: str, documents: int = 1) -> MessageData:
    """A message with every element filled."""
    message = MESSAGES[name]
    document: dict[str, Any] = node_of(message.head)
    if message.wrapper:
        document = {message.head.name: document}
        if message.lines:
            document[message.lines.name] = [node_of(message.lines)]
    return MessageData(
        name,
        make_guid(name),
        "1.0",
        [copy.deepcopy(document) for _ in range(documents)],
        dict(TRANSFER) if message.request else None,
    )

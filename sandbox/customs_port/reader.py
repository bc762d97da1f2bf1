"""From bytes to documents: safe XML, the envelope, and the structure of the message."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lxml import etree

from sandbox.customs_port.tables import BASE_TRANSFER, NAMESPACE, SHAPES, Leaf, Shape

DXP = "http://www.chinaport.gov.cn/dxp"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
LONGEST = 20 * 1024 * 1024
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?")
_TIMES = {"T14": "%Y%m%d%H%M%S", "T8": "%Y%m%d"}


class Malformed(Exception):
    """The message cannot be read at all: it is answered with CEB900."""

    def __init__(self, reason: str, message_type: str = "Unknown") -> None:
        super().__init__(reason)
        self.message_type = message_type
        self.cop_msg_id = ""


@dataclass(slots=True)
class Part:
    """One document of a message; ``errors`` name what its structure lacks."""

    head: dict[str, str]
    lines: list[dict[str, str]]
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Parsed:
    root: etree._Element
    message_type: str
    shape: Shape
    cop_msg_id: str
    transfer: dict[str, str]
    parts: list[Part]
    errors: list[str]


def parse_xml(raw: bytes) -> etree._Element:
    """Parse without entities, network or document types."""
    if len(raw) > LONGEST:
        raise Malformed("报文超过20MB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed(f"XML解析失败: {str(error)[:200]}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed("报文不得含有DOCTYPE")
    return root


def local(element: etree._Element) -> str:
    """Return the local name; comments and processing instructions have none."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def elements(element: etree._Element) -> list[etree._Element]:
    return [child for child in element if isinstance(child.tag, str)]


def read(raw: bytes) -> Parsed:
    """Read a CEB message, bare or inside a DxpMsg."""
    root = parse_xml(raw)
    if local(root) != "DxpMsg":
        return _read(root, "")
    cop_msg_id, inner = _unwrap(root)
    try:
        return _read(parse_xml(inner), cop_msg_id)
    except Malformed as fault:
        fault.cop_msg_id = cop_msg_id
        raise


def _read(root: etree._Element, cop_msg_id: str) -> Parsed:
    name = local(root)
    shape = SHAPES.get(name)
    if shape is None:
        raise Malformed(f"不支持的报文类型 {name}", name[:15] or "Unknown")
    if etree.QName(root).namespace != NAMESPACE:
        raise Malformed(f"命名空间应为 {NAMESPACE}", name)
    errors = []
    if len(root.get("guid") or "") != 36:
        errors.append("guid属性应为36位")
    if not 1 <= len(root.get("version") or "") <= 10:
        errors.append("缺少version属性")
    wrappers, transfer = _children(root, shape, errors)
    if not 1 <= len(wrappers) <= 100:
        raise Malformed(f"{shape.wrapper} 应为1到100个，实为{len(wrappers)}个", name)
    return Parsed(root, name, shape, cop_msg_id, transfer, [_part(one, shape) for one in wrappers], errors)


def _unwrap(root: etree._Element) -> tuple[str, bytes]:
    """Open a terminal message; its Data is the business message in base64."""
    if etree.QName(root).namespace != DXP:
        raise Malformed(f"DxpMsg 命名空间应为 {DXP}")
    cop_msg_id = (root.findtext(f"{{{DXP}}}TransInfo/{{{DXP}}}CopMsgId") or "").strip()
    data = root.findtext(f"{{{DXP}}}Data")
    if not cop_msg_id or not data:
        raise Malformed("DxpMsg 缺少 CopMsgId 或 Data")
    try:
        return cop_msg_id, base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("DxpMsg 的 Data 不是 base64") from None


def _children(
    root: etree._Element, shape: Shape, errors: list[str]
) -> tuple[list[etree._Element], dict[str, str]]:
    """Check the order of the root's children; return the business nodes and BaseTransfer."""
    ranks = {shape.wrapper: 0, "BaseTransfer": 1, "BaseSubscribe": 2, "ExtendMessage": 3, "Signature": 4}
    last, wrappers = 0, []
    transfer: dict[str, str] = {}
    for child in elements(root):
        name = local(child)
        rank = ranks.get(name)
        if rank is None:
            errors.append(f"多余的元素 {name}")
            continue
        if rank < last:
            errors.append(f"元素 {name} 的位置不对")
        last = max(last, rank)
        if rank == 0:
            wrappers.append(child)
        elif rank == 1:
            if transfer:
                errors.append("BaseTransfer 只能有一个")
            transfer = _values(child, BASE_TRANSFER, errors)
    if not transfer:
        errors.append("缺少 BaseTransfer")
    return wrappers, transfer


def _part(wrapper: etree._Element, shape: Shape) -> Part:
    part = Part({}, [])
    if not shape.head_name:  # the fields stand in the document itself
        part.head = _values(wrapper, shape.head, part.errors)
        return part
    children = elements(wrapper)
    if not children or local(children[0]) != shape.head_name:
        part.errors.append(f"缺少 {shape.head_name}")
        return part
    part.head = _values(children[0], shape.head, part.errors)
    for child in children[1:]:
        if not shape.lines_name or local(child) != shape.lines_name:
            part.errors.append(f"多余的元素 {local(child)}")
        else:
            part.lines.append(_values(child, shape.lines, part.errors))
    if shape.lines_name and not 1 <= len(part.lines) <= 99:
        part.errors.append(f"{shape.lines_name} 应为1到99个")
    return part


def _values(element: etree._Element, leaves: tuple[Leaf, ...], errors: list[str]) -> dict[str, str]:
    """Return the texts of a node and note everything that the schema would refuse."""
    values: dict[str, str] = {}
    position = {leaf.name: index for index, leaf in enumerate(leaves)}
    last = -1
    for child in elements(element):
        name = local(child)
        if name not in position:
            errors.append(f"{local(element)} 多余的元素 {name}")
            continue
        if name in values:
            errors.append(f"{name} 重复")
        if position[name] < last:
            errors.append(f"{name} 的位置不对")
        last = max(last, position[name])
        values[name] = child.text or ""
    for leaf in leaves:
        if leaf.name in values:
            fault = _fault(leaf, values[leaf.name])
            if fault:
                errors.append(f"{leaf.name} {fault}")
        elif leaf.required:
            errors.append(f"缺少 {leaf.name}")
    return values


def _fault(leaf: Leaf, value: str) -> str:
    """Say what is wrong with a value, or nothing."""
    kind = leaf.kind
    if kind == "N":
        fault = _decimal_fault(value)
    elif kind.startswith("="):
        fault = "" if len(value) == int(kind[1:]) else f"长度应为{kind[1:]}"
    elif kind == "I":
        fault = "" if value.isascii() and value.isdigit() and len(value) <= 9 else "不是整数"
    elif kind.startswith("T"):
        fault = "" if len(value) == int(kind[1:]) and _is_time(value, _TIMES[kind]) else "不是有效时间"
    else:
        good = len(value) <= int(kind) and (value.strip() or not leaf.required)
        fault = "" if good else f"长度应为1到{kind}"
    if not fault and leaf.values and value not in leaf.values:
        fault = f"应为 {'/'.join(sorted(leaf.values))}"
    return fault


def _decimal_fault(value: str) -> str:
    if not _DECIMAL.fullmatch(value):
        return "不是数值"
    whole, _, fraction = value.lstrip("+-").partition(".")
    return "超出N19,5" if len(fraction) > 5 or len(whole.lstrip("0")) + len(fraction) > 19 else ""


def _is_time(value: str, shape: str) -> bool:
    try:
        datetime.strptime(value, shape)  # noqa: DTZ007 - only its form is looked at
    except ValueError:
        return False
    return value.isascii() and value.isdigit()


def number(values: dict[str, str], name: str) -> Decimal:
    """Return a decimal that the structure check has passed; 0 when it is absent."""
    return Decimal(values.get(name) or "0")

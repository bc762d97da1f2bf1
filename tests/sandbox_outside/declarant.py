"""An enterprise's end of the customs messages: builds and signs them with another library than the port."""

from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod, methods
from signxml.signer import XMLSigner

CEB = "http://www.chinaport.gov.cn/ceb"
DS = "http://www.w3.org/2000/09/xmldsig#"
SERIAL = 0x03000000000CDE6F
ORDER_NO = "PT20261123000001"
BUYER, BUYER_ID = "李小宝", "11010519491231002X"
ADDRESS = "广东省广州市天河区体育西路1号"


class Sha1Signer(XMLSigner):
    """The standard prescribes SHA-1, which the library only makes when its check is off."""

    def check_deprecated_methods(self) -> None:
        """Allow SHA-1."""


@lru_cache(maxsize=8)
def pair(serial: int, days: int) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "declarant")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def guid() -> str:
    return str(uuid.uuid4()).upper()


def order(**changed: Any) -> dict[str, Any]:
    """Return an order whose sums are right: goods 188.00, freight 12.00, tax 18.20 (9.1 %)."""
    head = {
        "guid": guid(),
        "appType": "1",
        "appTime": "20261123100000",
        "appStatus": "2",
        "orderType": "I",
        "orderNo": ORDER_NO,
        "ebpCode": "4401W6EBP1",
        "ebpName": "示例平台",
        "ebcCode": "4401W6EBC1",
        "ebcName": "示例商户",
        "goodsValue": "188",
        "freight": "12",
        "discount": "0",
        "taxTotal": "18.20",
        "acturalPaid": "218.20",
        "currency": "142",
        "buyerRegNo": "u-1",
        "buyerName": BUYER,
        "buyerTelephone": "13800138000",
        "buyerIdType": "1",
        "buyerIdNumber": BUYER_ID,
        "payCode": "4403169D3W",
        "payName": "财付通支付科技有限公司",
        "payTransactionId": "4220261123000000000000000001",
        "consignee": BUYER,
        "consigneeTelephone": "13800138000",
        "consigneeAddress": ADDRESS,
        "consigneeDistrict": "440106",
    }
    line = {
        "gnum": "1",
        "itemNo": "SKU-1",
        "itemName": "葡式杏仁饼",
        "gmodel": "礼盒|500克",
        "unit": "140",
        "qty": "2",
        "price": "94",
        "totalPrice": "188",
        "currency": "142",
        "country": "121",
    }
    return _changed("OrderHead", head, "OrderList", [line], changed)


def inventory(**changed: Any) -> dict[str, Any]:
    """Return the bonded inventory that goes with the order."""
    head = {
        "guid": guid(),
        "appType": "1",
        "appTime": "20261123100500",
        "appStatus": "2",
        "orderNo": ORDER_NO,
        "ebpCode": "4401W6EBP1",
        "ebpName": "示例平台",
        "ebcCode": "4401W6EBC1",
        "ebcName": "示例商户",
        "logisticsNo": "SF0000000000001",
        "logisticsCode": "440316SFPO",
        "logisticsName": "顺风沙盒速运有限公司",
        "copNo": "PT-621-0001",
        "assureCode": "4401W6EBC1",
        "emsNo": "T516525A00001",
        "ieFlag": "I",
        "declTime": "20261123",
        "customsCode": "5165",
        "portCode": "5165",
        "buyerIdType": "1",
        "buyerIdNumber": BUYER_ID,
        "buyerName": BUYER,
        "buyerTelephone": "13800138000",
        "consigneeAddress": ADDRESS,
        "agentCode": "4401W6AGT1",
        "agentName": "示例报关行",
        "areaCode": "4401W6WH01",
        "areaName": "南沙示例仓库",
        "tradeMode": "1210",
        "trafMode": "Y",
        "country": "142",
        "freight": "12",
        "insuredFee": "0",
        "currency": "142",
        "packNo": "1",
        "grossWeight": "1.2",
        "netWeight": "1",
    }
    line = {
        "gnum": "1",
        "itemRecordNo": "ITEM-1",
        "itemNo": "SKU-1",
        "gcode": "1905310000",
        "gname": "葡式杏仁饼",
        "gmodel": "礼盒|500克",
        "country": "121",
        "currency": "142",
        "qty": "2",
        "unit": "140",
        "qty1": "1",
        "unit1": "035",
        "qty2": None,
        "unit2": None,
        "price": "94",
        "totalPrice": "188",
    }
    return _changed("InventoryHead", head, "InventoryList", [line], changed)


def payment(**changed: Any) -> dict[str, Any]:
    head = {
        "guid": guid(),
        "appType": "1",
        "appTime": "20261123100100",
        "appStatus": "2",
        "payCode": "4403169D3W",
        "payName": "财付通支付科技有限公司",
        "payTransactionId": "4220261123000000000000000001",
        "orderNo": ORDER_NO,
        "ebpCode": "4401W6EBP1",
        "ebpName": "示例平台",
        "payerIdType": "1",
        "payerIdNumber": BUYER_ID,
        "payerName": BUYER,
        "amountPaid": "218.20",
        "currency": "142",
        "payTime": "20261123095900",
    }
    return _changed("PaymentHead", head, "", [], changed)


def waybill(**changed: Any) -> dict[str, Any]:
    head = {
        "guid": guid(),
        "appType": "1",
        "appTime": "20261123100200",
        "appStatus": "2",
        "logisticsCode": "440316SFPO",
        "logisticsName": "顺风沙盒速运有限公司",
        "logisticsNo": "SF0000000000001",
        "orderNo": ORDER_NO,
        "currency": "142",
        "weight": "1.2",
        "packNo": "1",
        "consignee": BUYER,
        "consigneeAddress": ADDRESS,
        "consigneeTelephone": "13800138000",
    }
    return _changed("LogisticsHead", head, "", [], changed)


def _after(**changed: Any) -> dict[str, Any]:
    """Return the fields that a cancellation and a return repeat of the inventory."""
    listed = inventory()["head"]
    names = (
        "orderNo", "ebpCode", "ebpName", "ebcCode", "ebcName", "logisticsNo", "logisticsCode", "logisticsName",
    )  # fmt: skip
    people = ("buyerIdType", "buyerIdNumber", "buyerName", "buyerTelephone", "agentCode", "agentName")
    head = {
        "guid": guid(),
        "appType": "1",
        "appTime": "20261123110000",
        "appStatus": "2",
        "customsCode": listed["customsCode"],
        **{name: listed[name] for name in names},
        "copNo": "PT-LATER-0001",
        "invtNo": "",
        **{name: listed[name] for name in people},
        "reason": "订单取消",
    }
    return {**head, **changed}


def cancellation(**changed: Any) -> dict[str, Any]:
    """Return a cancellation; its fields stand in the document itself."""
    return _changed("", _after(), "", [], changed)


def refund(**changed: Any) -> dict[str, Any]:
    """Return a return of both pieces of the inventory's line."""
    line = {"gnum": "1", "gcode": "1905310000", "gname": "葡式杏仁饼", "qty": "2", "unit": "140"}
    return _changed("InvtRefundHead", _after(), "InvtRefundList", [line], changed)


def _changed(
    head_name: str,
    head: dict[str, str],
    lines_name: str,
    lines: list[dict[str, str]],
    changed: dict[str, Any],
) -> dict[str, Any]:
    """Apply changes; ``lines`` replaces all lines, ``line`` changes the first, None removes an element."""
    lines = changed.pop("lines", lines)
    if "line" in changed:
        lines = [{**lines[0], **changed.pop("line")}, *lines[1:]]
    return {
        "head_name": head_name,
        "head": _without({**head, **changed}),
        "lines_name": lines_name,
        "lines": [_without(line) for line in lines],
    }


def _without(values: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


WRAPPERS = {
    "OrderHead": "Order",
    "InventoryHead": "Inventory",
    "PaymentHead": "Payment",
    "LogisticsHead": "Logistics",
    "": "InvtCancel",
    "InvtRefundHead": "InvtRefund",
}
ROOTS = {
    "Order": "CEB311Message",
    "Payment": "CEB411Message",
    "Logistics": "CEB511Message",
    "Inventory": "CEB621Message",
    "InvtCancel": "CEB623Message",
    "InvtRefund": "CEB625Message",
}


def build(*documents: dict[str, Any]) -> etree._Element:
    """Write documents of one kind into a message, unsigned."""
    wrapper = WRAPPERS[documents[0]["head_name"]]
    root = etree.Element(f"{{{CEB}}}{ROOTS[wrapper]}", nsmap={"ceb": CEB})
    root.set("guid", guid())
    root.set("version", "1.0")
    for document in documents:
        if not document["head_name"]:
            _node(root, wrapper, document["head"])
            continue
        element = etree.SubElement(root, f"{{{CEB}}}{wrapper}")
        _node(element, document["head_name"], document["head"])
        for line in document["lines"]:
            _node(element, document["lines_name"], line)
    transfer = {
        "copCode": "4401W6AGT1",
        "copName": "示例报关行",
        "dxpMode": "DXP",
        "dxpId": "DXPENT0000000001",
    }
    _node(root, "BaseTransfer", transfer)
    return root


def _node(parent: etree._Element, name: str, values: dict[str, str]) -> None:
    element = etree.SubElement(parent, f"{{{CEB}}}{name}")
    for key, value in values.items():
        etree.SubElement(element, f"{{{CEB}}}{key}").text = value


def sign(root: etree._Element, serial: int = SERIAL, key_name: str = "", days: int = 365) -> bytes:
    """Sign a message: enveloped, RSA-SHA1, inclusive C14N, KeyName and certificate inside."""
    key, certificate = pair(serial, days)
    info = etree.Element(f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
    etree.SubElement(info, f"{{{DS}}}KeyName").text = key_name or f"{serial:016x}"
    data = etree.SubElement(info, f"{{{DS}}}X509Data")
    der = certificate.public_bytes(serialization.Encoding.DER)
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = base64.b64encode(der).decode()
    signer = Sha1Signer(
        method=methods.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA1,
        digest_algorithm=DigestAlgorithm.SHA1,
        c14n_algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    )
    signed = signer.sign(root, key=key, cert=[certificate], key_info=info)
    return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")


def message(*documents: dict[str, Any]) -> bytes:
    return sign(build(*documents))


def dxp(inner: bytes, cop_msg_id: str = "COP-1") -> bytes:
    """Wrap a message for an enterprise's own connection."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><dxp:DxpMsg xmlns:dxp="http://www.chinaport.gov.cn/dxp" ver="1.0">'
        f"<dxp:TransInfo><dxp:CopMsgId>{cop_msg_id}</dxp:CopMsgId><dxp:SenderId>DXPENT0000000001</dxp:SenderId>"
        "<dxp:ReceiverIds><dxp:ReceiverId>DXPEDCCEB0000002</dxp:ReceiverId></dxp:ReceiverIds>"
        "<dxp:CreatTime>2026-11-23T10:00:00</dxp:CreatTime>"
        "<dxp:MsgType>CEB311Message</dxp:MsgType></dxp:TransInfo>"
        f"<dxp:Data>{base64.b64encode(inner).decode()}</dxp:Data></dxp:DxpMsg>"
    ).encode()

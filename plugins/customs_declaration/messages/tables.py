"""The import messages of the unified version, edition 202205: every element once.

Order, types and requiredness follow the official schema; where the printed specification differs the
schema wins. Labels are the standard's own. ``EDITIONS`` holds what the 2018/113 edition does otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from .fields import Field, Message, Node

NAMESPACE = "http://www.chinaport.gov.cn/ceb"
EDITION = "202205"

AMOUNT = "N19,5"


def _f(name: str, label: str, type: str, codes: str = "", *, fixed: str = "", note: str = "") -> Field:
    return Field(name, label, type, True, codes, fixed, note)


def _o(name: str, label: str, type: str, codes: str = "", *, note: str = "") -> Field:
    return Field(name, label, type, False, codes, "", note)


GUID = _f("guid", "系统唯一序号", "C36")
APP = (
    _f("appType", "报送类型", "C1", "app_type"),
    _f("appTime", "报送时间", "C14", "time"),
    _f("appStatus", "业务状态", "C1..3", "app_status"),
)
ORDER_NO = _f("orderNo", "订单编号", "C1..60")
EBP_CODE = _f("ebpCode", "电商平台代码", "C1..18")
EBP = (EBP_CODE, _f("ebpName", "电商平台名称", "C1..100"))
EBC_CODE = _f("ebcCode", "电商企业代码", "C1..18")
EBC = (EBC_CODE, _f("ebcName", "电商企业名称", "C1..100"))
AGENT_CODE = _f("agentCode", "申报企业代码", "C1..18")
AGENT = (AGENT_CODE, _f("agentName", "申报企业名称", "C1..100"))
LOGISTICS_CODE = _f("logisticsCode", "物流企业代码", "C1..18")
LOGISTICS_NAME = _f("logisticsName", "物流企业名称", "C1..100")
LOGISTICS_NO = _f("logisticsNo", "物流运单编号", "C1..60", note="not reused by one carrier within 6 months")
PAY_CODE = _f("payCode", "支付企业代码", "C1..18")
PAY_ID = _f("payTransactionId", "支付交易编号", "C1..60")
CURRENCY = _f("currency", "币制", "C3", fixed="142")
CONSIGNEE = _f("consignee", "收货人姓名", "C1..100", note="equal on order and waybill")
CONSIGNEE_ADDRESS = _f("consigneeAddress", "收货地址", "C1..200", note="equal on order and waybill")
NOTE = _o("note", "备注", "C..1000")
CUSTOMS_CODE = _f("customsCode", "申报海关代码", "C4", "digits")
COP_NO = _o("copNo", "企业内部编号", "C..20", note="receipts are matched by it: always sent")
PRE_NO = _o("preNo", "预录入编号", "C..18")
INVT_NO = _o("invtNo", "清单编号", "C..18")
PACK_NO = _f("packNo", "件数", "I9", note="restricted to 1")
GNUM = _f("gnum", "商品序号", "I10")
BUYER_ID_TYPE = _f("buyerIdType", "订购人证件类型", "C1", "id_type")
BUYER_ID = _f("buyerIdNumber", "订购人证件号码", "C1..60")
BUYER_NAME = _f("buyerName", "订购人姓名", "C1..60")
BUYER_PHONE = _f("buyerTelephone", "订购人电话", "C1..30")
UNIT = _f("unit", "计量单位", "C3", "unit")
QTY = _f("qty", "数量", AMOUNT)
GCODE = _f("gcode", "商品编码", "C10", "digits")


def _returned(*keys: Field) -> tuple[Field, ...]:
    return (
        GUID,
        *keys,
        _f("returnStatus", "回执状态", "C1..10"),
        _f("returnTime", "回执时间", "C17", "time"),
        _f("returnInfo", "回执信息", "C1..1000"),
    )


def _optional(*fields: Field) -> tuple[Field, ...]:
    return tuple(replace(one, required=False) for one in fields)


BASE_TRANSFER = Node(
    "BaseTransfer",
    "基础报文传输实体",
    (
        _f("copCode", "传输企业代码", "C1..18"),
        _f("copName", "传输企业名称", "C..100"),
        _f("dxpMode", "报文传输模式", "C3", "dxp_mode"),
        _f("dxpId", "报文传输编号", "C..30"),
        NOTE,
    ),
)
BASE_SUBSCRIBE = Node(
    "BaseSubscribe",
    "基础回执订阅实体",
    (
        _f("status", "订阅状态", "C..100", "subscribe"),
        _f("dxpMode", "传输模式", "C3", "dxp_mode"),
        _f("dxpAddress", "传输编号", "C..100"),
        NOTE,
    ),
)

ORDER_HEAD = Node(
    "OrderHead",
    "订单表头",
    (
        GUID,
        *APP,
        _f("orderType", "订单类型", "C1", fixed="I"),
        ORDER_NO,
        *EBP,
        *EBC,
        _f("goodsValue", "商品价格", AMOUNT, note="with the non-cash part"),
        _f("freight", "运杂费", AMOUNT),
        _f("discount", "非现金抵扣金额", AMOUNT),
        _f("taxTotal", "代扣税款", AMOUNT),
        _f("acturalPaid", "实际支付金额", AMOUNT, note="goodsValue + freight + taxTotal - discount"),
        CURRENCY,
        _f("buyerRegNo", "订购人注册号", "C1..60"),
        BUYER_NAME,
        BUYER_PHONE,
        BUYER_ID_TYPE,
        BUYER_ID,
        _o("payCode", "支付企业代码", "C..18"),
        _o("payName", "支付企业名称", "C..100"),
        _o("payTransactionId", "支付交易编号", "C..60"),
        _o("batchNumbers", "商品批次号", "C..100"),
        CONSIGNEE,
        _f("consigneeTelephone", "收货人电话", "C1..50", note="equal on order and waybill"),
        CONSIGNEE_ADDRESS,
        _o("consigneeDistrict", "收货地址行政区划代码", "C6", "digits"),
        NOTE,
    ),
)
ORDER_LIST = Node(
    "OrderList",
    "订单表体",
    (
        GNUM,
        _o("itemNo", "企业商品货号", "C..30"),
        _f("itemName", "企业商品名称", "C1..250"),
        _f("gmodel", "商品规格型号", "C1..510"),
        _o("itemDescribe", "企业商品描述", "C..1000"),
        _o("barCode", "条码", "C..50"),
        UNIT,
        QTY,
        _f("price", "单价", AMOUNT, note="0 for gifts"),
        _f("totalPrice", "总价", AMOUNT),
        CURRENCY,
        _f("country", "原产国", "C3", "country"),
        NOTE,
    ),
)
PAYMENT_HEAD = Node(
    "PaymentHead",
    "支付凭证",
    (
        GUID,
        *APP,
        PAY_CODE,
        _f("payName", "支付企业名称", "C1..100"),
        PAY_ID,
        ORDER_NO,
        *EBP,
        _f("payerIdType", "支付人证件类型", "C1", "id_type"),
        _f("payerIdNumber", "支付人证件号码", "C1..60"),
        _f("payerName", "支付人姓名", "C1..60"),
        _o("telephone", "支付人电话", "C..60"),
        _f("amountPaid", "支付金额", AMOUNT),
        CURRENCY,
        _f("payTime", "支付时间", "C14", "time"),
        NOTE,
    ),
)
LOGISTICS_HEAD = Node(
    "LogisticsHead",
    "物流运单",
    (
        GUID,
        *APP,
        LOGISTICS_CODE,
        LOGISTICS_NAME,
        LOGISTICS_NO,
        _o("billNo", "提运单号", "C..37"),
        ORDER_NO,
        _o("freight", "运费", AMOUNT),
        _o("insuredFee", "保价费", AMOUNT),
        CURRENCY,
        _f("weight", "毛重", AMOUNT, note="kg"),
        PACK_NO,
        _o("goodsInfo", "主要货物信息", "C..200"),
        CONSIGNEE,
        CONSIGNEE_ADDRESS,
        _f("consigneeTelephone", "收货人电话", "C1..50", note="equal on order and waybill"),
        NOTE,
    ),
)
LOGISTICS_STATUS = Node(
    "LogisticsStatus",
    "运单状态",
    (
        GUID,
        *APP,
        LOGISTICS_CODE,
        LOGISTICS_NAME,
        LOGISTICS_NO,
        _f("logisticsStatus", "物流运单状态", "C1", fixed="S"),
        _f("logisticsTime", "物流状态时间", "C14", "time"),
        NOTE,
    ),
)
INVENTORY_HEAD = Node(
    "InventoryHead",
    "清单表头",
    (
        GUID,
        *APP,
        ORDER_NO,
        *EBP,
        *EBC,
        LOGISTICS_NO,
        LOGISTICS_CODE,
        LOGISTICS_NAME,
        COP_NO,
        PRE_NO,
        _f("assureCode", "担保企业编号", "C1..30"),
        _o("emsNo", "账册编号", "C..30", note="1210: mandatory"),
        INVT_NO,
        _f("ieFlag", "进出口标记", "C1", fixed="I"),
        _f("declTime", "申报日期", "C8", "time"),
        CUSTOMS_CODE,
        _f("portCode", "口岸海关代码", "C4", "digits"),
        _o("ieDate", "进口日期", "C8", "time"),
        BUYER_ID_TYPE,
        BUYER_ID,
        BUYER_NAME,
        BUYER_PHONE,
        CONSIGNEE_ADDRESS,
        *AGENT,
        _o("areaCode", "区内企业代码", "C..18", note="1210: mandatory"),
        _o("areaName", "区内企业名称", "C..100", note="1210: mandatory"),
        _f("tradeMode", "贸易方式", "C4", "trade_mode"),
        _f("trafMode", "运输方式", "C1", "transport"),
        _o("trafNo", "运输工具编号", "C..100", note="9610: mandatory"),
        _o("voyageNo", "航班航次号", "C..32", note="9610: mandatory"),
        _o("billNo", "提运单号", "C..37", note="9610: mandatory"),
        _o("loctNo", "监管场所代码", "C..10"),
        _o("licenseNo", "许可证件号", "C..19"),
        _f("country", "起运国（地区）", "C3", "country", note="1210: 142"),
        _f("freight", "运费", AMOUNT),
        _f("insuredFee", "保费", AMOUNT),
        CURRENCY,
        _o("wrapType", "包装种类代码", "C1"),
        PACK_NO,
        _f("grossWeight", "毛重（公斤）", AMOUNT),
        _f("netWeight", "净重（公斤）", AMOUNT),
        NOTE,
    ),
)
INVENTORY_LIST = Node(
    "InventoryList",
    "清单表体",
    (
        GNUM,
        _o("itemRecordNo", "账册备案料号", "C..30", note="1210: mandatory"),
        _o("itemNo", "企业商品货号", "C..20"),
        _o("itemName", "企业商品名称", "C..250"),
        GCODE,
        _f("gname", "商品名称", "C1..250"),
        _f("gmodel", "商品规格型号", "C1..510"),
        _o("barCode", "条码", "C..50"),
        _f("country", "原产国（地区）", "C3", "country"),
        _o("tradeCountry", "贸易国", "C1..3", "country"),
        CURRENCY,
        QTY,
        UNIT,
        _f("qty1", "法定数量", AMOUNT),
        _f("unit1", "法定计量单位", "C3", "unit"),
        _o("qty2", "第二数量", AMOUNT),
        _o("unit2", "第二计量单位", "C3", "unit"),
        _f("price", "单价", AMOUNT),
        _f("totalPrice", "总价", AMOUNT),
        NOTE,
    ),
)
_AFTER = (
    GUID,
    *APP,
    CUSTOMS_CODE,
    ORDER_NO,
    *EBP,
    *EBC,
    LOGISTICS_NO,
    LOGISTICS_CODE,
    LOGISTICS_NAME,
    COP_NO,
    PRE_NO,
    _f("invtNo", "清单编号", "C1..18"),
    BUYER_ID_TYPE,
    BUYER_ID,
    BUYER_NAME,
    BUYER_PHONE,
    *AGENT,
)
INVT_CANCEL = Node("InvtCancel", "撤销申请单", (*_AFTER, _f("reason", "撤单原因", "C1..1000"), NOTE))
INVT_REFUND_HEAD = Node(
    "InvtRefundHead", "退货申请单表头", (*_AFTER, _f("reason", "退货原因", "C1..1000"), NOTE)
)
INVT_REFUND_LIST = Node(
    "InvtRefundList", "退货申请单表体", (GNUM, GCODE, _f("gname", "商品名称", "C1..250"), QTY, UNIT, NOTE)
)
OPERATOR_CODE = _f("operatorCode", "监管场所经营人代码", "C1..18")
RKD_NO = _o("rkdNo", "入库单编号", "C..18")
DELIVERY_HEAD = Node(
    "DeliveryHead",
    "入库明细单表头",
    (
        GUID,
        *APP,
        CUSTOMS_CODE,
        COP_NO,
        PRE_NO,
        RKD_NO,
        OPERATOR_CODE,
        _f("operatorName", "监管场所经营人名称", "C1..100"),
        _f("ieFlag", "进出口标记", "C1", fixed="I"),
        _f("trafMode", "运输方式", "C1", "transport"),
        _f("trafNo", "运输工具编号", "C1..100"),
        _f("voyageNo", "航班航次号", "C1..32"),
        _f("billNo", "提运单号", "C1..37"),
        LOGISTICS_CODE,
        LOGISTICS_NAME,
        _o("unloadLocation", "卸货库位", "C..100"),
        NOTE,
    ),
)
DELIVERY_LIST = Node("DeliveryList", "入库明细单表体", (GNUM, LOGISTICS_NO, NOTE))

_COP_BACK = _f("copNo", "企业内部编号", "C1..20")
_PRE_BACK = _f("preNo", "预录入编号", "C18")
_INVT_BACK = _o("invtNo", "清单编号", "C18")
_TAXES = (
    _f("customsTax", "应征关税", AMOUNT),
    _f("valueAddedTax", "应征增值税", AMOUNT),
    _f("consumptionTax", "应征消费税", AMOUNT),
)
_TAX_KEY = (
    GUID,
    _f("returnTime", "回执时间", "C17", "time"),
    _f("invtNo", "清单编号", "C1..18"),
    _f("taxNo", "电子税单编号", "C1..50"),
)
_TAX_STATUS = (_f("status", "税单状态", "C1", "tax_status"), _o("entDutyNo", "缴款书编号", "C..50"))
TAX_HEAD = Node(
    "TaxHeadRd",
    "电子税单表头",
    (
        *_TAX_KEY,
        *_TAXES,
        *_TAX_STATUS,
        NOTE,
        _o("assureCode", "担保企业代码", "C..64"),
        _o("ebcCode", "电商企业代码", "C..64"),
        _o("logisticsCode", "物流企业代码", "C..64"),
        _o("agentCode", "申报企业代码", "C1..18"),
        _o("customsCode", "申报口岸", "C4", "digits"),
    ),
)
TAX_LIST = Node("TaxListRd", "电子税单表体", (GNUM, GCODE, _f("taxPrice", "完税总价格", AMOUNT), *_TAXES))
TAX_STATUS = Node(
    "TaxHeadStatus",
    "税单状态",
    (*_TAX_KEY, *_TAX_STATUS, _o("assureCode", "担保企业代码", "C..64")),
)
MESSAGE_RETURN = Node(
    "MessageReturn",
    "报文格式检查回执",
    (
        GUID,
        _f("returnStatus", "回执状态", "C1..10"),
        _f("returnInfo", "回执信息", "C..5000"),
        _f("returnTime", "回执时间", "C17", "time"),
        _f("oriCopMsgId", "原始传输报文的copMsgId", "C..255"),
        _f("oriMessageType", "原始报文类型", "C..15"),
        _f("oriBizMessage", "原始报文内容", "C.."),
    ),
)


def _request(name: str, label: str, head: Node, wrapper: str = "", **more: object) -> Message:
    return Message(f"CEB{name}Message", label, head, wrapper, request=True, **more)  # type: ignore[arg-type]  # facets by name


def _receipt(name: str, label: str, head: Node, wrapper: str = "", **more: object) -> Message:
    return Message(f"CEB{name}Message", label, head, wrapper, **more)  # type: ignore[arg-type]  # facets by name


def _back(name: str, label: str, node: str, keys: Sequence[Field]) -> Message:
    """A receipt of the common shape: keys, status, time and text."""
    head = Node(node, label, _returned(*keys))
    return _receipt(name, label, head, keys=tuple(one.name for one in keys))


MESSAGES: dict[str, Message] = {
    message.name: message
    for message in (
        _request("311", "电子订单", ORDER_HEAD, "Order", lines=ORDER_LIST),
        _request("411", "支付凭证", PAYMENT_HEAD, "Payment"),
        _request("511", "物流运单", LOGISTICS_HEAD, "Logistics"),
        _request("513", "运单状态", LOGISTICS_STATUS),
        _request("621", "进口清单", INVENTORY_HEAD, "Inventory", lines=INVENTORY_LIST, signed=True),
        _request("623", "撤销申请单", INVT_CANCEL, signed=True),
        _request("625", "退货申请单", INVT_REFUND_HEAD, "InvtRefund", lines=INVT_REFUND_LIST, signed=True),
        _request(
            "711",
            "入库明细单",
            DELIVERY_HEAD,
            "Delivery",
            lines=DELIVERY_LIST,
            most=1,
            most_lines=None,
            signed=True,
        ),
        _back("312", "电子订单回执", "OrderReturn", (EBP_CODE, EBC_CODE, ORDER_NO)),
        _back("412", "支付凭证回执", "PaymentReturn", (PAY_CODE, PAY_ID)),
        _back("512", "物流运单回执", "LogisticsReturn", (LOGISTICS_CODE, LOGISTICS_NO)),
        _back(
            "514",
            "运单状态回执",
            "LogisticsStatusReturn",
            (LOGISTICS_CODE, LOGISTICS_NO, _f("logisticsStatus", "物流运单状态", "C1", fixed="S")),
        ),
        _back(
            "622",
            "进口清单回执",
            "InventoryReturn",
            (*_optional(CUSTOMS_CODE, EBP_CODE, EBC_CODE, AGENT_CODE), _COP_BACK, _PRE_BACK, _INVT_BACK),
        ),
        _back(
            "624",
            "撤销申请单回执",
            "InvtCancelReturn",
            (*_optional(CUSTOMS_CODE, AGENT_CODE, EBP_CODE, EBC_CODE), _COP_BACK, _PRE_BACK, _INVT_BACK),
        ),
        _back(
            "626",
            "退货申请单回执",
            "InvtRefundReturn",
            (*_optional(CUSTOMS_CODE, AGENT_CODE, EBP_CODE, EBC_CODE), _COP_BACK, _PRE_BACK, _INVT_BACK),
        ),
        _back(
            "712",
            "入库明细单回执",
            "DeliveryReturn",
            (*_optional(CUSTOMS_CODE, OPERATOR_CODE), COP_NO, PRE_NO, RKD_NO),
        ),
        _receipt("816", "电子税单", TAX_HEAD, "Tax", lines=TAX_LIST, most=None, keys=("invtNo", "taxNo")),
        _receipt("818", "电子税单状态", TAX_STATUS, "Tax", most=None, keys=("invtNo", "taxNo")),
        _receipt("900", "报文格式检查回执", MESSAGE_RETURN, most=1, keys=("oriCopMsgId", "oriMessageType")),
    )
}

#: The nodes around the documents of a request.
EXTEND_MESSAGE = Node(
    "ExtendMessage",
    "自定义报文实体",
    (
        _f("name", "自定义报文名称", "C..30"),
        _f("version", "自定义报文版本", "C..30"),
        _f("Message", "自定义报文实体", "C..", note="any XML"),
    ),
)

#: Every node by its name: what there is to build, read, check, show and document.
NODES: dict[str, Node] = {
    node.name: node
    for node in (
        *(one for message in MESSAGES.values() for one in (message.head, message.lines) if one is not None),
        BASE_TRANSFER,
        BASE_SUBSCRIBE,
        EXTEND_MESSAGE,
    )
}

#: What the edition of announcement 2018/113 says otherwise: element of a node -> type.
EDITIONS: dict[str, dict[tuple[str, str], str]] = {
    "202205": {},
    "2018-113": {("InventoryList", "itemNo"): "C..30", ("InventoryList", "tradeCountry"): "C3"},
}


def nodes(message: Message, edition: str = EDITION) -> tuple[Node, Node | None]:
    """Return head and line node of a message as an edition has them."""
    return _as_of(message.head.name, edition), _as_of(message.lines.name, edition) if message.lines else None


@cache
def _as_of(name: str, edition: str) -> Node:
    node = NODES[name]
    changes = {name: type for (owner, name), type in EDITIONS[edition].items() if owner == node.name}
    if not changes:
        return node
    fields = tuple(replace(one, type=changes.get(one.name, one.type)) for one in node.fields)
    return replace(node, fields=fields)

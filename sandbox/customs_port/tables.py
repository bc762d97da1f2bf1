"""The messages the port takes, written down from the published schema, edition 202205.

A line is ``name kind [allowed|values]``; ``?`` before a name makes it optional. Kinds: ``=3`` exactly
three characters, ``60`` one to sixty (optional ones may be empty), ``N`` a decimal of at most 19 digits
with at most 5 behind the point, ``I`` a whole number, ``T14``/``T8`` a time or date.
"""

from __future__ import annotations

from dataclasses import dataclass

NAMESPACE = "http://www.chinaport.gov.cn/ceb"


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    kind: str
    required: bool
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shape:
    """One message: wrapper element, head, lines (none for payments and waybills), and its receipt.

    Where ``head_name`` is empty the fields stand in the wrapper itself.
    """

    kind: str
    wrapper: str
    head_name: str
    head: tuple[Leaf, ...]
    lines_name: str
    lines: tuple[Leaf, ...]
    receipt_type: str
    receipt_node: str


def _leaves(text: str) -> tuple[Leaf, ...]:
    leaves = []
    for line in text.strip().splitlines():
        name, kind, *values = line.split()
        leaves.append(
            Leaf(
                name.lstrip("?"),
                kind,
                not name.startswith("?"),
                frozenset("|".join(values).split("|")) - {""},
            )
        )
    return tuple(leaves)


_APP = """
guid =36
appType =1 1|2|3
appTime T14
appStatus 3 1|2
"""
_EBP = "ebpCode 18\nebpName 100\n"
_EBC = "ebcCode 18\nebcName 100\n"

ORDER_HEAD = (
    _APP
    + "orderType =1 I\norderNo 60\n"
    + _EBP
    + _EBC
    + """goodsValue N
freight N
discount N
taxTotal N
acturalPaid N
currency =3 142
buyerRegNo 60
buyerName 60
buyerTelephone 30
buyerIdType =1 1|2
buyerIdNumber 60
?payCode 18
?payName 100
?payTransactionId 60
?batchNumbers 100
consignee 100
consigneeTelephone 50
consigneeAddress 200
?consigneeDistrict =6
?note 1000"""
)
ORDER_LINE = """
gnum I
?itemNo 30
itemName 250
gmodel 510
?itemDescribe 1000
?barCode 50
unit =3
qty N
price N
totalPrice N
currency =3 142
country =3
?note 1000
"""
PAYMENT_HEAD = (
    _APP
    + "payCode 18\npayName 100\npayTransactionId 60\norderNo 60\n"
    + _EBP
    + """payerIdType =1 1|2
payerIdNumber 60
payerName 60
?telephone 60
amountPaid N
currency =3 142
payTime T14
?note 1000"""
)
WAYBILL_HEAD = (
    _APP
    + """logisticsCode 18
logisticsName 100
logisticsNo 60
?billNo 37
orderNo 60
?freight N
?insuredFee N
currency =3 142
weight N
packNo I
?goodsInfo 200
consignee 100
consigneeAddress 200
consigneeTelephone 50
?note 1000"""
)
INVENTORY_HEAD = (
    _APP
    + "orderNo 60\n"
    + _EBP
    + _EBC
    + """logisticsNo 60
logisticsCode 18
logisticsName 100
?copNo 20
?preNo 18
assureCode 30
?emsNo 30
?invtNo 18
ieFlag =1 I
declTime T8
customsCode =4
portCode =4
?ieDate T8
buyerIdType =1 1|2
buyerIdNumber 60
buyerName 60
buyerTelephone 30
consigneeAddress 200
agentCode 18
agentName 100
?areaCode 18
?areaName 100
tradeMode =4 1210|1239|9610
trafMode =1
?trafNo 100
?voyageNo 32
?billNo 37
?loctNo 10
?licenseNo 19
country =3
freight N
insuredFee N
currency =3 142
?wrapType =1
packNo I
grossWeight N
netWeight N
?note 1000"""
)
INVENTORY_LINE = """
gnum I
?itemRecordNo 30
?itemNo 20
?itemName 250
gcode =10
gname 250
gmodel 510
?barCode 50
country =3
?tradeCountry 3
currency =3 142
qty N
unit =3
qty1 N
unit1 =3
?qty2 N
?unit2 =3
price N
totalPrice N
?note 1000
"""
#: Cancellations and returns: the fields of both, which repeat the inventory's.
_AFTERWARDS = (
    "customsCode =4\norderNo 60\n"
    + _EBP
    + _EBC
    + """logisticsNo 60
logisticsCode 18
logisticsName 100
?copNo 20
?preNo 18
invtNo 18
buyerIdType =1 1|2
buyerIdNumber 60
buyerName 60
buyerTelephone 30
agentCode 18
agentName 100
reason 1000
?note 1000"""
)
CANCEL_HEAD = _APP.replace("1|2|3", "1") + _AFTERWARDS
RETURN_HEAD = _APP + _AFTERWARDS
RETURN_LINE = """
gnum I
gcode =10
gname 250
qty N
unit =3
?note 1000
"""
BASE_TRANSFER = _leaves("copCode 18\ncopName 100\ndxpMode =3 DXP\ndxpId 30\n?note 1000")

SHAPES = {
    "CEB311Message": Shape(
        "311",
        "Order",
        "OrderHead",
        _leaves(ORDER_HEAD),
        "OrderList",
        _leaves(ORDER_LINE),
        "CEB312Message",
        "OrderReturn",
    ),
    "CEB411Message": Shape(
        "411", "Payment", "PaymentHead", _leaves(PAYMENT_HEAD), "", (), "CEB412Message", "PaymentReturn"
    ),
    "CEB511Message": Shape(
        "511", "Logistics", "LogisticsHead", _leaves(WAYBILL_HEAD), "", (), "CEB512Message", "LogisticsReturn"
    ),
    "CEB621Message": Shape(
        "621",
        "Inventory",
        "InventoryHead",
        _leaves(INVENTORY_HEAD),
        "InventoryList",
        _leaves(INVENTORY_LINE),
        "CEB622Message",
        "InventoryReturn",
    ),
    "CEB623Message": Shape(
        "623", "InvtCancel", "", _leaves(CANCEL_HEAD), "", (), "CEB624Message", "InvtCancelReturn"
    ),
    "CEB625Message": Shape(
        "625",
        "InvtRefund",
        "InvtRefundHead",
        _leaves(RETURN_HEAD),
        "InvtRefundList",
        _leaves(RETURN_LINE),
        "CEB626Message",
        "InvtRefundReturn",
    ),
}
BY_KIND = {shape.kind: shape for shape in SHAPES.values()}

#: Return codes by kind of document: what the E-port itself finds wrong.
CODES: dict[str, dict[str, str]] = {
    "311": {
        "parameter": "-301008", "exists": "-301010", "missing": "-301009", "declared": "-301011",
        "older": "-301014", "signature": "-301020", "card": "-301020", "lines": "-301002",
    },
    "411": {
        "parameter": "-401009", "exists": "-401007", "missing": "-401006", "declared": "-401008",
        "older": "-401012", "signature": "-401009", "card": "-401009", "lines": "-401009",
    },
    "511": {
        "parameter": "-504011", "exists": "-504015", "missing": "-504014", "declared": "-504016",
        "older": "-504016", "signature": "-504011", "card": "-504011", "lines": "-504011",
    },
    "621": {
        "parameter": "-621001", "exists": "-621004", "missing": "-621011", "declared": "-621012",
        "older": "-621012", "signature": "-621029", "card": "-621015", "lines": "-621027",
        "altered": "-621028", "single": "-621005",
    },
    "623": {
        "parameter": "-623001", "exists": "-623009", "missing": "-623003", "state": "-623005",
        "signature": "-623029", "card": "-623029", "lines": "-623001", "differs": "-623001",
    },
    "625": {
        "parameter": "-625001", "exists": "-625022", "missing": "-625007", "state": "-625022",
        "signature": "-625005", "card": "-625013", "lines": "-625001", "differs": "-625010",
        "line": "-625209", "quantity": "-625010", "older": "-625022",
    },
}  # fmt: skip

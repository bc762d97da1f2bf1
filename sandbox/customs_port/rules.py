"""The port's business rules. Each function says what is wrong; nothing here reads the platform's code.

Return codes of the E-port are negative; customs' own reasons come as ``[Code:n;Desc:…]`` inside 100. Reasons
numbered 90xx are the sandbox's own, where the real number is not published.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from sandbox.customs_port.models import Document, PaymentFact, WaybillFact
from sandbox.customs_port.reader import number

#: CNY per transaction and per person and calendar year (Ministry of Finance notice 2018 No. 49).
SINGLE_LIMIT = Decimal(5000)
YEARLY_LIMIT = Decimal(26000)
#: Combined rates between which the tax of a purchase within the limits lies: 9 % VAT and no consumption
#: tax, up to 13 % VAT with 15 % consumption tax; spirits (2208) bear 20 % and an amount per litre.
LOWEST_RATE = Decimal("0.063")
HIGHEST_RATE = Decimal("0.2306")
SPIRITS_RATE = Decimal("0.45")
TOLERANCE = Decimal("0.05")
CENT = Decimal("0.01")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    text: str

    def __str__(self) -> str:
        return f"[Code:{self.code};Desc:{self.text}]"


def id_number_is_valid(value: str) -> bool:
    """Check length, digits, date of birth and check character of a resident ID (GB 11643)."""
    if len(value) != 18 or not value.isascii() or not value[:17].isdigit():
        return False
    try:
        born = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value[:17], _WEIGHTS, strict=True))
    return born <= timezone.localdate() and value[17].upper() == "10X98765432"[total % 11]


def order_faults(head: dict[str, str], lines: list[dict[str, str]]) -> list[str]:
    """Check the sums of an order: lines, goods value, and what was really paid."""
    faults = [
        *_amounts(head, ("goodsValue", "freight", "discount", "taxTotal", "acturalPaid")),
        *_line_faults(lines),
    ]
    if sum((number(line, "totalPrice") for line in lines), Decimal(0)) != number(head, "goodsValue"):
        faults.append("商品价格goodsValue不等于表体totalPrice之和")
    due = (
        number(head, "goodsValue")
        + number(head, "freight")
        + number(head, "taxTotal")
        - number(head, "discount")
    )
    if due != number(head, "acturalPaid"):
        faults.append(f"acturalPaid应为{due:f}，实为{head.get('acturalPaid')}")
    if head.get("buyerIdType") != "1":
        faults.append("buyerIdType限定为1")
    return faults


def _amounts(head: dict[str, str], names: tuple[str, ...]) -> list[str]:
    return [f"{name}不得为负" for name in names if number(head, name) < 0]


def _line_faults(lines: list[dict[str, str]]) -> list[str]:
    faults = []
    for index, line in enumerate(lines, 1):
        if line.get("gnum") != str(index):
            faults.append(f"第{index}行gnum应为{index}")
        if number(line, "qty") <= 0:
            faults.append(f"第{index}行qty应大于0")
        if abs(number(line, "price") * number(line, "qty") - number(line, "totalPrice")) >= CENT:
            faults.append(f"第{index}行totalPrice不等于price×qty")
        for name in ("unit", "country"):
            if not line.get(name, "").isdigit():
                faults.append(f"第{index}行{name}应为3位数字代码")
    return faults


def waybill_faults(head: dict[str, str]) -> list[str]:
    faults = _amounts(head, ("freight", "insuredFee"))
    if head.get("packNo") != "1":
        faults.append("packNo限定为1")
    if number(head, "weight") <= 0:
        faults.append("weight应大于0")
    return faults


def payment_faults(head: dict[str, str]) -> list[str]:
    faults = [] if number(head, "amountPaid") > 0 else ["amountPaid应大于0"]
    if not id_number_is_valid(head.get("payerIdNumber", "")):
        faults.append("payerIdNumber校验位错误")
    return faults


def inventory_faults(head: dict[str, str], lines: list[dict[str, str]]) -> list[str]:
    """Check an inventory by itself: what its trade mode demands, weights, codes, sums."""
    faults = [*_amounts(head, ("freight", "insuredFee")), *_line_faults(lines)]
    if not head.get("copNo"):
        faults.append("copNo必填")
    if head.get("packNo") != "1":
        faults.append("packNo限定为1")
    if head.get("buyerIdType") != "1":
        faults.append("buyerIdType限定为1")
    if not 0 < number(head, "netWeight") <= number(head, "grossWeight"):
        faults.append("净重应大于0且不大于毛重")
    bonded = head.get("tradeMode") in {"1210", "1239"}
    wanted = ("emsNo", "areaCode", "areaName") if bonded else ("trafNo", "voyageNo", "billNo")
    faults += [f"{head.get('tradeMode')}模式{name}必填" for name in wanted if not head.get(name)]
    if bonded and head.get("country") != "142":
        faults.append("保税模式起运国限定为142")
    for index, line in enumerate(lines, 1):
        if bonded and not line.get("itemRecordNo"):
            faults.append(f"第{index}行itemRecordNo必填")
        if not line.get("gcode", "").isdigit():
            faults.append(f"第{index}行gcode应为10位数字")
        if number(line, "qty1") <= 0 or not line.get("unit1", "").isdigit():
            faults.append(f"第{index}行法定数量或单位不符")
        if bool(line.get("qty2")) != bool(line.get("unit2")):
            faults.append(f"第{index}行qty2与unit2须同时填写")
    return faults


def value_of(head: dict[str, str], lines: list[dict[str, str]]) -> Decimal:
    """Return what counts against the limits: goods, freight and insurance, without tax."""
    goods = sum((number(line, "totalPrice") for line in lines), Decimal(0))
    return goods + number(head, "freight") + number(head, "insuredFee")


def over_single_limit(value: Decimal, lines: list[dict[str, str]]) -> bool:
    """Above 5,000 only one indivisible piece may pass, and only within the yearly limit."""
    one_piece = len(lines) == 1 and number(lines[0], "qty") == 1
    return value > SINGLE_LIMIT and not (one_piece and value <= YEARLY_LIMIT)


def used_this_year(id_number: str, year: int, without: Document) -> Decimal:
    """Return what the person's other live inventories of the year add up to, less what was returned of them."""
    rows = Document.objects.filter(kind="621", buyer_id_number=id_number.upper(), deleted=False)
    rows = rows.filter(head__declTime__startswith=str(year)).exclude(pk=without.pk)
    live = [row for row in rows if not row.rejected]
    returned = Document.objects.filter(
        kind="625", status="399", invt_no__in=[row.invt_no for row in live if row.invt_no]
    )
    return sum((row.value for row in live), Decimal(0)) - sum((row.value for row in returned), Decimal(0))


def yearly_reason(total: Decimal) -> Reason:
    sums = f"totalPrice：{total:,.2f} > limitPrice: {YEARLY_LIMIT:,.0f};"
    return Reason("1313", f"订购人购买超过年度限额,超过个人年度购买额度;{sums}")


def compare(
    inventory: Document, order: Document, payment: PaymentFact, waybill: WaybillFact
) -> Reason | None:
    """Compare the four documents; return the first reason to reject."""
    return (
        _compare_lines(inventory, order)
        or _compare_buyer(inventory.head, order.head)
        or _compare_payment(order.head, payment)
        or _compare_waybill(inventory.head, order.head, waybill)
        or _compare_parties(inventory.head, order.head)
        or _tax(inventory, order)
    )


def _compare_lines(inventory: Document, order: Document) -> Reason | None:
    if len(inventory.lines) != len(order.lines):
        text = f"清单表体与订单表体数量不一致;{len(inventory.lines)}!={len(order.lines)}"
        return Reason("1320", text)
    for left, right in zip(inventory.lines, order.lines, strict=True):
        for name, other in (
            ("gname", "itemName"),
            ("unit", "unit"),
            ("country", "country"),
            ("itemNo", "itemNo"),
        ):
            if name == "itemNo" and not (left.get(name) and right.get(other)):
                continue
            if left.get(name) != right.get(other):
                return Reason(
                    "1322",
                    f"清单与订单表体不一致;gnum:{left['gnum']},{name}:{left.get(name)},{right.get(other)}",
                )
        for name in ("qty", "price", "totalPrice"):
            if number(left, name) != number(right, name):
                return Reason(
                    "1322",
                    f"清单与订单表体不一致;gnum:{left['gnum']},{name}:{left.get(name)},{right.get(name)}",
                )
    return None


def _compare_buyer(inventory: dict[str, str], order: dict[str, str]) -> Reason | None:
    if (inventory["buyerName"], inventory["buyerIdNumber"].upper()) != (
        order["buyerName"],
        order["buyerIdNumber"].upper(),
    ):
        return Reason("13127", "清单订购人与订单订购人姓名或证件号不一致")
    if inventory["buyerTelephone"] != order["buyerTelephone"]:
        return Reason("130126", "清单订购人电话与订单不一致")
    return None


def _compare_payment(order: dict[str, str], payment: PaymentFact) -> Reason | None:
    if order.get("payCode") and order["payCode"] != payment.pay_code:
        return Reason("13035", "订单支付企业与支付单支付企业不一致")
    if order.get("payTransactionId") and order["payTransactionId"] != payment.pay_transaction_id:
        return Reason("13035", "订单支付交易编号与支付单不一致")
    named = payment.payer_name or payment.payer_id_number
    if named and (payment.payer_name, payment.payer_id_number.upper()) != (
        order["buyerName"],
        order["buyerIdNumber"].upper(),
    ):
        return Reason("1327", "订单订购人与支付人姓名或证件号不一致")
    if number(order, "acturalPaid") != payment.amount:
        sums = f"acturalPaid:{order['acturalPaid']},PaymentHead.amountPaid{payment.amount.normalize():f}"
        return Reason("1332", f"支付单金额与订单金额不一致;{sums}")
    return None


def _compare_waybill(inventory: dict[str, str], order: dict[str, str], waybill: WaybillFact) -> Reason | None:
    if waybill.order_no != order["orderNo"]:
        return Reason("9001", "运单对应的订单编号与订单不一致")
    pairs = (
        ("consignee", waybill.consignee, "收货人"),
        ("consigneeTelephone", waybill.consignee_telephone, "收货人电话"),
        ("consigneeAddress", waybill.consignee_address, "收货地址"),
    )
    for name, theirs, label in pairs:
        if order[name] != theirs:
            return Reason("9002", f"订单{label}与运单不一致")
    if inventory["consigneeAddress"] != order["consigneeAddress"]:
        return Reason("9003", "清单收货地址与订单不一致")
    return None


def _compare_parties(inventory: dict[str, str], order: dict[str, str]) -> Reason | None:
    for name in ("ebpCode", "ebcCode"):
        if inventory[name] != order[name]:
            return Reason("9004", f"清单{name}与订单不一致")
    return None


def _tax(inventory: Document, order: Document) -> Reason | None:
    """Say whether the collected tax can be right; 0 is allowed (the seller bears it)."""
    tax = number(order.head, "taxTotal")
    if tax == 0 or inventory.value > SINGLE_LIMIT:
        return None
    base = number(order.head, "goodsValue") + number(order.head, "freight")
    spirits = any(line.get("gcode", "").startswith("2208") for line in inventory.lines)
    highest = SPIRITS_RATE if spirits else HIGHEST_RATE
    slack = CENT * (len(order.lines) + 1)
    low = (base - number(order.head, "discount")) * LOWEST_RATE * (1 - TOLERANCE) - slack
    high = base * highest * (1 + TOLERANCE) + slack
    if not low <= tax <= high:
        return Reason("9005", f"代扣税款{tax:f}不合理，应在{low:.2f}与{high:.2f}之间")
    return None

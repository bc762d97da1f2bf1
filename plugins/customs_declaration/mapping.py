"""From a parcel to the fields of CEB311, CEB511 and CEB621. Pure: no database, no clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from saleor_ext.plugin_api import Identity, ParcelLine, ParcelView

from .config import BONDED, TRADE_MODES, CustomsConfig
from .messages import MessageData, number, stamp

CHINA_CODE = "142"
MACAU_CODE = "121"
CNY_CODE = "142"


@dataclass(frozen=True, slots=True)
class Support:
    """What payment, waybill and reservation left for the declaration.

    ``order_no`` is the number under which the payment was declared: order, payment and list meet by it.
    """

    order_no: str
    pay_code: str
    pay_name: str
    pay_transaction_id: str
    logistics_no: str
    logistics_code: str
    logistics_name: str
    ems_no: str
    item_records: Mapping[int, str]

    def item_record(self, line: ParcelLine) -> str:
        """Return the item of the book: a corrected one, else that of the reservation, else the article's."""
        own = line.facts.item_record_no
        return own if "item_record_no" in line.corrected else self.item_records.get(line.gnum) or own


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a message of one parcel is made of."""

    parcel: ParcelView
    identity: Identity
    support: Support
    config: CustomsConfig
    cop_no: str
    guid: str
    app_type: str
    now: datetime
    pre_no: str = ""
    invt_no: str = ""

    @property
    def merchant(self) -> tuple[str, str]:
        """ebcCode and ebcName: the merchant's own, else the configured one."""
        own = self.parcel.merchant
        if own.customs_code:
            return own.customs_code, own.customs_name
        return self.config.ebc_code or self.config.agent_code, self.config.ebc_name or self.config.agent_name

    @property
    def phone(self) -> str:
        return self.identity.phone or self.parcel.consignee.phone


def support_of(parcel: ParcelView, config: CustomsConfig) -> Support:
    """Collect what the steps before left, the configuration filling what a step does not name."""
    payment = parcel.step_data("declare_payment")
    waybill = parcel.step_data("obtain_waybill")
    stock = parcel.step_data("reserve_stock")
    return Support(
        order_no=str(payment.get("orderNo") or parcel.number),
        pay_code=str(payment.get("payCode") or config.pay_code),
        pay_name=str(payment.get("payName") or config.pay_name),
        pay_transaction_id=str(payment.get("payTransactionId") or ""),
        logistics_no=str(waybill.get("logistics_no") or ""),
        logistics_code=str(waybill.get("logistics_code") or ""),
        logistics_name=str(waybill.get("logistics_name") or ""),
        ems_no=str(stock.get("book_no") or config.ems_no),
        item_records={int(one["gnum"]): str(one["item_record_no"]) for one in stock.get("lines") or []},
    )


def order(case: Case) -> MessageData:
    """Build CEB311: the electronic order."""
    parcel, identity, support = case.parcel, case.identity, case.support
    ebc_code, ebc_name = case.merchant
    head = {
        **_application(case, app_status="2"),
        "orderType": "I",
        "orderNo": support.order_no,
        "ebpCode": case.config.ebp_code,
        "ebpName": case.config.ebp_name,
        "ebcCode": ebc_code,
        "ebcName": ebc_name,
        "goodsValue": number(parcel.goods_value.amount),
        "freight": number(parcel.freight.amount),
        "discount": number(parcel.discount.amount),
        "taxTotal": number(parcel.tax_total.amount),
        "acturalPaid": number(parcel.actual_paid.amount),
        "currency": CNY_CODE,
        "buyerRegNo": parcel.buyer_account[:60],
        "buyerName": identity.name,
        "buyerTelephone": case.phone,
        "buyerIdType": "1",
        "buyerIdNumber": identity.id_number,
        "payCode": support.pay_code,
        "payName": support.pay_name,
        "payTransactionId": support.pay_transaction_id,
        "consignee": parcel.consignee.name,
        "consigneeTelephone": parcel.consignee.phone,
        "consigneeAddress": parcel.consignee.line,
    }
    lines = [
        {
            "gnum": str(line.gnum),
            # As in the list, whose field is the shorter one: customs compare them.
            "itemNo": line.facts.sku[:20],
            "itemName": line.facts.name,
            "gmodel": line.facts.gmodel,
            "barCode": line.facts.barcode or "无",
            "unit": line.facts.unit,
            "qty": str(line.declared_quantity),
            "price": number(line.declared_price),
            "totalPrice": number(line.total.amount),
            "currency": CNY_CODE,
            "country": line.facts.origin,
        }
        for line in parcel.lines
    ]
    return _message("CEB311Message", case, {"OrderHead": head, "OrderList": lines})


def waybill(case: Case) -> MessageData:
    """Build CEB511: the waybill, where the carrier has entrusted it to us."""
    parcel, support = case.parcel, case.support
    head = {
        **_application(case, app_status="2"),
        "logisticsCode": support.logistics_code,
        "logisticsName": support.logistics_name,
        "logisticsNo": support.logistics_no,
        "orderNo": support.order_no,
        "freight": number(parcel.freight.amount),
        "insuredFee": "0",
        "currency": CNY_CODE,
        "weight": number(kilograms(gross_grams(parcel))),
        "packNo": "1",
        "goodsInfo": "、".join(f"{line.facts.name}×{line.quantity}" for line in parcel.lines)[:200],
        "consignee": parcel.consignee.name,
        "consigneeAddress": parcel.consignee.line,
        "consigneeTelephone": parcel.consignee.phone,
    }
    return _message("CEB511Message", case, {"LogisticsHead": head})


def inventory(case: Case) -> MessageData:
    """Build CEB621: the inventory list."""
    parcel, identity, support, config = case.parcel, case.identity, case.support, case.config
    bonded = parcel.lane == BONDED
    ebc_code, ebc_name = case.merchant
    head = {
        **_application(case, app_status="2"),
        "orderNo": support.order_no,
        "ebpCode": config.ebp_code,
        "ebpName": config.ebp_name,
        "ebcCode": ebc_code,
        "ebcName": ebc_name,
        "logisticsNo": support.logistics_no,
        "logisticsCode": support.logistics_code,
        "logisticsName": support.logistics_name,
        "copNo": case.cop_no,
        **_given(preNo=case.pre_no, invtNo=case.invt_no),
        "assureCode": config.assure_code or config.agent_code,
        **(_given(emsNo=support.ems_no) if bonded else {}),
        "ieFlag": "I",
        "declTime": stamp(case.now, 8),
        "customsCode": config.customs_code,
        "portCode": config.port_code,
        "buyerIdType": "1",
        "buyerIdNumber": identity.id_number,
        "buyerName": identity.name,
        "buyerTelephone": case.phone,
        "consigneeAddress": parcel.consignee.line,
        "agentCode": config.agent_code,
        "agentName": config.agent_name,
        **(_given(areaCode=config.area_code, areaName=config.area_name) if bonded else {}),
        "tradeMode": TRADE_MODES[parcel.lane],
        "trafMode": config.traf_mode_bonded if bonded else config.traf_mode_direct,
        "country": CHINA_CODE if bonded else MACAU_CODE,
        "freight": number(parcel.freight.amount),
        "insuredFee": "0",
        "currency": CNY_CODE,
        **_given(wrapType=config.wrap_type),
        "packNo": "1",
        "grossWeight": number(kilograms(gross_grams(parcel))),
        "netWeight": number(kilograms(net_grams(parcel))),
    }
    lines = [_inventory_line(case, line, bonded=bonded) for line in parcel.lines]
    return _message("CEB621Message", case, {"InventoryHead": head, "InventoryList": lines})


def _inventory_line(case: Case, line: ParcelLine, *, bonded: bool) -> dict[str, str]:
    facts = line.facts
    second = _given(
        qty2=number(facts.qty2 * line.quantity) if facts.unit2 and facts.qty2 else "", unit2=facts.unit2
    )
    return {
        "gnum": str(line.gnum),
        **(_given(itemRecordNo=case.support.item_record(line)) if bonded else {}),
        "itemNo": facts.sku[:20],
        "itemName": facts.name,
        "gcode": facts.hs_code,
        "gname": facts.name,
        "gmodel": facts.gmodel,
        "barCode": facts.barcode or "无",
        "country": facts.origin,
        "currency": CNY_CODE,
        "qty": str(line.declared_quantity),
        "unit": facts.unit,
        "qty1": number(facts.qty1 * line.quantity),
        "unit1": facts.unit1,
        **second,
        "price": number(line.declared_price),
        "totalPrice": number(line.total.amount),
    }


def gross_grams(parcel: ParcelView) -> int:
    return sum(line.facts.gross_g * line.quantity for line in parcel.lines)


def net_grams(parcel: ParcelView) -> int:
    return sum(line.facts.net_g * line.quantity for line in parcel.lines)


def kilograms(grams: int) -> Decimal:
    return Decimal(grams) / 1000


def _application(case: Case, *, app_status: str) -> dict[str, str]:
    return {
        "guid": case.guid,
        "appType": case.app_type,
        "appTime": stamp(case.now),
        "appStatus": app_status,
    }


def _given(**fields: str) -> dict[str, str]:
    """Keep the fields that have a value: optional elements are left out rather than sent empty."""
    return {name: value for name, value in fields.items() if value}


def _message(name: str, case: Case, document: dict[str, object]) -> MessageData:
    return MessageData(name, case.guid, "1.0", [document], transfer(case.config))


def transfer(config: CustomsConfig) -> dict[str, str]:
    """Return BaseTransfer: who hands the message over."""
    return {
        "copCode": config.cop_code,
        "copName": config.cop_name,
        "dxpMode": "DXP",
        "dxpId": config.dxp_id,
    }

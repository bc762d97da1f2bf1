"""Where the fields of a message come from, which is where they are mended."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CONFIGURATION, ARTICLE, BUYER, PAYMENT, WAYBILL, BOOK, ORDER, OURS = (
    "configuration", "article", "buyer", "payment", "waybill", "book", "order", "ours",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of fields: its name, and what can be done about a wrong value."""

    code: str
    name: str | Promise
    mend: str | Promise


ORIGINS: dict[str, Origin] = {
    one.code: one
    for one in (
        Origin(
            CONFIGURATION,
            _("Configuration"),
            _("Correct it in the plugin's configuration, then start again."),
        ),
        Origin(
            ARTICLE, _("Goods"), _("Correct it for this parcel below; have the merchant mend the listing.")
        ),
        Origin(
            BUYER, _("Buyer"), _("Only the buyer can say it: ask, then enter it below; or cancel the parcel.")
        ),
        Origin(PAYMENT, _("Payment"), _("Told by the payment company: start the payment step again.")),
        Origin(WAYBILL, _("Waybill"), _("Told by the carrier: see the waybill step of the parcel.")),
        Origin(BOOK, _("Bonded book"), _("Told by the stock reservation, or the configuration.")),
        Origin(ORDER, _("Order"), _("Fixed when the order was paid. If it is wrong, cancel and refund.")),
        Origin(OURS, _("Made by the plugin"), _("Made anew with each version.")),
    )
}

_FIELDS: dict[str, tuple[str, ...]] = {
    CONFIGURATION: (
        "ebpCode", "ebpName", "ebcCode", "ebcName", "assureCode", "customsCode", "portCode", "agentCode",
        "agentName", "areaCode", "areaName", "trafMode", "wrapType", "tradeMode", "copCode", "copName", "dxpId",
    ),
    ARTICLE: (
        "itemName", "itemNo", "gname", "gmodel", "gcode", "barCode", "unit", "unit1", "unit2", "qty1", "qty2",
        "grossWeight", "netWeight", "weight", "goodsInfo",
    ),
    BUYER: (
        "buyerRegNo", "buyerName", "buyerTelephone", "buyerIdType", "buyerIdNumber", "consignee",
        "consigneeTelephone", "consigneeAddress",
    ),
    PAYMENT: ("payCode", "payName", "payTransactionId", "orderNo"),
    WAYBILL: ("logisticsNo", "logisticsCode", "logisticsName"),
    BOOK: ("emsNo", "itemRecordNo"),
    ORDER: (
        "goodsValue", "freight", "discount", "taxTotal", "acturalPaid", "currency", "insuredFee", "qty", "price",
        "totalPrice",
    ),
}  # fmt: skip
_OF = {element: origin for origin, elements in _FIELDS.items() for element in elements}


def of(element: str, *, line: bool = False) -> Origin:
    """Return where an element comes from; a line's country is its article's, the head's is fixed by the lane."""
    if element == "country":
        return ORIGINS[ARTICLE if line else OURS]
    return ORIGINS[_OF.get(element, OURS)]


#: Where what customs' codes complain of comes from, for the codes that are known from practice.
CODES: dict[str, str] = {
    "1300": BUYER, "1313": BUYER, "13127": BUYER, "130126": BUYER, "-621018": BUYER, "1327": PAYMENT, "13035": PAYMENT,
    "1320": ARTICLE, "1322": ARTICLE, "1332": ORDER, "-621005": ORDER,
}  # fmt: skip


def of_code(code: str) -> Origin | None:
    """Return where to look for a code's cause, None when it is not known."""
    return ORIGINS.get(CODES.get(code, ""))


def named_in(text: str) -> list[str]:
    """Return the elements that a text names, in their order, each once."""
    found = []
    for word in "".join(sign if sign.isalnum() else " " for sign in text).split():
        if word in _OF and word not in found:
            found.append(word)
    return found

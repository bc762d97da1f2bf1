"""Buyers whose names make the port behave in a certain way (listed in README.md)."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.customs_port.rules import Reason

RELEASED = ("800", "[Code:2600;Desc:放行]")


@dataclass(frozen=True, slots=True)
class Persona:
    """What happens to the inventory of a buyer whose name contains ``name``.

    ``rejection`` ends it with 100. ``between`` are receipts given in the place of the ordinary review
    (399); ``released`` tells whether 800 follows. ``silent`` gives no receipt at all.
    """

    name: str
    rejection: Reason | None = None
    between: tuple[tuple[str, str], ...] = ()
    released: bool = True
    silent: bool = False
    double: bool = False
    shuffle: bool = False
    late: float = 1.0
    order_rejection: Reason | None = None
    #: Rejects the first version only: an amendment passes.
    first_only: bool = False
    #: Every step of customs after the acceptance takes so many times as long.
    slow: float = 1.0
    #: What a cancellation or a return is refused with, and whether a return is reviewed by hand.
    cancel_refusal: Reason | None = None
    return_refusal: Reason | None = None
    return_review: bool = False
    #: The tax bill asks for one yuan more of VAT than is due.
    bill_differs: bool = False


REVIEWED = ("399", "[Code:2300;Desc:审核通过]")

PERSONAS = (
    Persona(
        "年限额",
        Reason(
            "1313", "订购人购买超过年度限额,超过个人年度购买额度;totalPrice：26,114.44 > limitPrice: 26,000;"
        ),
    ),
    Persona("付款人不符", Reason("1327", "订单订购人与支付人姓名或证件号不一致")),
    Persona("金额不符", Reason("1332", "支付单金额与订单金额不一致")),
    Persona("表体不符", Reason("1322", "清单与订单表体不一致")),
    Persona("证件不符", Reason("1300", "人工退单;订购人身份证号码错误")),
    Persona("担保不足", Reason("1311", "担保额度不足")),
    Persona("订购人不符", Reason("13127", "清单订购人与订单订购人姓名或证件号不一致")),
    Persona("布控查验", between=(("500", "[Code:1500;Desc:布控查验]"),)),
    Persona("人工审单", between=(("300", "[Code:1200;Desc:待人工审核]"), REVIEWED)),
    Persona("扣留", between=(("501", "[Code:1501;Desc:扣留移送通关]"),), released=False),
    Persona("退运", between=(("700", "[Code:1700;Desc:退运]"),), released=False),
    Persona("无声", silent=True),
    Persona("未知码", between=(("600", "[Code:1600;Desc:挂起]"), REVIEWED)),
    Persona("重复回执", double=True),
    Persona("乱序回执", shuffle=True),
    Persona("迟到回执", late=10),
    Persona("改后放行", Reason("1322", "清单与订单表体不一致"), first_only=True),
    Persona("缓放行", slow=40),
    Persona("拒撤单", slow=40, cancel_refusal=Reason("9006", "不予撤销")),
    Persona("拒退货", return_refusal=Reason("9008", "不予退货")),
    Persona("退货审单", return_review=True),
    Persona("税单不符", bill_differs=True),
    Persona("订单退单", order_rejection=Reason("1300", "人工退单;订购人身份证号码错误")),
)
ORDINARY = Persona("")


def persona_of(buyer_name: str) -> Persona:
    """Return the persona a name asks for; an ordinary buyer otherwise."""
    return next((one for one in PERSONAS if one.name in buyer_name), ORDINARY)

"""A Saleor, a catalogue and plugins in memory, of the shapes the shop reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from saleor_ext.catalogue.selectors import CategoryEntry, Page, PictureEntry, ProductEntry, VariantEntry
from saleor_ext.core.errors import TransientError
from saleor_ext.core.money import Money
from saleor_ext.identity.services import MaskedPerson
from saleor_ext.link.errors import SaleorUserError, UserProblem
from saleor_ext.link.results.account import Tokens
from saleor_ext.link.results.base import Page as ResultPage
from saleor_ext.link.results.checkout import Checkout, Delivery, TransactionAnswer
from saleor_ext.link.results.orders import Order
from saleor_ext.plugin_api.types import (
    Finding,
    Fragment,
    ImportLimits,
    Lane,
    PaymentMethod,
    PaymentSession,
    TaxLine,
    TaxQuote,
    VariantFacts,
)

RATE = Decimal("0.091")


def cny(amount: str | Decimal | int) -> Money:
    return Money(Decimal(amount), "CNY")


def taxed(net: Decimal) -> dict[str, Any]:
    tax = (net * RATE).quantize(Decimal("0.01"))
    return {"net": cny(net), "tax": cny(tax), "gross": cny(net + tax)}


CATEGORIES = [CategoryEntry("biscuits", "饼食手信", 2), CategoryEntry("wine", "葡萄酒", 1)]


def entry(
    slug: str, name: str, merchant: str = "farolim", category: int = 0, stock: int = 50
) -> ProductEntry:
    variants = tuple(
        VariantEntry(
            f"variant-{slug}-{n}",
            f"{slug.upper()}-{n}",
            f"{n}00 克",
            cny(48 * n),
            cny(48 * n * (1 + RATE)),
            stock,
        )
        for n in (1, 2)
    )
    return ProductEntry(
        saleor_id=f"product-{slug}",
        slug=slug,
        name=name,
        short="短介绍",
        description="第一段\n\n第二段",
        fallback=False,
        category=CATEGORIES[category],
        merchant=merchant,
        lane="bonded_1210",
        warehouse="nansha",
        origin="121",
        net_from=variants[0].net,
        gross_from=variants[0].gross,
        in_stock=stock > 0,
        pictures=(PictureEntry("http://saleor.example/media/a.webp", name),),
        variants=variants,
    )


@dataclass
class FakeCatalogue:
    """Stands for ``saleor_ext.catalogue.selectors`` and the merchants' names."""

    entries: list[ProductEntry] = field(
        default_factory=lambda: [
            entry("almond", "炭香杏仁饼"),
            entry("rolls", "牛油蛋卷", stock=0),
            entry("red", "杜罗红酒", "duas-velas", 1),
        ]
    )

    def categories(self, language: str) -> list[CategoryEntry]:
        return CATEGORIES

    def products(
        self,
        language: str,
        *,
        category: str = "",
        query: str = "",
        merchant: str = "",
        page: int = 1,
        per_page: int = 24,
    ) -> Page:
        found = [
            one
            for one in self.entries
            if (not category or (one.category and one.category.slug == category))
            and (not merchant or one.merchant == merchant)
            and query in one.name
        ]
        pages = max(1, -(-len(found) // per_page))
        page = min(max(page, 1), pages)
        return Page(tuple(found[(page - 1) * per_page : page * per_page]), len(found), page, pages)

    def product(self, slug: str, language: str) -> ProductEntry | None:
        return next((one for one in self.entries if one.slug == slug), None)

    def by_saleor_ids(self, ids: list[str], language: str) -> dict[str, ProductEntry]:
        return {one.saleor_id: one for one in self.entries if one.saleor_id in ids}

    def variant(self, variant_id: str) -> tuple[ProductEntry, VariantEntry]:
        return next((one, v) for one in self.entries for v in one.variants if v.id == variant_id)


def facts(sku: str) -> VariantFacts:
    return VariantFacts(
        sku=sku,
        name="炭香杏仁饼",
        merchant="farolim",
        lane="bonded_1210",
        warehouse="nansha",
        hs_code="1905310000",
        gmodel="品牌：灯塔|成分：绿豆粉、杏仁粉、糖|包装规格：盒装",
        origin="121",
        unit="140",
        unit1="035",
        qty1=Decimal("0.22"),
        net_g=220,
        gross_g=310,
        barcode="2901000100012",
        brand="灯塔",
    )


class FakePlatform:
    def variant_facts(self, skus: Any) -> dict[str, VariantFacts]:
        return {sku: facts(sku) for sku in skus}


@dataclass
class FakePlugins:
    """Stands for the hook registry."""

    findings: list[Finding] = field(default_factory=list)
    session: PaymentSession | None = None
    pieces: dict[str, list[Fragment]] = field(default_factory=dict)
    shown: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    methods: list[PaymentMethod] = field(
        default_factory=lambda: [
            PaymentMethod("wechat", "微信支付", "wallet", "app:ponte.payment", {"method": "native"}),
        ]
    )

    def ask(self, hook: str, **arguments: Any) -> list[Any]:
        if hook == "lanes":
            return [
                Lane(
                    "bonded_1210", "南沙保税仓", "付款后约 2–4 天送达", "warehouse", True, True, True, ("CN",)
                ),
                Lane("local", "澳门自取", "当天", "store", False, False, False, ("MO",)),
            ]
        if hook == "shop_fragments":
            self.shown.append((arguments["place"], arguments["context"]))
            return self.pieces.get(arguments["place"], [])
        return {"order_checks": self.findings, "payment_methods": self.methods}.get(hook, [])

    def ask_first(self, hook: str, **arguments: Any) -> Any:
        if hook == "payment_session":
            return self.session
        if hook == "import_limits":
            return ImportLimits(
                date(2019, 1, 1), cny(5_000), cny(26_000), "财关税〔2018〕49号", date(2026, 11, 23)
            )
        request = arguments["request"]
        lines = []
        for line in request.lines:
            value = line.unit_price * line.quantity
            lines.append(TaxLine(line.sku, value, cny(0), cny(0), (value * RATE).quantize()))
        return TaxQuote(
            "within_limits",
            tuple(lines),
            Money.sum((line.total for line in lines), "CNY"),
            "限额以内：关税税率 0%，增值税、消费税按应纳税额的 70% 征收。",
            "财关税〔2018〕49号",
        )


@dataclass
class FakeVault:
    """Stands for the identity services."""

    person: MaskedPerson | None = None
    consents: list[tuple[str, str, str]] = field(default_factory=list)

    def name_buyer(self, api_url: str, checkout_id: str, **given: Any) -> MaskedPerson:
        self.person = MaskedPerson(
            "p1", given["name"][:1] + "*", given["id_number"][:1] + "*" * 16 + given["id_number"][-1]
        )
        return self.person

    def record_consent(
        self, checkout_id: str, purpose: str, *, version: str, language: str, text: str
    ) -> None:
        self.consents.append((checkout_id, purpose, text))

    def person_of_checkout(self, api_url: str, checkout_id: str) -> None:
        return None

    def masked_of_checkout(self, api_url: str, checkout_id: str) -> MaskedPerson | None:
        return self.person

    def has_consent(self, checkout_id: str, purpose: str) -> bool:
        return any(kept[:2] == (checkout_id, purpose) for kept in self.consents)


class FakeSaleor:
    """Checkouts, payments and orders in memory; ``away`` makes every call fail as when Saleor does not answer."""

    def __init__(self, catalogue: FakeCatalogue) -> None:
        self.catalogue = catalogue
        self.checkouts: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, Order] = {}
        self.initialized: list[str] = []
        self.given: list[Any] = []
        self.away = False
        self.refuse: SaleorUserError | None = None

    def _answer(self) -> None:
        if self.away:
            raise TransientError("no answer")
        if self.refuse:
            refused, self.refuse = self.refuse, None
            raise refused

    def _view(self, checkout_id: str) -> Checkout:
        kept = self.checkouts[checkout_id]
        lines, net = [], Decimal(0)
        for number, (variant_id, quantity) in enumerate(kept["lines"].items()):
            product, variant = self.catalogue.variant(variant_id)
            value = variant.net.amount * quantity
            net += value
            lines.append(
                {
                    "id": f"line-{number}-{variant_id}",
                    "quantity": quantity,
                    "variant": {
                        "id": variant.id,
                        "sku": variant.sku,
                        "name": variant.name,
                        "product": {"id": product.saleor_id, "slug": product.slug, "name": product.name},
                    },
                    "unitPrice": taxed(variant.net.amount),
                    "totalPrice": taxed(value),
                }
            )
        freight = Decimal(12) if kept["delivery"] else Decimal(0)
        return Checkout.model_validate(
            {
                "id": checkout_id,
                "email": kept["email"],
                "channel": {"id": "c", "slug": "cn"},
                "lines": lines,
                "shippingAddress": kept["address"],
                "delivery": kept["delivery"],
                "shippingPrice": taxed(freight),
                "subtotalPrice": taxed(net),
                "totalPrice": taxed(net + freight),
            }
        )

    def checkout(self, checkout_id: str) -> Checkout | None:
        self._answer()
        return self._view(checkout_id) if checkout_id in self.checkouts else None

    def checkout_create(self, lines: Any, **more: Any) -> Checkout:
        self._answer()
        key = f"checkout-{len(self.checkouts) + 1}"
        self.checkouts[key] = {"lines": {}, "email": None, "address": None, "delivery": None, **more}
        return self.lines_add(key, lines)

    def lines_add(self, checkout_id: str, lines: Any) -> Checkout:
        self._answer()
        for line in lines:
            kept = self.checkouts[checkout_id]["lines"]
            kept[line.variant_id] = kept.get(line.variant_id, 0) + line.quantity
        return self._view(checkout_id)

    def lines_update(self, checkout_id: str, lines: Any) -> Checkout:
        self._answer()
        for line in lines:
            self.checkouts[checkout_id]["lines"][line.variant_id] = line.quantity
        return self._view(checkout_id)

    def lines_delete(self, checkout_id: str, line_ids: list[str]) -> Checkout:
        self._answer()
        gone = {line.id: line.variant.id for line in self._view(checkout_id).lines}
        for line_id in line_ids:
            del self.checkouts[checkout_id]["lines"][gone[line_id]]
        return self._view(checkout_id)

    def set_email(self, checkout_id: str, email: str) -> Checkout:
        self._answer()
        self.checkouts[checkout_id]["email"] = email
        return self._view(checkout_id)

    def attach_customer(self, checkout_id: str) -> Checkout:
        return self._view(checkout_id)

    def set_addresses(self, checkout_id: str, shipping: Any, billing: Any = None) -> Checkout:
        self._answer()
        given = shipping.variables()
        given["country"] = {"code": given["country"]}
        self.checkouts[checkout_id]["address"] = given
        return self._view(checkout_id)

    def _deliveries(self) -> list[dict[str, Any]]:
        method = {
            "id": "m1",
            "name": "顺丰标快",
            "price": cny(12),
            "minimumDeliveryDays": 2,
            "maximumDeliveryDays": 4,
        }
        return [{"id": "delivery-1", "shippingMethod": method}]

    def delivery_options(self, checkout_id: str) -> list[Delivery]:
        self._answer()
        return [Delivery.model_validate(one) for one in self._deliveries()]

    def set_delivery(self, checkout_id: str, delivery_id: str) -> Checkout:
        self._answer()
        found = [one for one in self._deliveries() if one["id"] == delivery_id]
        if not found:
            raise SaleorUserError(
                "checkoutDeliveryMethodUpdate", [UserProblem("deliveryMethodId", "NOT_FOUND", "no")]
            )
        self.checkouts[checkout_id]["delivery"] = found[0]
        return self._view(checkout_id)

    def transaction_initialize(
        self, checkout_id: str, gateway: str, data: Any, **more: Any
    ) -> TransactionAnswer:
        self._answer()
        self.initialized.append(more["idempotency_key"])
        self.given.append(data)
        return TransactionAnswer.model_validate(
            {"transaction": {"id": "transaction-1"}, "transactionEvent": {"type": "CHARGE_ACTION_REQUIRED"}}
        )

    def complete(self, checkout_id: str) -> Order:
        self._answer()
        order_id = f"order-of-{checkout_id}"
        if order_id not in self.orders:
            checkout = self._view(checkout_id)
            self.orders[order_id] = Order.model_validate(
                {
                    "id": order_id,
                    "number": "1001",
                    "created": datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
                    "status": "UNFULFILLED",
                    "channel": {"id": "c", "slug": "cn"},
                    "shippingAddress": checkout.shipping_address,
                    "shippingPrice": checkout.shipping_price,
                    "subtotal": checkout.subtotal_price,
                    "total": checkout.total_price,
                    "undiscountedTotal": checkout.total_price,
                    "totalCharged": checkout.total_price.gross,
                    "lines": [
                        {
                            "id": line.id,
                            "productName": line.variant.product.name,
                            "productSku": line.variant.sku,
                            "quantity": line.quantity,
                            "unitPrice": line.unit_price,
                            "totalPrice": line.total_price,
                            "variant": {
                                "id": line.variant.id,
                                "sku": line.variant.sku,
                                "product": {"id": line.variant.product.id, "slug": line.variant.product.slug},
                            },
                        }
                        for line in checkout.lines
                    ],
                }
            )
        return self.orders[order_id]

    def order(self, order_id: str) -> Order | None:
        self._answer()
        return self.orders.get(order_id)

    def my_orders(self, first: int = 20, after: str | None = None) -> Any:
        self._answer()
        return ResultPage[Order].model_validate({"edges": []})

    def token_create(self, email: str, password: str) -> Tokens:
        self._answer()
        if password != "correct horse":
            raise SaleorUserError("tokenCreate", [UserProblem("email", "INVALID_CREDENTIALS", "no")])
        user = {"id": "user-1", "email": email}
        return Tokens.model_validate({"token": "t", "refreshToken": "r", "user": user})

    def account_register(self, email: str, password: str, redirect_url: str) -> bool:
        self._answer()
        return False


def waiting(state: str = "waiting") -> PaymentSession:
    return PaymentSession(
        reference="transaction-1",
        method="wechat",
        state=state,  # type: ignore[arg-type]  # one of the states
        amount=cny("117.83"),
        qr="weixin://wxpay/bizpayurl?pr=sandbox",
        redirect_url="http://sandbox.example/pay/1",
        expires_at=datetime(2026, 11, 23, 5, 0, tzinfo=UTC),
    )


def few(product: ProductEntry, stock: int) -> ProductEntry:
    return replace(product, variants=tuple(replace(variant, stock=stock) for variant in product.variants))

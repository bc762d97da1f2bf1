"""Tax webhooks and quotes: the answers add up to the engine's figures to the fen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.customs_declaration import hooks, webhooks
from plugins.customs_declaration.duty import Article, Base, BaseLine, answer, tax_line
from plugins.customs_declaration.policy import UnknownTariff, tariff
from plugins.customs_declaration.tax import calculate
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import TaxQuoteLine, TaxQuoteRequest, WebhookContext

from .parcels import cny, facts

DAY = date(2026, 11, 23)
CONTEXT = WebhookContext("http://saleor.test/graphql/", "ponte.customs", "CHECKOUT_CALCULATE_TAXES", None)  # type: ignore[arg-type]  # no client is used here
COOKIE = Article("C", "1905310000", {"036": D(300)})
WINE = Article("W", "2204210000", {"095": D("0.75")})


def respond(*lines: BaseLine, shipping: str = "0", goods: str = "0", off: str = "0", price_cut: bool = False):
    base = Base(lines, D(shipping), D(goods), D(off))
    return answer(base, lanes=["bonded_1210"], discount_is_price_cut=price_cut, tariff=tariff(), day=DAY)


def bought(article: Article, total: str, quantity: int = 1, lane: str = "bonded_1210") -> BaseLine:
    return BaseLine(article, lane, quantity, D(total))


def taxes(response) -> list[D]:
    rows = [*response["lines"], None]
    found = [D(row["total_gross_amount"]) - D(row["total_net_amount"]) for row in rows if row]
    return [*found, D(response["shipping_price_gross_amount"]) - D(response["shipping_price_net_amount"])]


def test_one_line_without_freight() -> None:
    assert respond(bought(COOKIE, "200.00", 2)) == {
        "shipping_price_net_amount": "0.00",
        "shipping_price_gross_amount": "0.00",
        "shipping_tax_rate": "0",
        "lines": [{"total_net_amount": "200.00", "total_gross_amount": "218.20", "tax_rate": "9.10"}],
    }


def test_the_freight_carries_its_part_of_the_tax() -> None:
    assert taxes(respond(bought(COOKIE, "200.00", 2), shipping="18.00")) == [D("18.20"), D("1.64")]


def test_wine_shows_its_composite_rate() -> None:
    assert respond(bought(WINE, "1000.00"))["lines"][0]["tax_rate"] == "17.89"


def test_vouchers_leave_the_tax_as_it_is_and_price_cuts_lower_it() -> None:
    voucher = respond(bought(COOKIE, "200.00", 2), goods="50.00")
    cut = respond(bought(COOKIE, "200.00", 2), goods="50.00", price_cut=True)
    assert (voucher["lines"][0]["total_net_amount"], taxes(voucher)) == ("150.00", [D("18.20"), D("0")])
    assert (cut["lines"][0]["total_net_amount"], taxes(cut)) == ("150.00", [D("13.65"), D("0")])


def test_a_discount_never_takes_a_line_below_nothing() -> None:
    lines = [bought(COOKIE, total) for total in ("10.00", "10.00", "10.00", "0.01", "0.00")]
    response = respond(*lines, goods="30.00", price_cut=True)
    assert [row["total_net_amount"] for row in response["lines"]] == ["0.01", "0.00", "0.00", "0.00", "0.00"]


def test_free_delivery_by_discount_is_not_taxed() -> None:
    assert taxes(respond(bought(COOKIE, "200.00"), shipping="18", off="18")) == [D("18.20"), D("0")]


def test_other_lanes_carry_no_import_tax() -> None:
    assert taxes(respond(bought(COOKIE, "200.00", lane="local"), bought(COOKIE, "5.00", lane="postal"))) == [
        0,
        0,
        0,
    ]


def test_an_unknown_commodity_code_is_an_error_on_a_customs_lane() -> None:
    with pytest.raises(UnknownTariff):
        respond(bought(Article("X", "", {}), "200.00"))


totals = st.decimals(min_value=0, max_value=3000, places=2)


@given(
    st.lists(st.tuples(totals, st.sampled_from([COOKIE, WINE]), st.integers(1, 5)), min_size=1, max_size=8),
    totals, totals, st.booleans(),
)  # fmt: skip
def test_answers_add_up_to_the_engine(rows, shipping, discount, price_cut) -> None:
    lines = [BaseLine(article, "bonded_1210", count, total) for total, article, count in rows]
    response = respond(*lines, shipping=str(shipping), goods=str(discount), price_cut=price_cut)
    nets = [D(row["total_net_amount"]) for row in response["lines"]]
    assert sum(nets) == sum(row[0] for row in rows) - min(discount, sum(row[0] for row in rows))
    values = nets if price_cut else [row[0] for row in rows]
    engine = calculate(
        [
            tax_line(article, count, value, tariff(), DAY)
            for (_total, article, count), value in zip(rows, values, strict=True)
        ],
        day=DAY,
        freight=shipping,
    )
    assert sum(taxes(response)) == engine.tax_total
    assert all(tax >= 0 for tax in taxes(response)) and all(net >= 0 for net in nets)


# -- the webhooks themselves -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def world(platform_of_tests, settings_of_customs):
    platform_of_tests.articles = {
        "A": facts("A"),
        "MASK": facts("MASK", hs_code="3304990049", content=D(5)),
        "CREAM": facts("CREAM", hs_code="3304990029", content=D(20)),
        "LOCAL": facts("LOCAL", lane="local"),
    }
    return platform_of_tests


def tax_base(
    sku: str = "A", total: str = "200.00", quantity: int = 2, shipping: str = "18.0", **changes
) -> dict:
    line = {"quantity": quantity, "productSku": sku, "totalPrice": {"amount": D(total)}}
    base = {"currency": "CNY", "shippingPrice": {"amount": D(shipping)}, "discounts": [], "lines": [line]}
    return {"taxBase": {**base, **changes}}


@pytest.mark.django_db
def test_the_tax_webhook_adds_up() -> None:
    assert taxes(webhooks.calculate_taxes(CONTEXT, tax_base())) == [D("18.20"), D("1.64")]


@pytest.mark.django_db
def test_contents_come_from_the_listing() -> None:
    assert taxes(webhooks.calculate_taxes(CONTEXT, tax_base("CREAM", "425", 1, "0")))[0] == D("98.00")
    # 75.00 for five masks is 15 yuan apiece, 74.99 is less
    assert taxes(webhooks.calculate_taxes(CONTEXT, tax_base("MASK", "75.00", 1, "0")))[0] == D("17.29")
    assert taxes(webhooks.calculate_taxes(CONTEXT, tax_base("MASK", "74.99", 1, "0")))[0] == D("6.82")


def test_articles_that_are_no_listing_are_an_error_not_untaxed() -> None:
    with pytest.raises(PermanentError) as caught:
        webhooks.calculate_taxes(CONTEXT, tax_base("NOBODY"))
    assert caught.value.code == "unknown_article"


@pytest.mark.django_db
def test_discounts_of_goods_and_shipping_are_told_apart() -> None:
    discounts = [
        {"amount": {"amount": D("10")}, "type": "SUBTOTAL"},
        {"amount": {"amount": D("18")}, "type": "SHIPPING"},
    ]
    response = webhooks.calculate_taxes(CONTEXT, tax_base(discounts=discounts))
    assert (response["lines"][0]["total_net_amount"], response["shipping_price_net_amount"]) == (
        "190.00",
        "0.00",
    )


@pytest.mark.django_db
def test_a_foreign_currency_is_refused_on_a_customs_lane_only() -> None:
    with pytest.raises(PermanentError):
        webhooks.calculate_taxes(CONTEXT, tax_base(currency="MOP"))
    assert taxes(webhooks.calculate_taxes(CONTEXT, tax_base("LOCAL", currency="MOP"))) == [0, 0]


def filtered(
    price: str, quantity: int, delivery: str = "0", language: str = "ZH_HANS", sku: str = "A"
) -> list:
    payload = {
        "checkout": {
            "languageCode": language,
            "lines": [
                {"quantity": quantity, "undiscountedUnitPrice": {"amount": D(price)}, "variant": {"sku": sku}}
            ],
        },
        "shippingMethods": [{"id": "m1", "price": {"amount": D(delivery), "currency": "CNY"}}],
    }
    return webhooks.filter_shipping_methods(CONTEXT, payload)["excluded_methods"]


@pytest.mark.django_db
def test_no_delivery_above_the_limit_of_one_order() -> None:
    assert filtered("2500.00", 2) == []
    assert filtered("2500.00", 2, "0.01")[0]["id"] == "m1"
    assert filtered("6000.00", 1) == []
    assert filtered("26000.00", 1, "0.01")[0]["id"] == "m1"
    assert filtered("6000.00", 2, sku="LOCAL") == []
    assert filtered("6000.00", 2, sku="NOBODY") == []


@pytest.mark.django_db
def test_the_reason_names_the_limit_and_follows_the_language() -> None:
    assert "5,000" in filtered("2500.00", 3, language="EN")[0]["reason"]
    assert webhooks._language({"languageCode": "ZH_HANT_MO"}) == "zh-hant"
    assert webhooks._language({"languageCode": "FR"}) == "zh-hans"


# -- quotes ----------------------------------------------------------------------------------------------------


def quoted(
    lane: str = "bonded_1210", price: str = "100.00", quantity: int = 2, hs_code: str = "1905310000", **more
):
    line = TaxQuoteLine("A", hs_code, quantity, cny(price), **more)
    return hooks.tax_quote(TaxQuoteRequest(lane, (line,), cny("18.00"), DAY))


@pytest.mark.django_db
def test_a_quote_has_outcome_rule_and_source() -> None:
    found = quoted()
    assert (found.outcome, found.total) == ("within_limits", cny("19.84"))
    assert found.lines[0].vat == cny("19.84")
    assert "70" in str(found.rule) and "2018" in found.source


@pytest.mark.django_db
def test_a_quote_of_a_refused_box_says_why() -> None:
    found = quoted(price="3000.00")
    assert (found.outcome, found.refusal) == ("refused", "single_limit")
    assert "5,000" in str(found.rule)


@pytest.mark.django_db
def test_drinks_are_measured_in_litres_without_a_stated_unit() -> None:
    assert quoted(hs_code="2208909099", qty1=D("0.5")).lines[0].consumption_tax > cny("0")


@pytest.mark.django_db
def test_lanes_without_import_tax_are_exempt_and_unknown_ones_not_ours() -> None:
    assert (quoted("local").outcome, quoted("local").total) == ("exempt", cny("0"))
    assert quoted("postal").outcome == "exempt"
    assert quoted("moon") is None
    assert quoted(hs_code="9999999999") is None

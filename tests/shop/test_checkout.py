"""From the basket to the order, with every refusal on the way."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from saleor_ext.link.errors import SaleorUserError, UserProblem
from saleor_ext.plugin_api import keep_payer
from saleor_ext.plugin_api.types import Finding

from .conftest import World
from .fakes import waiting
from .test_pages import check

ADDRESS = {
    "receiver": "林悦",
    "phone": "138 0013 8000",
    "province": "四川省",
    "city": "成都市",
    "district": "锦江区",
    "street": "四川省成都市锦江区书院街 12 号",
    "postal_code": "",
    "email": "lin@example.com",
}
BUYER = {"name": "林悦", "id_number": "11010519491231002x", "consent": "on"}


def put(world: World, variant: str = "variant-almond-1", slug: str = "almond", quantity: int = 2) -> str:
    answer = world.client.post("/basket/add/", {"variant": variant, "slug": slug, "quantity": quantity})
    assert answer.status_code == 302
    return next(iter(world.client.session["boxes"]))


def to_review(world: World) -> str:
    key = put(world)
    assert world.client.post(f"/checkout/{key}/address/", ADDRESS).url == f"/checkout/{key}/buyer/"
    assert world.client.post(f"/checkout/{key}/buyer/", BUYER).url == f"/checkout/{key}/delivery/"
    assert (
        world.client.post(f"/checkout/{key}/delivery/", {"delivery": "delivery-1"}).url
        == f"/checkout/{key}/review/"
    )
    return key


def page(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    html = answer.content.decode()
    check(html)
    return html


def test_goods_of_two_shops_are_two_boxes(world: World) -> None:
    put(world)
    put(world, "variant-red-1", "red")
    html = page(world.client.get("/en/basket/"))
    assert html.count("Check out this box") == 2
    assert "Several boxes, several payments" in html
    metadata = [kept["metadata"]["ponte.merchant"] for kept in world.saleor.checkouts.values()]
    assert metadata == ["farolim", "duas-velas"]


def test_same_group_is_one_checkout(world: World) -> None:
    put(world)
    put(world, "variant-almond-2")
    assert len(world.saleor.checkouts) == 1


def test_lines_change_and_an_empty_box_goes(world: World) -> None:
    key = put(world)
    line = world.saleor.checkout("checkout-1").lines[0].id  # type: ignore[union-attr]  # it exists
    world.client.post(f"/basket/{key}/", {"line": line, "quantity": "5"})
    assert world.client.session["boxes"][key]["pieces"] == 5
    world.client.post(f"/basket/{key}/", {"line": line, "quantity": "0"})
    assert world.client.session["boxes"] == {}
    assert "购物车是空的" in page(world.client.get("/basket/"))


@pytest.mark.parametrize("quantity", ["0", "-3", "100", "many"])
def test_odd_quantities_are_refused(world: World, quantity: str) -> None:
    world.client.post("/basket/add/", {"variant": "variant-almond-1", "slug": "almond", "quantity": quantity})
    assert world.saleor.checkouts == {}


def test_a_variant_of_another_product_is_refused(world: World) -> None:
    world.client.post("/basket/add/", {"variant": "variant-red-1", "slug": "almond", "quantity": 1})
    assert world.saleor.checkouts == {}


def test_no_stock_is_said_in_words(world: World) -> None:
    world.saleor.refuse = SaleorUserError(
        "checkoutCreate", [UserProblem("quantity", "INSUFFICIENT_STOCK", "x")]
    )
    answer = world.client.post(
        "/en/basket/add/", {"variant": "variant-almond-1", "slug": "almond", "quantity": 9}, follow=True
    )
    assert "There are not that many left." in page(answer)


def test_address_says_every_field_and_keeps_the_rest(world: World) -> None:
    key = put(world)
    given = {**ADDRESS, "phone": "12345", "district": "", "postal_code": "61"}
    html = page(world.client.post(f"/en/checkout/{key}/address/", given), 422)
    assert "Enter a Mainland mobile number" in html
    assert "couriers refuse addresses without it" in html
    assert "A postcode has 6 digits" in html
    assert 'value="林悦"' in html
    assert 'value="12345"' in html
    assert html.count('aria-invalid="true"') == 3


def test_pasted_province_and_city_do_not_stand_twice(world: World) -> None:
    key = put(world)
    world.client.post(f"/checkout/{key}/address/", ADDRESS)
    kept = world.saleor.checkouts["checkout-1"]["address"]
    assert kept["streetAddress1"] == "书院街 12 号"
    assert (kept["countryArea"], kept["city"], kept["cityArea"]) == ("四川省", "成都市", "锦江区")
    assert kept["phone"] == "+8613800138000"


def test_saleors_refusal_stands_at_its_field(world: World) -> None:
    key = put(world)
    world.client.get(f"/checkout/{key}/address/")

    def refuse(*given: Any, **more: Any) -> None:
        raise SaleorUserError("x", [UserProblem("cityArea", "INVALID", "unknown district")])

    world.saleor.set_addresses = refuse  # type: ignore[method-assign,assignment]  # one refusal
    html = page(world.client.post(f"/checkout/{key}/address/", ADDRESS), 422)
    assert 'id="id_district_error"><li class="error">' in html
    assert "此项写法未被接受" in html
    assert "unknown district" not in html, "Saleor's own text is English"
    assert 'value="锦江区"' in html


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id_number": "110105194912310021"}, "The last character does not fit"),
        ({"id_number": "1101051949"}, "18 characters"),
        ({"id_number": "11010519491331002X"}, "not a date of birth"),
        ({"id_number": "110105201501010035"}, None),
        ({"name": "Lin Yue"}, "Chinese characters"),
        ({"consent": ""}, "Without this consent"),
        ({"name": ""}, "Enter the name."),
    ],
)
def test_buyer_refusals_name_field_and_remedy(
    world: World, change: dict[str, str], words: str | None
) -> None:
    key = put(world)
    world.client.post(f"/checkout/{key}/address/", ADDRESS)
    html = page(world.client.post(f"/en/checkout/{key}/buyer/", {**BUYER, **change}), 422)
    assert 'aria-invalid="true"' in html
    assert words is None or words in html
    assert world.vault.person is None
    assert world.vault.consents == []


def test_identity_is_masked_and_consent_is_its_own_record(world: World) -> None:
    to_review(world)
    assert [kept[1] for kept in world.vault.consents] == ["identity"]
    key = next(iter(world.client.session["boxes"]))
    for place in ("buyer", "review"):
        html = page(world.client.get(f"/checkout/{key}/{place}/"))
        assert "11010519491231002" not in html
        assert "1****************X" in html
    assert "11010519491231002" not in str(dict(world.client.session))


def test_steps_lead_to_the_first_that_is_not_done(world: World) -> None:
    key = put(world)
    assert world.client.get(f"/checkout/{key}/").url == f"/checkout/{key}/address/"
    assert world.client.get(f"/checkout/{key}/review/").url == f"/checkout/{key}/address/"
    world.client.post(f"/checkout/{key}/address/", ADDRESS)
    assert world.client.get(f"/checkout/{key}/review/").url == f"/checkout/{key}/buyer/"


def test_stale_delivery_is_refused_with_what_is_offered(world: World) -> None:
    key = put(world)
    world.client.post(f"/checkout/{key}/address/", ADDRESS)
    html = page(world.client.post(f"/en/checkout/{key}/delivery/", {"delivery": "gone"}), 422)
    assert "This delivery is no longer offered." in html
    assert "顺丰标快" in html


def test_notice_must_be_accepted(world: World) -> None:
    key = to_review(world)
    html = page(world.client.post(f"/en/checkout/{key}/review/", {"method": "wechat"}), 422)
    assert "the law asks for it before every order" in html
    assert world.saleor.initialized == []


def test_blocking_finding_stops_before_payment_with_rule_and_remedy(world: World) -> None:
    key = to_review(world)
    world.plugins.findings.append(
        Finding(
            "annual_limit", "超过年度限额", "明年再买，或减少件数", source="财关税〔2018〕49号", field="lines"
        )
    )
    html = page(world.client.post(f"/checkout/{key}/review/", {"method": "wechat", "notice": "on"}), 422)
    assert "超过年度限额" in html
    assert "明年再买，或减少件数" in html
    assert world.saleor.initialized == []


def test_no_way_to_pay_is_said(world: World) -> None:
    key = to_review(world)
    world.plugins.methods.clear()
    html = page(world.client.get(f"/en/checkout/{key}/review/"))
    assert "No way to pay is open for this box just now" in html


def pay(world: World) -> str:
    key = to_review(world)
    world.plugins.session = waiting()
    answer = world.client.post(f"/checkout/{key}/review/", {"method": "wechat", "notice": "on"})
    assert answer.url == f"/pay/{key}/"
    return key


def test_wallet_page_shows_a_code_and_asks_again(world: World) -> None:
    key = pay(world)
    html = page(world.client.get(f"/pay/{key}/"))
    assert 'hx-trigger="every 2s"' in html
    assert '<noscript><meta http-equiv="refresh"' in html
    assert '<svg viewBox="0 0' in html
    assert ("checkout-1", "consumer_notice") in {kept[:2] for kept in world.vault.consents}
    assert world.client.get(f"/pay/{key}/status/").headers.get("HX-Redirect") is None


def test_inside_wechat_the_payer_is_learnt_before_the_review(world: World) -> None:
    key = to_review(world)
    ask = "/plugins/payment/payer/main"
    world.plugins.methods[:] = [replace(one, payer_url=ask) for one in world.plugins.methods]
    review = f"/checkout/{key}/review/"
    assert world.client.get(review)["Location"] == f"{ask}?next={quote(review, safe='')}"
    kept = world.client.session
    keep_payer(kept, ask, "oPayer1")
    kept.save()
    world.client.cookies["ponte"] = kept.session_key
    assert page(world.client.get(review))
    world.plugins.session = waiting()
    world.client.post(review, {"method": "wechat", "notice": "on"})
    assert world.saleor.given[-1]["payer"] == "oPayer1"


def test_inside_wechat_the_page_holds_what_opens_the_wallet(world: World) -> None:
    key = pay(world)
    values = {"appId": "wx1", "package": "prepay_id=wx2", "paySign": 'a"b='}
    world.plugins.session = replace(waiting(), qr="", redirect_url="", invoke=values)
    html = page(world.client.get(f"/en/pay/{key}/"))
    (given,) = re.findall(r'data-wechat-pay="([^"]*)"', html)
    assert json.loads(unescape(given)) == values
    assert "Pay with" in html and "<svg viewBox" not in html and "shop/wechat" in html
    world.plugins.session = waiting()
    html = page(world.client.get(f"/en/pay/{key}/"))
    assert "data-wechat-pay" not in html and "shop/wechat" not in html


def test_the_stand_in_for_the_wallet_is_offered_in_a_demonstration_only(world: World, settings: Any) -> None:
    key = pay(world)
    world.plugins.session = replace(waiting(), qr="http://sandbox.example/pay/1/", redirect_url="")
    assert 'href="http://sandbox.example/pay/1/"' in page(world.client.get(f"/pay/{key}/"))
    settings.PONTE_DEMO = False
    assert "sandbox.example" not in page(world.client.get(f"/pay/{key}/"))


def test_double_tap_is_one_payment(world: World) -> None:
    key = pay(world)
    world.client.post(f"/checkout/{key}/review/", {"method": "wechat", "notice": "on"})
    assert len(world.saleor.initialized) == 1


def test_a_failed_payment_may_be_tried_again_as_a_new_one(world: World) -> None:
    key = pay(world)
    world.plugins.session = waiting("expired")
    assert world.client.get(f"/pay/{key}/status/").headers["HX-Refresh"] == "true"
    assert "Nothing was charged" in page(world.client.get(f"/en/pay/{key}/"))
    world.client.post(f"/checkout/{key}/review/", {"method": "wechat", "notice": "on"})
    assert len(set(world.saleor.initialized)) == 2


def test_paid_becomes_an_order_once_and_is_found_again(world: World) -> None:
    key = pay(world)
    world.plugins.session = waiting("paid")
    target = world.client.get(f"/pay/{key}/status/").headers["HX-Redirect"]
    assert target == "/orders/order-of-checkout-1/?new=1"
    assert world.client.get(f"/pay/{key}/").url == target
    assert len(world.saleor.orders) == 1
    assert world.client.session["boxes"] == {}
    html = page(world.client.get(target))
    assert "138****8000" in html
    assert "13800138000" not in html
    assert "订单 1001" in page(world.client.get("/account/"))


def test_paid_while_saleor_has_not_heard_yet_keeps_looking(world: World) -> None:
    key = pay(world)
    world.plugins.session = waiting("paid")
    original = world.saleor.complete

    def not_yet(checkout_id: str) -> Any:
        raise SaleorUserError("checkoutComplete", [UserProblem("", "CHECKOUT_NOT_FULLY_PAID", "no")])

    world.saleor.complete = not_yet  # type: ignore[method-assign]  # the money is still on its way
    html = world.client.get(f"/pay/{key}/status/").content.decode()
    assert 'class="state green"' in html
    assert 'hx-trigger="every 2s"' in html, "the page must go on asking"
    world.saleor.complete = original  # type: ignore[method-assign]  # now it is there
    assert "HX-Redirect" in world.client.get(f"/pay/{key}/status/").headers


def test_strangers_cannot_open_an_order(world: World) -> None:
    key = pay(world)
    world.plugins.session = waiting("paid")
    world.client.get(f"/pay/{key}/")
    stranger = type(world.client)()
    answer = stranger.get("/orders/order-of-checkout-1/")
    assert answer.status_code == 404
    assert "林悦" not in answer.content.decode()


@pytest.mark.parametrize("place", ["address", "buyer", "delivery", "review"])
def test_a_box_that_is_not_mine_leads_to_the_basket(world: World, place: str) -> None:
    assert world.client.get(f"/checkout/abcdef0123/{place}/").url == "/basket/"


def test_when_saleor_is_away_the_page_says_so(world: World) -> None:
    key = put(world)
    world.saleor.away = True
    assert world.client.get("/").status_code == 200
    html = world.client.get("/en/basket/")
    assert html.status_code == 503
    assert "What you chose is kept" in html.content.decode()
    answer = world.client.get(f"/en/checkout/{key}/address/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"


def test_address_form_survives_an_outage(world: World) -> None:
    key = put(world)

    def away(*given: Any, **more: Any) -> None:
        world.saleor.away = True
        world.saleor._answer()

    world.saleor.set_email = away  # type: ignore[method-assign,assignment]  # Saleor leaves in the middle
    answer = world.client.post(f"/en/checkout/{key}/address/", ADDRESS)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "press the button again" in answer.content.decode()
    assert 'value="lin@example.com"' in answer.content.decode()


def test_sign_in_keeps_the_basket_and_wrong_password_is_said(world: World) -> None:
    key = put(world)
    answer = world.client.post("/en/account/sign-in/", {"email": "lin@example.com", "password": "wrong"})
    assert "do not belong together" in page(answer, 422)
    answer = world.client.post("/account/sign-in/", {"email": "lin@example.com", "password": "correct horse"})
    assert answer.url == "/account/"
    assert key in world.client.session["boxes"]
    assert "lin@example.com" in page(world.client.get("/account/"))


def test_sign_out_leaves_nothing_of_the_shop(world: World) -> None:
    put(world)
    world.client.post("/account/sign-in/", {"email": "lin@example.com", "password": "correct horse"})
    world.client.post("/account/sign-out/")
    assert not {"account", "boxes", "orders", "receiver"} & set(world.client.session.keys())


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_sign_in_leads_only_home(world: World, target: str) -> None:
    given = {"email": "a@example.com", "password": "correct horse", "next": target}
    assert world.client.post("/account/sign-in/", given).url == "/account/"


def test_forms_refuse_forged_requests(world: World) -> None:
    strict = type(world.client)(enforce_csrf_checks=True)
    answer = strict.post("/basket/add/", {"variant": "variant-almond-1", "slug": "almond"})
    assert answer.status_code == 403

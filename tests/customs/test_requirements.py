"""What a listing still needs, and why a box cannot be ordered."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from plugins.customs_declaration import hooks
from plugins.customs_declaration.identity_checks import id_number_ok, name_ok
from plugins.customs_declaration.models import QuotaUse
from saleor_ext.core import clock
from saleor_ext.plugin_api import Buyer, Identity, ListingView, MerchantView, OrderDraft, OrderDraftLine

from .editions import approved
from .parcels import ID_NUMBER, NAME, cny, facts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(platform_of_tests, settings_of_customs):
    return platform_of_tests


# -- listings --------------------------------------------------------------------------------------------------


def unmet(lane: str = "bonded_1210", languages=frozenset({"zh-hans"}), **changes) -> set[tuple[str, str]]:
    view = ListingView(
        "r", MerchantView("m", "M", "", ""), lane, "nansha", "food", (facts(lane=lane, **changes),), languages
    )
    return {(one.code, one.field) for one in hooks.listing_requirements(view) if not one.met}


def test_a_complete_listing_needs_nothing() -> None:
    assert unmet() == set()


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"hs_code": "19053100"}, {("hs_code", "hs_code"), ("tariff", "hs_code")}),
        ({"hs_code": "9999999999"}, {("tariff", "hs_code")}),
        ({"unit": ""}, {("unit", "unit")}),
        ({"unit1": "35"}, {("unit1", "unit1")}),
        ({"qty1": D(0)}, {("qty1", "qty1")}),
        ({"unit2": "007"}, {("unit2", "unit2")}),
        ({"origin": "MO"}, {("origin", "origin")}),
        ({"gmodel": ""}, {("gmodel", "gmodel")}),
        ({"sku": "X" * 21}, {("sku", "sku")}),
        ({"hs_code": "2208909099", "unit1": "035"}, {("content", "content")}),
        ({"languages": frozenset({"pt"})}, {("chinese_name", "name")}),
    ],
)
def test_each_gap_names_its_field(changes, missing) -> None:
    assert unmet(**changes) == missing


def test_lanes_without_customs_ask_nothing() -> None:
    assert unmet("local", hs_code="") == set()


# -- orders ----------------------------------------------------------------------------------------------------


def findings(price: str = "100.00", quantity: int = 2, lane: str = "bonded_1210", buyer: bool = True, **more):
    draft = OrderDraft(
        checkout_id=more.pop("checkout", "c1"),
        merchant="m",
        lane=lane,
        warehouse="nansha",
        lines=(OrderDraftLine(facts(**more), quantity, cny(price)),),
        freight=cny("18.00"),
        address=None,
        buyer=Buyer("person-1", "林*", "index-1") if buyer else None,
    )
    return hooks.order_checks(draft)


def test_a_good_box_reserves_the_buyers_year() -> None:
    assert findings() == []
    use = QuotaUse.objects.get()
    assert (use.state, use.amount, use.reference) == ("reserved", D("218.00"), "checkout:c1")


def test_the_single_limit_blocks_and_reserves_nothing() -> None:
    (one,) = findings("2600.00")
    assert (one.code, one.field, one.blocking) == ("single_limit", "lines", True)
    assert "5,000" in str(one.message) and "财关税〔2018〕49号" in str(one.source)
    assert not QuotaUse.objects.exists()


def test_one_dear_piece_is_only_told_of_the_full_tax() -> None:
    (one,) = findings("6000.00", 1)
    assert (one.code, one.blocking) == ("full_tax", False)
    assert QuotaUse.objects.get().amount == D("6018.00")


def test_the_annual_limit_says_what_is_left() -> None:
    for number in range(5):
        assert findings("2450.00", 2, checkout=f"c{number}") == []
    (one,) = findings("2450.00", 2, checkout="c9")
    assert one.code == "annual_limit" and "1,410" in str(one.message)


SUGAR = (
    "hs8,name,rule,codes,cap,unit,cap_group,remark,from,to,status,source\n"
    "17019910,sugar,cap,,2,kg,sugar,,,,read,invented\n"
)


def test_a_yearly_quantity_is_counted_over_the_orders_of_the_year() -> None:
    approved("positive_list", SUGAR, clock.china_today().isoformat())
    sugar = {"hs_code": "1701991090", "qty1": D("0.75"), "price": "5.00"}
    assert findings(checkout="c1", **sugar) == []
    assert QuotaUse.objects.get().quantities.get().quantity == D("1.5")
    (one,) = findings(checkout="c2", quantity=1, **sugar)
    assert (one.code, one.field, one.blocking) == ("yearly_quantity", "lines", True)
    assert "2 kg" in str(one.message) and "0.5 kg" in str(one.message) and "invented" in str(one.source)
    assert findings(checkout="c1", quantity=1, **sugar) == []
    assert findings(checkout="c2", quantity=1, **sugar) == []


def test_the_limits_are_those_of_the_edition_in_force() -> None:
    approved(
        "limits",
        'single_limit = "9000.00"\nannual_limit = "9000.00"\ntax_share = "0.70"',
        clock.china_today().isoformat(),
    )
    assert findings("2600.00") == []
    (one,) = findings("2600.00", checkout="c2")
    assert one.code == "annual_limit" and "9,000" in str(one.message)
    assert str(one.source).startswith("invented announcement (")


def test_a_wrong_identity_blocks_by_field_and_is_looked_at_once(world) -> None:
    world.identities["person-1"] = Identity("Lin Yue", "110105194912310021", "")
    found = findings()
    assert {(one.field, one.blocking) for one in found} == {("name", True), ("id_number", True)}
    findings()
    assert world.revealed == ["order check"]
    assert not QuotaUse.objects.exists()


def test_without_a_buyer_the_limits_are_still_told() -> None:
    assert findings(buyer=False) == []
    assert [one.code for one in findings("2600.00", buyer=False)] == ["single_limit"]


def test_an_article_without_a_rate_cannot_be_ordered() -> None:
    assert [one.code for one in findings(hs_code="9999999999")] == ["not_taxable"]


def test_other_lanes_are_not_checked() -> None:
    assert findings("9000.00", lane="local") == []


@pytest.mark.parametrize("name", [NAME, "欧阳娜娜", "阿不都热依木·买买提", "〇一"])
def test_names_of_resident_ids(name: str) -> None:
    assert name_ok(name)


@pytest.mark.parametrize("name", ["", "林", "Lin Yue", "林 悦", "林·", "·林悦", "林1", "林" * 31])
def test_names_that_customs_refuse(name: str) -> None:
    assert not name_ok(name)


def test_resident_id_numbers() -> None:
    assert id_number_ok(ID_NUMBER)
    assert not any(
        map(id_number_ok, ["", "110105194912310021", ID_NUMBER.lower(), " " + ID_NUMBER, "1101051949123100"])
    )

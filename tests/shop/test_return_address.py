"""A payment company whose page needs an address to come back to is told that of the payment page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.utils import translation

from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import PaymentMethod, keep_payer
from storefront.shop import checkout

ASK = "/plugins/payment/payer/main"


def way(payer_url: str = "", **given: str) -> PaymentMethod:
    data = {"method": "x", **given}
    return PaymentMethod(id="x", name="X", icon="", gateway="ponte.payment", data=data, payer_url=payer_url)


def opened() -> Any:
    return SimpleNamespace(key="abc", request=SimpleNamespace(session={}, path="/zh-hans/box/abc/review/"))


def data(**given: str) -> dict[str, str]:
    with translation.override("zh-hans"):
        return checkout._data(opened(), way(**given))


def test_only_who_needs_it_is_told_where_to_come_back_to() -> None:
    assert data() == {"method": "x"}
    told = data(needs_return="1")
    assert told == {
        "method": "x",
        "needs_return": "1",
        "return_url": platform_settings().public_url + "/pay/abc/",
    }


def test_the_page_that_learns_who_pays_is_asked_once_and_told_along() -> None:
    fresh = opened()
    assert checkout.unasked(fresh, [way(), way(ASK)]) == f"{ASK}?next=%2Fzh-hans%2Fbox%2Fabc%2Freview%2F"
    assert checkout.unasked(fresh, [way()]) == ""
    assert checkout._data(fresh, way(ASK)) == {"method": "x"}
    keep_payer(fresh.request.session, ASK, "oPayer1")
    assert checkout.unasked(fresh, [way(ASK)]) == ""
    assert checkout._data(fresh, way(ASK)) == {"method": "x", "payer": "oPayer1"}
    assert checkout._data(fresh, way()) == {"method": "x"}
    keep_payer(fresh.request.session, ASK, "")
    assert checkout.unasked(fresh, [way(ASK)]) == ""
    assert checkout._data(fresh, way(ASK)) == {"method": "x"}

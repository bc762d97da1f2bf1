"""A payment company whose page needs an address to come back to is told that of the payment page."""

from __future__ import annotations

from types import SimpleNamespace

from django.utils import translation

from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import PaymentMethod
from storefront.shop import checkout


def data(**given: str) -> dict[str, str]:
    method = PaymentMethod(
        id="x", name="X", icon="", gateway="ponte.payment", data={"method": "x", **given}, note=""
    )
    with translation.override("zh-hans"):
        return checkout._data(SimpleNamespace(key="abc"), method)


def test_only_who_needs_it_is_told_where_to_come_back_to() -> None:
    assert data() == {"method": "x"}
    told = data(needs_return="1")
    assert told == {
        "method": "x",
        "needs_return": "1",
        "return_url": platform_settings().public_url + "/pay/abc/",
    }

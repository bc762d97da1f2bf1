"""Accounts of plugins at their partners: added, changed and tried in the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from plugins.cross_border_payment import gateways
from plugins.cross_border_payment.plugin import plugin
from saleor_ext.core import clock
from saleor_ext.core.models import AuditEntry
from saleor_ext.plugin_api import Account, configuration
from saleor_ext.plugin_api.accounts import kind_of, saved
from tests.payment import fake_wechat
from tests.payment.fake_wechat import APIV3_KEY, MERCHANT_SERIAL, FakeWechat

from .test_pages import PLUGIN, filled, text_of

ADD = f"{PLUGIN}accounts/wechat/"
PAGE = f"{ADD}bakery/"


@pytest.fixture
def company(db: None) -> Iterator[FakeWechat]:
    fake = FakeWechat(clock.now)
    gateways.use_transport(fake.transport)
    yield fake
    gateways.use_transport(None)


def account() -> Account:
    return Account(plugin, kind_of(plugin, "wechat"), "bakery")


def values(**changes: str) -> dict[str, str]:
    ours = {"base_url": fake_wechat.BASE, "merchant_serial": MERCHANT_SERIAL, "merchant": "bakery"}
    known = filled(**{**ours, **changes})
    known.pop("session_minutes")
    return known


def test_an_account_is_added_and_listed(staff: Client) -> None:
    assert "account_add" not in text_of(staff.get(PLUGIN))
    assert ADD in text_of(staff.get(PLUGIN))
    added = staff.post(ADD, {"name": "bakery"})
    assert (added.status_code, added["Location"]) == (302, PAGE)
    assert saved(plugin) == []
    assert staff.post(PAGE, values()).status_code == 302
    assert [(one.kind.identifier, one.name) for one in saved(plugin)] == [("wechat", "bakery")]
    assert PAGE in text_of(staff.get(PLUGIN))
    entry = AuditEntry.objects.get(action="plugin.configured", object_id="cross_border_payment:wechat:bakery")
    assert (entry.actor, entry.data["version"]) == ("staff@shop.example", 1)
    assert configuration.latest(plugin) is None


@pytest.mark.parametrize("name", ["", "Bakery", "two words", "a" * 21, "<b>", "\0"])
def test_a_name_that_does_not_fit_is_said(staff: Client, name: str) -> None:
    page = staff.post(ADD, {"name": name})
    assert page.status_code == 422
    assert 'id="id_name_error"' in text_of(page)


def test_a_name_is_given_once(staff: Client) -> None:
    staff.post(PAGE, values())
    page = staff.post(ADD, {"name": "bakery"})
    assert page.status_code == 422
    assert staff.post(PAGE, values(mchid="1900000110")).status_code == 302
    assert configuration.latest(account()).version == 2  # type: ignore[union-attr]  # two were saved


def test_secrets_stay_and_errors_keep_what_was_typed(staff: Client) -> None:
    staff.post(PAGE, values())
    assert APIV3_KEY not in text_of(staff.get(PAGE))
    assert staff.post(PAGE, values(apiv3_key="", merchant_private_key="")).status_code == 302
    assert configuration.current(account()).apiv3_key.get_secret_value() == APIV3_KEY  # type: ignore[attr-defined]  # a WechatConfig
    refused = staff.post(PAGE, values(lowest="x", appid="wx-typed"))
    assert (refused.status_code, "wx-typed" in text_of(refused), APIV3_KEY in text_of(refused)) == (
        422,
        True,
        False,
    )


def test_the_connection_is_tried(staff: Client, company: FakeWechat) -> None:
    staff.post(PAGE, values())
    gateways.forget()
    told = text_of(staff.post(f"{PAGE}probe/", follow=True))
    assert "mchid 1900000109" in told
    entry = AuditEntry.objects.get(action="plugin.probed")
    assert (entry.object_id, entry.data) == ("cross_border_payment:wechat:bakery", {"good": True})


def test_a_connection_that_does_not_work_is_told(staff: Client, company: FakeWechat) -> None:
    staff.post(PAGE, values())
    gateways.forget()
    company.fail_with = (401, "SIGN_ERROR")
    told = text_of(staff.post(f"{PAGE}probe/", follow=True))
    assert "SIGN_ERROR" in told
    entry = AuditEntry.objects.get(action="plugin.probed")
    assert entry.data == {"good": False, "code": "SIGN_ERROR"}


@pytest.mark.parametrize("path", ["accounts/unionpay/", "accounts/wechat/No/", "accounts/wechat/none/probe/"])
def test_what_there_is_not(staff: Client, path: str) -> None:
    method = staff.post if path.endswith("probe/") else staff.get
    assert method(f"{PLUGIN}{path}").status_code == 404
    assert staff.get(f"/console/plugins/nothing/{path}").status_code in (404, 405)

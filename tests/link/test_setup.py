"""Set-up: what it makes, that it can be repeated, and what it says when it cannot go on."""

from __future__ import annotations

from typing import Any

import pytest

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.settings import platform_settings
from saleor_ext.link import clients, installing, installs, registry, setup
from saleor_ext.link.errors import SaleorUserError, UserProblem
from saleor_ext.link.models import SaleorAppInstall, SaleorInstance

from .conftest import API_URL
from .fake_admin import FakeAdmin


@pytest.fixture(autouse=True)
def _handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our side of an installation, without the wire."""
    monkeypatch.setattr(installing, "POLL_SECONDS", 0)
    monkeypatch.setattr(installs, "_prove", lambda identifier, api_url, token: token.removeprefix("fresh-"))
    monkeypatch.setattr(installs.instances, "fetch_jwks", lambda instance: {})
    monkeypatch.setattr(installs, "allowed_url", lambda url: url)


@pytest.fixture
def admin(db: None, monkeypatch: pytest.MonkeyPatch) -> FakeAdmin:
    fake = FakeAdmin(API_URL)
    monkeypatch.setattr(installing.clients, "app_client", lambda api_url, identifier: fake.as_app(identifier))

    def install(manifest_url: str, app_id: str, token: str) -> None:
        installs.store(manifest_url.split("/")[-2], API_URL, token, app_id)

    fake.installer = install
    return fake


def _set_up(admin: FakeAdmin) -> setup.SetupReport:
    admin.changes.clear()
    return setup.set_up(admin, app_url="http://ponte.test")


def test_a_new_saleor_is_brought_to_the_state_the_shop_needs(admin: FakeAdmin) -> None:
    report = _set_up(admin)
    assert report.missing == []
    channel = admin.channels[0]
    assert (channel["slug"], channel["currencyCode"], len(channel["warehouses"])) == ("cn", "CNY", 2)
    assert channel["paymentSettings"]["defaultTransactionFlowStrategy"] == "CHARGE"
    assert channel["checkoutSettings"]["automaticallyCompleteFullyPaidCheckouts"] is True
    assert {warehouse["slug"] for warehouse in admin.warehouses} == {"nansha", "macau"}
    assert admin.legacy is False
    assert admin.taxes[0]["taxAppId"] == "ponte.customs"
    assert admin.taxes[0]["pricesEnteredWithTax"] is False
    assert {app["identifier"] for app in admin.rows} == set(registry.apps())
    assert all(clients.installed(API_URL, identifier) for identifier in registry.apps())


def test_it_changes_nothing_when_all_is_in_place(admin: FakeAdmin) -> None:
    _set_up(admin)
    _set_up(admin)  # the stand-in's installer makes no webhooks: the second run adds them
    lines: list[str] = []
    admin.changes.clear()
    report = setup.set_up(admin, app_url="http://ponte.test", progress=lines.append)
    assert (report.changed, admin.changes, lines) == ([], [], ["nothing to change"])


def test_taxes_and_deliveries_are_asked_for_at_the_address_set_for_answers(
    admin: FakeAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = platform_settings().model_copy(update={"app_url": "http://hooks", "answers_url": "http://answers"})
    monkeypatch.setattr(setup, "platform_settings", lambda: ours)
    _set_up(admin)
    _set_up(admin)
    setup.set_up(admin)
    hosts = {
        hook["name"]: hook["targetUrl"].split("/saleor")[0] for app in admin.rows for hook in app["webhooks"]
    }
    assert {name for name, host in hosts.items() if host == "http://answers"} == {
        "checkout-taxes", "order-taxes", "filter-shipping-methods", "shipping-list-methods",
    }  # fmt: skip
    assert set(hosts.values()) == {"http://answers", "http://hooks"}


def test_what_was_changed_by_hand_is_mended(admin: FakeAdmin) -> None:
    _set_up(admin)
    _set_up(admin)
    admin.legacy = True
    admin.channels[0]["warehouses"].pop()
    admin.channels[0]["paymentSettings"] = {"defaultTransactionFlowStrategy": "AUTHORIZATION"}
    admin.zones[0]["channels"] = []
    admin.taxes[0]["taxAppId"] = "other"
    admin.taxes[0]["countries"] = [{"country": {"code": "CN"}}]
    app = admin.rows[0]
    app["permissions"] = []
    app["isActive"] = False
    app["webhooks"][0]["targetUrl"] = "http://old.test/"
    app["webhooks"].pop()
    app["webhooks"].append({"id": "stray", "name": "stray", "isActive": True, "targetUrl": "x"})
    report = _set_up(admin)
    assert len(report.changed) == 9
    assert admin.taxes[0]["countries"] == []
    assert _set_up(admin).changed == []


def test_an_app_whose_token_was_lost_is_taken_over(admin: FakeAdmin) -> None:
    _set_up(admin)
    _set_up(admin)
    SaleorAppInstall.objects.filter(identifier="ponte.platform").delete()
    report = _set_up(admin)
    assert report.changed == ["app ponte.platform: taken over with a new token"]
    assert SaleorAppInstall.objects.get(identifier="ponte.platform").token.startswith("fresh-")


def test_without_staff_rights_it_says_how_to_install(admin: FakeAdmin) -> None:
    admin.staff = False
    report = _set_up(admin)
    assert len(report.missing) == len(registry.apps())
    assert "install_app http://ponte.test/saleor/ponte.platform/manifest --activate" in report.missing[0]
    assert "TaxConfigurationUpdate" not in admin.changes


def test_a_failed_installation_is_told_and_can_be_repeated(admin: FakeAdmin) -> None:
    working, admin.installer = admin.installer, lambda *given: "manifest not reached"
    with pytest.raises(PermanentError, match="manifest not reached"):
        _set_up(admin)
    admin.installer = working
    assert _set_up(admin).missing == []
    assert "AppDeleteFailedInstallation" in admin.changes


def test_a_token_that_went_to_another_database_is_noticed(admin: FakeAdmin) -> None:
    admin.installer = lambda *given: None
    with pytest.raises(PermanentError, match="did not arrive"):
        _set_up(admin)


def test_a_channel_in_another_currency_is_not_touched(admin: FakeAdmin) -> None:
    admin.channels.append({"id": "Channel:9", "slug": "cn", "currencyCode": "USD"})
    with pytest.raises(PermanentError, match="USD"):
        _set_up(admin)


def test_who_may_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert setup.staff_client(API_URL, token="x" * 30).api_url == API_URL
    with pytest.raises(PermanentError, match="--token"):
        setup.staff_client(API_URL)

    def refuse(self: Any, operation: Any, **variables: Any) -> Any:
        raise SaleorUserError("tokenCreate", [UserProblem("email", "INVALID_CREDENTIALS", "wrong password")])

    monkeypatch.setattr(setup.GraphQLClient, "run", refuse)
    with pytest.raises(PermanentError, match="wrong password"):
        setup.staff_client(API_URL, email="a@example.com", password="x")


def test_an_app_that_is_not_installed_is_named(db: None) -> None:
    with pytest.raises(PermanentError) as caught:
        clients.platform_client(API_URL)
    assert caught.value.code == "app_not_installed"
    SaleorInstance.objects.create(api_url=API_URL, domain="x", jwks_fetched_at=clock.now())
    assert not clients.installed(API_URL, "ponte.platform")

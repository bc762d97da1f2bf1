"""Whole pages of plugins: routes are closed, menu entries respect permissions, templates stand in the shell."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import include, path, reverse

from plugins.cross_border_payment.plugin import plugin as payment
from plugins.customs_declaration.plugin import plugin as customs
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api import ConsolePage, Operator, Plugin, needs
from saleor_ext.plugin_api import console as services
from storefront.console import plugin_urls, shell

from .conftest import FakeStorefront


@pytest.mark.parametrize("plugin", [customs, payment], ids=lambda plugin: plugin.slug)
def test_every_view_of_a_plugin_is_wrapped(plugin: Plugin) -> None:
    (resolver,) = [one for one in plugin_urls.routes() if str(one.pattern) == f"{plugin.slug}/"]
    plain = {pattern.name: pattern.callback for pattern in import_module(plugin.console_urls).urlpatterns}
    guarded = {pattern.name: pattern.callback for pattern in resolver.url_patterns}
    assert set(plain) == set(guarded)
    for name, view in guarded.items():
        own = plain[name]
        assert view is not own and inspect.unwrap(view, stop=lambda one, own=own: one is own) is own


def test_includes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = ([path("x/", lambda request: HttpResponse())], "inner")
    module = SimpleNamespace(app_name="x", urlpatterns=[path("in/", include(inner))])
    monkeypatch.setattr(plugin_urls, "import_module", lambda name: module)
    with pytest.raises(ConfigurationError, match="include"):
        plugin_urls.routes_of(customs)


@pytest.mark.parametrize(
    ("permission", "held", "shown"),
    [("", [], True), ("MANAGE_ORDERS", [], False), ("MANAGE_ORDERS", ["MANAGE_ORDERS"], True)],
)
def test_the_menu_shows_what_may_be_opened(
    monkeypatch: pytest.MonkeyPatch, permission: str, held: list[str], shown: bool
) -> None:
    entry = ConsolePage("rides", "Rides", "console:overview", "truck", 3, permission)
    monkeypatch.setattr(shell, "ask", lambda hook: [entry])
    found = shell.plugin_links("rides", held)
    assert [(link.text, link.url, link.count, link.current) for link in found] == (
        [("Rides", reverse("console:overview"), 3, True)] if shown else []
    )


def test_needs_asks_for_the_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    held = frozenset({"MANAGE_ORDERS"})
    fake = SimpleNamespace(operator=lambda request: Operator("staff", held))
    module = import_module("saleor_ext.plugin_api.console")
    monkeypatch.setattr(module, "_console", fake)

    def view(request: HttpRequest, number: int) -> HttpResponse:
        return HttpResponse(str(number))

    request = RequestFactory().get("/")
    assert needs("MANAGE_ORDERS")(view)(request, 7).content == b"7"
    with pytest.raises(PermissionDenied):
        needs("MANAGE_USERS")(view)(request, 7)


def test_the_operator_is_known_with_permissions(saleor: type[FakeStorefront], staff: Client, rf: Any) -> None:
    saleor.permissions = {"staff@shop.example": ["MANAGE_USERS"]}
    staff.post("/console/sign-out/")
    staff.post("/console/sign-in/", {"email": "staff@shop.example", "password": "right"})
    request = rf.get("/")
    request.session = staff.session
    operator = services().operator(request)
    assert (operator.name, operator.may("MANAGE_USERS"), operator.may("MANAGE_STAFF"), operator.may("")) == (
        "staff@shop.example", True, False, True,
    )  # fmt: skip


def test_nobody_is_no_operator(rf: Any, db: None) -> None:
    request = rf.get("/")
    request.session = {}
    with pytest.raises(PermissionDenied):
        services().operator(request)


def test_a_session_from_before_permissions_were_kept_has_none(staff: Client, rf: Any) -> None:
    session = staff.session
    kept = dict(session["work"])
    kept.pop("permissions")
    request = rf.get("/")
    request.session = {"work": kept}
    assert services().operator(request).permissions == frozenset()

"""Tokens of Dashboard users: whose they are, and what makes them worthless."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from saleor_ext.core import clock
from saleor_ext.link import instances
from saleor_ext.link.errors import SaleorRefused
from saleor_ext.link.models import SaleorAppInstall, SaleorInstance
from saleor_ext.link.user_tokens import DashboardUser, verify_user_token

from .conftest import API_URL, APP_ID
from .saleor import serve, signer


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iat": now,
        "exp": now + 300,
        "iss": API_URL,
        "owner": "saleor",
        "type": "thirdparty",
        "app": APP_ID,
        "user_id": "VXNlcjox",
        "email": "ops@example.com",
        "is_staff": True,
        "permissions": ["MANAGE_ORDERS"],
        "user_permissions": ["MANAGE_ORDERS", "MANAGE_PRODUCTS"],
        **changes,
    }


def _verify(token: str, **options: Any) -> DashboardUser:
    return verify_user_token(token, **{"api_url": API_URL, "identifier": "test.app", **options})


def test_a_good_token_tells_who_it_is(install: SaleorAppInstall) -> None:
    user = _verify(signer("saleor").token(**_claims()), permissions=["MANAGE_ORDERS"])
    assert user == DashboardUser(
        "VXNlcjox", "ops@example.com", frozenset({"MANAGE_ORDERS", "MANAGE_PRODUCTS"})
    )


@pytest.mark.parametrize(
    ("changes", "options", "code"),
    [
        ({"exp": 1}, {}, "token_invalid"),
        ({"type": "access"}, {}, "token_invalid"),
        ({"iss": "http://other.test/graphql/"}, {}, "token_invalid"),
        ({"app": "QXBwOjI="}, {}, "token_invalid"),
        ({"user_permissions": []}, {"permissions": ["MANAGE_ORDERS"]}, "permission_missing"),
        ({}, {"permissions": ["MANAGE_ORDERS", "MANAGE_APPS"]}, "permission_missing"),
        ({}, {"identifier": "nobody"}, "not_installed"),
        ({}, {"api_url": "http://other.test/graphql/"}, "not_installed"),
        ({"aud": "elsewhere"}, {"audience": "here"}, "token_invalid"),
    ],
)
def test_what_makes_it_worthless(
    install: SaleorAppInstall, changes: dict[str, Any], options: dict[str, Any], code: str
) -> None:
    with pytest.raises(SaleorRefused) as caught:
        _verify(signer("saleor").token(**_claims(**changes)), **options)
    assert caught.value.code == code


def test_a_token_without_expiry_is_worthless(install: SaleorAppInstall) -> None:
    claims = _claims()
    del claims["exp"]
    with pytest.raises(SaleorRefused):
        _verify(signer("saleor").token(**claims))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "A" * 30])
def test_what_is_no_token_is_refused(install: SaleorAppInstall, token: str) -> None:
    with pytest.raises(SaleorRefused):
        _verify(token)


def test_a_stranger_cannot_sign_one(install: SaleorAppInstall) -> None:
    with pytest.raises(SaleorRefused):
        _verify(signer("stranger").token(**_claims()))


def test_new_keys_are_fetched(install: SaleorAppInstall) -> None:
    with serve(lambda path, given: (200, signer("rotated").jwks)) as wire:
        SaleorInstance.objects.update(api_url=wire.api_url, jwks_fetched_at=clock.now() - timedelta(hours=1))
        instances.forget()
        token = signer("rotated").token(**_claims(iss=wire.api_url))
        assert _verify(token, api_url=wire.api_url).email == "ops@example.com"

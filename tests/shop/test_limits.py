"""Guessing is slowed down: for one account here, for one address, and for nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory

from saleor_ext.core import limits as core_limits
from saleor_ext.core.limits import give_back, take
from saleor_ext.link.errors import SaleorUserError, UserProblem
from storefront import limits
from storefront.shop.views import checkout as checkout_views

from .conftest import World
from .test_checkout import ADDRESS, BUYER, page, put

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SIGN_IN = "/en/account/sign-in/"
WRONG = {"email": "lin@example.com", "password": "guess"}
RIGHT = {"email": "lin@example.com", "password": "correct horse"}


@pytest.fixture
def counted(world: World, db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """A shop whose tries are counted."""
    for module in (core_limits, checkout_views):
        monkeypatch.setattr(module, "take", take)
    monkeypatch.setattr(core_limits, "give_back", give_back)
    return world


def test_the_numbers_are_those_of_the_settings(settings: Any) -> None:
    assert settings.LIMIT_SIGN_IN_HERE == (10, 900)
    assert settings.LIMIT_SIGN_IN_ACCOUNT == (50, 900)
    assert settings.LIMIT_SIGN_IN_ADDRESS == (100, 900)
    assert settings.LIMIT_REGISTER_EMAIL == (5, 3600)
    assert settings.LIMIT_REGISTER_ADDRESS == (300, 3600)
    assert settings.LIMIT_IDENTITY_PERSON == (30, 3600)
    assert settings.LIMIT_IDENTITY_ADDRESS == (1500, 3600)


def test_guessing_a_password_ends_for_a_while_and_only_here(counted: World) -> None:
    client = counted.client
    with time_machine.travel(NOON, tick=False) as now:
        for _ in range(10):
            assert client.post(SIGN_IN, WRONG).status_code == 422
        refused = client.post(SIGN_IN, RIGHT)
        html = page(refused, 429)
        assert refused["Retry-After"] == "900"
        assert "Too many tries. Please try again in 15 minutes." in html
        assert 'value="lin@example.com"' in html
        assert "account" not in client.session
        # Capitals are the same account; another account and another address are other people.
        assert client.post(SIGN_IN, {**RIGHT, "email": "LIN@example.com"}).status_code == 429
        assert client.post(SIGN_IN, {**RIGHT, "email": "wang@example.com"}).status_code == 302
        assert Client(REMOTE_ADDR="203.0.113.9").post(SIGN_IN, RIGHT).status_code == 302
        now.shift(900)
        assert client.post(SIGN_IN, RIGHT).status_code == 302


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("", "尝试次数过多，请在 15 分钟后再试。"),
        ("/zh-hant", "嘗試次數過多，請在 15 分鐘後再試。"),
        ("/pt", "Demasiadas tentativas. Tente de novo dentro de 15 minutos."),
    ],
)
def test_the_wait_is_told_in_the_pages_language(
    counted: World, settings: Any, prefix: str, words: str
) -> None:
    settings.LIMIT_SIGN_IN_HERE = (1, 900)
    counted.client.post(SIGN_IN, WRONG)
    assert words in page(counted.client.post(f"{prefix}/account/sign-in/", WRONG), 429)


def test_signing_in_often_is_no_guessing(counted: World, settings: Any) -> None:
    settings.LIMIT_SIGN_IN_HERE = settings.LIMIT_SIGN_IN_ADDRESS = (2, 900)
    for _ in range(5):
        assert counted.client.post(SIGN_IN, RIGHT).status_code == 302
    counted.saleor.away = True
    for _ in range(5):
        assert counted.client.post(SIGN_IN, WRONG).status_code == 503
    counted.saleor.away = False
    assert counted.client.post(SIGN_IN, RIGHT).status_code == 302


def test_one_address_guessing_at_many_accounts(counted: World, settings: Any) -> None:
    settings.LIMIT_SIGN_IN_ADDRESS = (3, 900)
    answers = [counted.client.post(SIGN_IN, {**WRONG, "email": f"a{n}@example.com"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert Client(REMOTE_ADDR="203.0.113.9").post(SIGN_IN, RIGHT).status_code == 302


def test_registering_is_limited_by_mailbox_and_address(counted: World) -> None:
    given = {"email": "new@example.com", "password": "correct horse"}
    answers = [counted.client.post("/en/account/register/", given) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert answers[-1]["Retry-After"] == "3600"
    assert 'value="new@example.com"' in page(answers[-1], 429)
    other = {**given, "email": "other@example.com"}
    assert counted.client.post("/en/account/register/", other).status_code == 302


def test_identity_numbers_cannot_be_tried_through(counted: World, settings: Any) -> None:
    settings.LIMIT_IDENTITY_PERSON = (3, 3600)
    key = put(counted)
    counted.client.post(f"/checkout/{key}/address/", ADDRESS)
    wrong = {**BUYER, "id_number": "110105194912310021"}
    answers = [counted.client.post(f"/en/checkout/{key}/buyer/", wrong) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert answers[-1]["Retry-After"] == "3600"
    html = page(answers[-1], 429)
    assert "Please try again in 60 minutes." in html
    assert 'value="林悦"' in html
    assert counted.vault.person is None
    # Someone else at the same address goes on.
    other = Client()
    other.post("/basket/add/", {"variant": "variant-red-1", "slug": "red", "quantity": 1})
    theirs = next(iter(other.session["boxes"]))
    other.post(f"/checkout/{theirs}/address/", ADDRESS)
    assert other.post(f"/checkout/{theirs}/buyer/", BUYER).status_code == 302


@pytest.mark.parametrize(
    ("proxies", "told", "seen"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (2, "forged, 198.51.100.1, 203.0.113.7", "198.51.100.1"),
        (2, "203.0.113.7", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (None, "203.0.113.7", "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_tell_the_address(
    settings: Any, proxies: int | None, told: str, seen: str
) -> None:
    settings.PONTE = settings.PONTE.model_copy(update={"proxies": proxies})
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": told})
    assert limits.address(request) == seen


def test_saleors_own_delay_is_no_wrong_password(counted: World) -> None:
    counted.saleor.refuse = SaleorUserError(
        "tokenCreate", [UserProblem("email", "LOGIN_ATTEMPT_DELAYED", "try later")]
    )
    answer = counted.client.post(SIGN_IN, RIGHT)
    assert answer["Retry-After"] == "10"
    assert "press the button again in a moment" in page(answer, 503)


def test_an_address_not_yet_confirmed_is_said(counted: World) -> None:
    counted.saleor.refuse = SaleorUserError(
        "tokenCreate", [UserProblem("email", "ACCOUNT_NOT_CONFIRMED", "no")]
    )
    html = page(counted.client.post(SIGN_IN, RIGHT), 422)
    assert "Open the link in the message we sent you, then sign in." in html


def test_https_means_a_proxy_in_front(settings: Any) -> None:
    secure = settings.PONTE.model_copy(update={"public_url": "https://shop.example", "proxies": None})
    assert secure.trusted_proxies == 1
    assert secure.model_copy(update={"proxies": 2}).trusted_proxies == 2

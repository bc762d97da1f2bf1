"""Whatever goes wrong, people get a page in their language; machines and pieces of pages get less."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve

from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.link.errors import SaleorRefused, SaleorUserError, UserProblem
from storefront.shop.views import account
from storefront.ui.errors import DesignedErrors, surface

from .conftest import World
from .test_checkout import ADDRESS, BUYER, page, put, to_review

#: Language, then the titles of: Saleor away, Saleor refusing, nothing there, a stale form, a fault of ours.
LANGUAGES = {
    "": (
        "zh-Hans",
        "收银系统暂时没有响应",
        "收银系统没有接受这次操作",
        "这里缺了一块瓷砖",
        "这个表单已失效",
        "我们这边出了问题",
    ),
    "/zh-hant": (
        "zh-Hant",
        "收銀系統暫時沒有回應",
        "收銀系統沒有接受這次操作",
        "這裡缺了一塊瓷磚",
        "這份表格已失效",
        "我們這邊出了問題",
    ),
    "/pt": (
        "pt",
        "A caixa da loja não responde neste momento",
        "A caixa da loja recusou",
        "Falta aqui um azulejo",
        "Este formulário já não é válido",
        "Algo se partiu do nosso lado",
    ),
    "/en": (
        "en",
        "The shop&#x27;s till does not answer just now",
        "The shop&#x27;s till refused this",
        "One tile is missing here",
        "This form is no longer valid",
        "Something broke on our side",
    ),
}


FORM = "application/x-www-form-urlencoded"


def refusing(error: Exception) -> Any:
    def refuse(*given: Any, **more: Any) -> None:
        raise error

    return refuse


@pytest.mark.parametrize("prefix", LANGUAGES)
def test_every_kind_of_error_is_a_page_of_its_language(
    world: World, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lang, away, refused, missing, forged, broken = LANGUAGES[prefix]
    key = put(world)
    client = Client(raise_request_exception=False)
    client.cookies = world.client.cookies

    def told(answer: Any, status: int, words: str) -> None:
        html = page(answer, status)
        assert f'<html lang="{lang}">' in html
        assert f"<h1>{words}</h1>" in html
        assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")

    told(client.get(f"{prefix}/p/none/"), 404, missing)
    told(client.get(f"{prefix}/nowhere/at/all/"), 404, missing)
    strict = Client(enforce_csrf_checks=True)
    told(strict.post(f"{prefix}/account/sign-in/", {"email": "a@example.com"}), 403, forged)
    world.saleor.away = True
    answer = client.get(f"{prefix}/checkout/{key}/address/")
    told(answer, 503, away)
    assert answer["Retry-After"] == "10"
    world.saleor.away = False
    monkeypatch.setattr(
        world.saleor, "checkout", refusing(SaleorRefused("no permission", code="PermissionDenied"))
    )
    told(client.get(f"{prefix}/checkout/{key}/address/"), 502, refused)
    told(client.get(f"{prefix}/basket/"), 502, refused)
    monkeypatch.setattr(world.saleor, "checkout", refusing(RuntimeError("secret detail")))
    answer = client.get(f"{prefix}/checkout/{key}/address/")
    told(answer, 500, broken)
    assert "secret detail" not in answer.content.decode()
    assert f'href="{prefix}/"' in answer.content.decode()


def test_an_address_for_forms_only_says_so(world: World) -> None:
    answer = world.client.get("/en/basket/add/")
    assert "This address only takes a form" in page(answer, 405)
    assert answer["Allow"] == "POST"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (SaleorRefused("no", code="PermissionDenied"), 502, "The shop&#x27;s till refused this."),
        (PermanentError("the app is not installed"), 502, "The shop&#x27;s till refused this."),
        (
            SaleorUserError("x", [UserProblem("id", "INVALID", "Invalid amount")]),
            422,
            "The wallet did not open.",
        ),
    ],
)
def test_a_refusal_at_the_review_is_told_beside_the_form(
    world: World, error: Exception, status: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = to_review(world)
    monkeypatch.setattr(world.saleor, "transaction_initialize", refusing(error))
    html = page(
        world.client.post(f"/en/checkout/{key}/review/", {"method": "wechat", "notice": "on"}), status
    )
    assert words in html
    assert "Invalid amount" not in html
    assert re.search(r'<input type="checkbox" name="notice"[^>]* checked', html), "what was ticked stays"


def test_saleor_away_at_the_review_keeps_the_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key = to_review(world)
    monkeypatch.setattr(world.saleor, "transaction_initialize", refusing(TransientError("away")))
    answer = world.client.post(f"/en/checkout/{key}/review/", {"method": "wechat", "notice": "on"})
    html = page(answer, 503)
    assert answer["Retry-After"] == "10"
    assert "press the button again in a moment" in html
    assert "顺丰标快" in html


def test_what_was_typed_can_be_sent_again_when_not_even_the_page_can_be_read(world: World) -> None:
    key = put(world)
    world.saleor.away = True
    address = f"/en/checkout/{key}/address/"
    html = page(world.client.post(address, ADDRESS), 503)
    assert f'<form method="post" action="{address}">' in html
    for name, value in ADDRESS.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in html
    world.saleor.away = False
    assert world.client.post(address, ADDRESS).status_code == 302


def test_a_password_is_not_written_into_the_page_that_offers_another_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saleor_ext.core.errors import TransientError

    monkeypatch.setattr(account.subjects, "sign_in", refusing(TransientError("away")))
    given = {"email": "lin@example.com", "password": "correct horse"}
    html = page(world.client.post("/en/account/sign-in/", given), 503)
    assert "lin@example.com" in html
    assert "correct horse" not in html


def test_pieces_of_pages_get_no_page(world: World) -> None:
    key = put(world)
    world.client.post(f"/checkout/{key}/address/", ADDRESS)
    world.client.post(f"/checkout/{key}/buyer/", BUYER)
    world.saleor.away = True
    answer = world.client.get(f"/en/checkout/{key}/delivery/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content, answer["Retry-After"]) == (503, b"", "10")


@pytest.mark.parametrize(
    "path", ["/search/?q=a%00b", "/goods/?page=%00", "/?%00=1", "/account/sign-in/?next=%00"]
)
def test_nul_in_an_address_is_left_out(world: World, path: str) -> None:
    assert world.client.get(path).status_code == 200


def test_nul_in_a_path_is_not_found(world: World) -> None:
    assert world.client.get("/orders/a%00b/").status_code == 404


@pytest.mark.parametrize("place", ["/saleor/ponte.platform/manifest", "/healthz", "/i18n/setlang/"])
def test_machines_addresses_are_left_alone(place: str) -> None:
    request = RequestFactory().get(place)
    request.resolver_match = resolve(place)
    kept = DesignedErrors(lambda request: HttpResponse())
    assert surface(request) == ""
    assert kept.process_exception(request, TransientError("away")) is None


def test_the_offline_page_comes_in_the_language_of_the_address(world: World) -> None:
    script = world.client.get("/sw.js").content.decode()
    assert (
        '{"": "/offline/", "zh-hant": "/zh-hant/offline/", "pt": "/pt/offline/", "en": "/en/offline/"}'
        in script
    )
    assert "Sem ligação" in page(world.client.get("/pt/offline/"))


def test_damaged_requests_get_a_page_too(world: World) -> None:
    answer = world.client.get("/en/", headers={"Host": "evil.example"})
    assert "<h1>This request cannot be read</h1>" in page(answer, 400)
    answer = world.client.post("/en/account/sign-in/", {f"field-{n}": "x" for n in range(1100)})
    assert "<h1>This request cannot be read</h1>" in page(answer, 400)
    huge = {"email": "x" * (7 * 1024 * 1024)}
    answer = world.client.post(
        "/en/account/sign-in/", "&".join(f"{k}={v}" for k, v in huge.items()), content_type=FORM
    )
    assert "<h1>This request cannot be read</h1>" in page(answer, 400)

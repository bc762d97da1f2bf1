"""Whatever is typed: the answer names field and reason in the page's language, and keeps what was typed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from saleor_ext.link.errors import SaleorUserError, UserProblem

from .conftest import World
from .test_checkout import ADDRESS, BUYER, page, put

LONG = "长" * 200


def errors(html: str, field: str) -> str:
    """Return what stands at a field."""
    found = re.search(rf'id="id_{field}_error">(.*?)</ul>', html, re.S)
    return re.sub(r"<[^>]+>", "", found[1]) if found else ""


ADDRESS_WRONG = [
    ("receiver", "", "Enter who receives the parcel."),
    ("receiver", "林", "At least 2 characters; there are 1 now."),
    ("receiver", LONG, "At most 30 characters; there are 200 now."),
    ("receiver", "林悦😀", "These characters cannot be printed on a waybill, take them out: 😀"),
    ("receiver", "林\u200b悦", "These characters cannot be printed on a waybill, take them out: U+200B"),
    ("receiver", "林\0悦", "There are characters in it that nobody can see. Type it again by hand."),
    ("phone", "12345", "Enter a Mainland mobile number: 11 digits beginning with 1."),
    ("phone", "+85366001234", "Enter a Mainland mobile number: 11 digits beginning with 1."),
    ("phone", "1" * 50, "At most 20 characters; there are 50 now."),
    ("phone", "١٣٨٠٠١٣٨٠٠٠", "Enter a Mainland mobile number: 11 digits beginning with 1."),
    ("province", "Atlantis", "Choose one of those offered."),
    ("city", LONG, "At most 40 characters; there are 200 now."),
    ("district", "", "Enter the district or county; couriers refuse addresses without it."),
    ("street", "书院街🏠12号", "These characters cannot be printed on a waybill, take them out: 🏠"),
    ("street", LONG, "At most 120 characters; there are 200 now."),
    ("postal_code", "61002", "A postcode has 6 digits; you may leave it empty."),
    ("email", "lin＠example", "This is not an e-mail address."),
    ("email", "lin@example.com" + "m" * 400, "At most 320 characters; there are 415 now."),
]


@pytest.mark.parametrize(("field", "typed", "words"), ADDRESS_WRONG)
def test_address(world: World, field: str, typed: str, words: str) -> None:
    key = put(world)
    html = page(world.client.post(f"/en/checkout/{key}/address/", ADDRESS | {field: typed}), 422)
    assert words in errors(html, field)
    kept = {**ADDRESS, field: typed.replace("\0", "\0")}
    for name in ("receiver", "phone", "city", "email"):
        assert f'value="{kept[name]}"' in html, name
    assert world.saleor.checkouts["checkout-1"]["address"] is None


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("phone", "１３８００１３８０００", "+8613800138000"),
        ("phone", "+86 138-0013-8000", "+8613800138000"),
        ("phone", "008613800138000", "+8613800138000"),
        ("postalCode", "６１００２１", "610021"),
        ("firstName", "  林悦 ", "林悦"),
        ("firstName", "阿卜杜拉·买买提", "阿卜杜拉·买买提"),
    ],
)
def test_what_input_methods_make_of_an_address_is_understood(
    world: World, field: str, typed: str, kept: str
) -> None:
    key = put(world)
    name = {"phone": "phone", "postalCode": "postal_code", "firstName": "receiver"}[field]
    assert world.client.post(f"/checkout/{key}/address/", ADDRESS | {name: typed}).status_code == 302
    assert world.saleor.checkouts["checkout-1"]["address"][field] == kept


GOOD = "11010519491231002X"


@pytest.mark.parametrize(
    "typed",
    [
        GOOD,
        GOOD.lower(),
        "110105 19491231 002X",
        " ".join(GOOD),
        "110105-19491231-002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        "１１０１０５１９４９１２３１００２ｘ",
        "\u3000110105\u00a019491231 002x ",
    ],
)
def test_an_id_number_however_it_is_written(world: World, typed: str) -> None:
    key = put(world)
    world.client.post(f"/checkout/{key}/address/", ADDRESS)
    answer = world.client.post(f"/checkout/{key}/buyer/", BUYER | {"id_number": typed})
    assert answer.status_code == 302
    assert world.vault.person is not None
    assert world.vault.person.id_number == "1****************X"


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("id_number", "", "Enter the resident ID number."),
        ("id_number", "1101051949", "A resident ID number has 18 characters. Count again."),
        ("id_number", "1" * 300, "At most 64 characters; there are 300 now."),
        ("id_number", "1101051949123100😀X", "A resident ID number has 17 digits, then a digit or X."),
        ("id_number", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "A resident ID number has 17 digits, then a digit or X."),
        ("id_number", "11010519491231002\0X", "There are characters in it that nobody can see."),
        ("name", "Lin Yue", "Enter the name in Chinese characters, exactly as on the resident ID card."),
        ("name", "林悦😀", "Enter the name in Chinese characters, exactly as on the resident ID card."),
        ("name", LONG, "At most 40 characters; there are 200 now."),
        ("name", "林\0悦", "There are characters in it that nobody can see."),
    ],
)
def test_buyer(world: World, field: str, typed: str, words: str) -> None:
    key = put(world)
    world.client.post(f"/checkout/{key}/address/", ADDRESS)
    html = page(world.client.post(f"/en/checkout/{key}/buyer/", BUYER | {field: typed}), 422)
    assert words in errors(html, field)
    for name in {"name", "id_number"} - {field}:
        assert f'value="{BUYER[name]}"' in html
    assert world.vault.person is None


@pytest.mark.parametrize("quantity", ["-1", "0", "100", "1e3", "１.５", "😀", "\0", "9" * 5000, "a"])
def test_quantities(world: World, quantity: str) -> None:
    given = {"variant": "variant-almond-1", "slug": "almond", "quantity": quantity}
    answer = world.client.post("/en/basket/add/", given, follow=True)
    assert "Choose how many, from 1 to 99." in page(answer)
    assert answer.request["PATH_INFO"] == "/en/p/almond/", "the goods that were looked at"
    assert world.saleor.checkouts == {}
    key = put(world)
    line = "line-0-variant-almond-1"
    answer = world.client.post(f"/en/basket/{key}/", {"line": line, "quantity": quantity}, follow=True)
    if quantity != "0":
        assert "Choose how many, from 1 to 99." in page(answer)
        assert world.saleor.checkouts["checkout-1"]["lines"] == {"variant-almond-1": 2}


def test_full_width_quantities_are_understood(world: World) -> None:
    given = {"variant": "variant-almond-1", "slug": "almond", "quantity": "３"}
    assert world.client.post("/basket/add/", given).status_code == 302
    assert world.saleor.checkouts["checkout-1"]["lines"] == {"variant-almond-1": 3}


@pytest.mark.parametrize("slug", ["", "\0", "../x", "😀", "x" * 5000, "none"])
def test_goods_that_do_not_exist_lead_to_a_page(world: World, slug: str) -> None:
    given = {"variant": "variant-almond-1", "slug": slug, "quantity": "1"}
    answer = world.client.post("/en/basket/add/", given, follow=True)
    assert answer.status_code in {200, 404}


@pytest.mark.parametrize("place", ["sign-in", "register"])
@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("email", "", "This field is required."),
        ("email", "lin", "This is not an e-mail address."),
        ("email", "lin\0@example.com", "There are characters in it that nobody can see."),
        ("email", "x" * 400 + "@example.com", "characters; there are 412 now."),
        ("password", "", "This field is required."),
        ("password", "x" * 200, "At most 128 characters; there are 200 now."),
        ("password", "good\0password", "There are characters in it that nobody can see."),
    ],
)
def test_accounts(world: World, place: str, field: str, typed: str, words: str) -> None:
    given = {"email": "lin@example.com", "password": "correct horse", field: typed}
    html = page(world.client.post(f"/en/account/{place}/", given), 422)
    assert words in errors(html, field)
    assert "correct horse" not in html
    if field == "password":
        assert 'value="lin@example.com"' in html


@pytest.mark.parametrize(
    ("code", "field", "words"),
    [
        ("UNIQUE", "email", "该邮箱已注册账号，请直接登录。"),
        ("PASSWORD_TOO_COMMON", "password", "这个密码太常见，容易被猜中，请换一个。"),
        ("INVALID", "email", "此项写法未被接受，请核对后重新填写。"),
    ],
)
def test_saleors_refusal_of_a_registration_is_translated(
    world: World, code: str, field: str, words: str
) -> None:
    world.saleor.refuse = SaleorUserError("accountRegister", [UserProblem(field, code, "English text")])
    given = {"email": "lin@example.com", "password": "correct horse"}
    html = page(world.client.post("/account/register/", given), 422)
    assert words in errors(html, field)
    assert "English text" not in html


@pytest.mark.parametrize("chosen", ["", "\0", "😀", "x" * 5000, "gone"])
def test_delivery(world: World, chosen: str) -> None:
    key = put(world)
    world.client.post(f"/checkout/{key}/address/", ADDRESS)
    html = page(world.client.post(f"/en/checkout/{key}/delivery/", {"delivery": chosen}), 422)
    assert errors(html, "delivery")
    assert "顺丰标快" in html


@pytest.mark.parametrize("prefix", ["", "/zh-hant", "/pt", "/en"])
def test_no_refusal_speaks_another_language(world: World, prefix: str) -> None:
    key = put(world)
    wrong: dict[str, Any] = dict.fromkeys(ADDRESS, LONG)
    html = page(world.client.post(f"{prefix}/checkout/{key}/address/", wrong), 422)
    told = " ".join(errors(html, field) for field in ADDRESS)
    assert told
    if prefix in {"", "/zh-hant"}:
        assert not re.search(r"[A-Za-z]{4,}", told)
    else:
        assert not re.search(r"[\u4e00-\u9fff]", told)

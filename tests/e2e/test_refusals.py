"""Bad input on the pages: told at the field, in the page's language, keeping what was typed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .people import Consumer

pytestmark = [pytest.mark.browser, pytest.mark.demo]


def choose(consumer: Consumer, slug: str, quantity: int = 1) -> None:
    assert consumer.open(f"/p/{slug}/") == 200
    consumer.add(quantity)


def test_an_empty_address_is_refused_at_each_field(consumer: Consumer) -> None:
    choose(consumer, "peanut-candy")
    consumer.check_out()
    consumer.page.locator("[name=receiver]").fill("步云山")
    consumer.page.locator("[name=phone]").fill("12345")
    consumer.continue_form()
    refused = consumer.page.locator("form [aria-invalid=true]")
    expect(refused).to_have_count(6)
    expect(refused.first).to_be_focused()
    expect(consumer.page.locator("[name=receiver]")).to_have_value("步云山")
    expect(consumer.page.locator("[name=phone]")).to_have_value("12345")
    for text in consumer.page.locator("form .field .error").all_inner_texts():
        assert re.search(r"[\u4e00-\u9fff]", text), text
    consumer.shot(consumer.page, "refused")


def test_a_wrong_id_number_is_refused_at_its_field(consumer: Consumer) -> None:
    choose(consumer, "peanut-candy")
    consumer.check_out()
    consumer.give_address()
    path = consumer.page.url.removeprefix(consumer.site)
    good = consumer.me.id_number
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    told = {"/zh-hant": "校驗碼", "/pt": "último", "/en": "last character", "": "校验位"}
    for language, words in told.items():
        consumer.open(language + path)
        consumer.give_name(wrong)
        field = consumer.page.locator("[name=id_number]")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_focused()
        expect(field).to_have_value(wrong)
        described = field.get_attribute("aria-describedby") or ""
        assert words in " ".join(consumer.page.locator(f"#{name}").inner_text() for name in described.split())
        expect(consumer.page.locator("[name=name]")).to_have_value(consumer.me.name)
        expect(consumer.page.locator("[name=consent]")).to_be_checked()
    consumer.shot(consumer.page, "refused")
    consumer.give_name(good.lower())  # as phones write the last X
    consumer.choose_delivery()


def test_without_consent_and_notice_nothing_goes_on(consumer: Consumer) -> None:
    choose(consumer, "peanut-candy")
    consumer.check_out()
    consumer.give_address()
    consumer.give_name(consent=False)
    expect(consumer.page.locator("[name=consent]")).to_have_attribute("aria-invalid", "true")
    expect(consumer.page.locator("[name=id_number]")).to_have_value(consumer.me.id_number)
    consumer.give_name()
    consumer.choose_delivery()
    consumer.continue_form()
    expect(consumer.page).to_have_url(re.compile(r"/review/$"))
    expect(consumer.page.locator("[name=notice]")).to_have_attribute("aria-invalid", "true")
    consumer.shot(consumer.page, "refused")


def test_a_box_over_the_limit_is_told_before_payment(consumer: Consumer) -> None:
    choose(consumer, "aged-puer-cake", 16)  # 16 × ¥ 328
    told = consumer.page.locator(".alert.red")
    expect(told.first).to_contain_text(re.compile(r"5,?000"))
    assert re.search(r"[\u4e00-\u9fff]", told.first.inner_text())
    consumer.check_out()
    consumer.give_address()
    consumer.give_name()
    expect(consumer.page).to_have_url(re.compile(r"/delivery/$"))
    expect(consumer.page.locator(".alert.red").first).to_contain_text(re.compile(r"5,?000"))
    expect(consumer.page.locator("[name=delivery]")).to_have_count(0)
    path = consumer.page.url.removeprefix(consumer.site).replace("/delivery/", "/review/")
    consumer.open(path)
    expect(consumer.page).to_have_url(re.compile(r"/delivery/$"))
    consumer.shot(consumer.page, "refused")

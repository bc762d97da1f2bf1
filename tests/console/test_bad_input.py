"""Whatever an operator types: named at its field, kept, never a fault of ours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from saleor_ext.core.models import AuditEntry
from saleor_ext.orders.models import Parcel
from saleor_ext.plugin_api import configuration
from saleor_ext.plugin_api.registry import plugins

from .test_pages import PLUGIN, dead_work, filled, text_of

ODD = ["a\0b", "😀", "x" * 5000, "-1", "9" * 5000, "１２", "<script>alert(1)</script>"]


@pytest.mark.parametrize("typed", ODD, ids=range(len(ODD)))
def test_no_configuration_breaks_its_page(staff: Client, typed: str) -> None:
    for known in plugins():
        address = f"/en/console/plugins/{known.identifier}/"
        page = text_of(staff.get(address))
        names = set(re.findall(r'<(?:input|textarea|select)[^>]* name="([^"]+)"', page)) - {
            "csrfmiddlewaretoken"
        }
        answer = staff.post(address, dict.fromkeys(names, typed))
        assert answer.status_code in {302, 422}
        assert "<script>alert" not in text_of(answer)


def test_a_character_nobody_sees_is_named_at_its_field(staff: Client) -> None:
    answer = staff.post(f"/pt{PLUGIN}", filled(mchid="1900\x00000109"))
    text = text_of(answer)
    assert answer.status_code == 422
    assert 'id="id_mchid_error"' in text
    assert "Contém caracteres que ninguém vê. Escreva de novo à mão." in text
    assert 'value="wx8888888888888888"' in text, "what was typed elsewhere stays"
    assert configuration.latest(next(p for p in plugins() if p.identifier == "cross_border_payment")) is None


def test_a_row_with_such_a_character_is_refused_too(staff: Client) -> None:
    for change in ({"customs_targets-0-merchant_customs_no": "44\x0001"}, {"currencies": "CNY\r\nM\x00P"}):
        answer = staff.post(f"/en{PLUGIN}", filled(**change))
        assert answer.status_code == 422
        assert "There are characters in it that nobody can see." in text_of(answer)


REASONS = [
    ("", "Say why: the audit log needs a reason."),
    ("   ", "Say why: the audit log needs a reason."),
    ("x" * 301, "At most 300 characters; there are 301 now."),
    ("a\0b", "There are characters in it that nobody can see. Type it again by hand."),
]


@pytest.mark.parametrize(("reason", "words"), REASONS, ids=range(len(REASONS)))
def test_reasons(staff: Client, parcel: Parcel, reason: str, words: str) -> None:
    work = dead_work()
    for address, more in (
        (f"/en/console/parcels/{parcel.pk}/retry/", {"step": "declare_payment"}),
        (f"/en/console/letters/outbox/{work.pk}/retry/", {}),
        (f"/en/console/letters/outbox/{work.pk}/drop/", {}),
        ("/en/console/merchants/bakery/state/", {}),
    ):
        answer = staff.post(address, {"reason": reason, **more})
        text = text_of(answer)
        assert answer.status_code == 422, address
        assert words in text, address
    assert not AuditEntry.objects.filter(action__in=["step.retry", "letter.retry", "letter.drop"]).exists()


@pytest.mark.parametrize("step", ["", "a\0b", "😀", "x" * 5000])
def test_steps_that_do_not_exist(staff: Client, parcel: Parcel, step: str) -> None:
    answer: Any = staff.post(
        f"/en/console/parcels/{parcel.pk}/retry/", {"step": step, "reason": "x"}, follow=True
    )
    assert "This parcel has no such step." in text_of(answer)


@pytest.mark.parametrize(
    "query", ["q=%00", "q=a%00b", "q=" + "9" * 5000, "state=%00", "page=" + "9" * 5000, "q=%25"]
)
def test_odd_searches(staff: Client, parcel: Parcel, query: str) -> None:
    assert staff.get(f"/console/parcels/?{query}").status_code == 200


def test_typed_reason_stays(staff: Client, parcel: Parcel) -> None:
    answer = staff.post("/en/console/merchants/bakery/state/", {"reason": "y" * 301})
    assert f'value="{"y" * 301}"' in text_of(answer)


def test_odd_addresses_are_not_found(staff: Client) -> None:
    for address in ("plugins/%00/", "letters/a%00b/x/", "parcels/%F0%9F%98%80/"):
        assert staff.get(f"/console/{address}").status_code == 404

"""What operators can do to a declaration from the parcel's page, and that nobody else can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from plugins.customs_declaration import later
from plugins.customs_declaration.models import CustomsDocument, Declaration, ReturnCase, ReturnLine
from plugins.customs_declaration.states import DocumentState
from saleor_ext.core import clock
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.orders.models import Parcel
from tests.customs.cases import sound, xml

from .conftest import FakeStorefront

ACTIONS = ("amend", "resend", "withdraw", "return", "receive")
ORDERS = {"staff@shop.example": ["MANAGE_ORDERS"]}


@pytest.fixture
def declaration(parcel: Parcel) -> Declaration:
    """A declaration of the parcel whose list customs have accepted."""
    now = clock.now()
    made = Declaration.objects.create(
        parcel_id=parcel.pk,
        order_no="W-1",
        cop_no=parcel.number,
        lane=parcel.lane,
        state="list",
        invt_no="51652026I112300001",
        dutiable_value="180.00",
        tax_total="16.38",
        line_taxes=[{"gnum": "1", "goods": "180.00", "dutiable": "180.00", "tax": "16.38"}],
        created_at=now,
    )
    for kind, state in (("CEB311Message", "accepted"), ("CEB621Message", "accepted")):
        CustomsDocument.objects.create(
            declaration=made,
            kind=kind,
            guid=f"{kind[:6]}-{parcel.number}",
            body=xml(sound(kind)).decode(),
            state=state,
            created_at=now,
            app_time=now,
            sent_at=now,
            sends=1,
            filed=True,
        )
    return made


def address(name: str, parcel: Parcel) -> str:
    return f"/en/console/customs/parcels/{parcel.pk}/{name}/"


def page(client: Client, parcel: Parcel) -> str:
    return client.get(f"/en/console/parcels/{parcel.pk}/").content.decode()


def state_of(declaration: Declaration, **changed: Any) -> None:
    Declaration.objects.filter(pk=declaration.pk).update(**changed)
    Parcel.objects.update(state="delivered")
    if "released_at" in changed:
        declaration.documents.filter(kind="CEB621Message").update(state=DocumentState.RELEASED)


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize(
    ("who", "granted", "expected"),
    [("stranger", False, 302), ("merchant", False, 403), ("consumer", False, 403), ("staff", False, 403)],
)
def test_nobody_without_the_permission_does_anything(
    signed_in: Callable[[str], Client],
    saleor: type[FakeStorefront],
    declaration: Declaration,
    parcel: Parcel,
    name: str,
    who: str,
    granted: bool,
    expected: int,
) -> None:
    client = signed_in(who)
    answer = client.post(address(name, parcel), {"reason": "because", "pieces-1": "1"})
    assert answer.status_code == expected
    if who == "stranger":
        assert answer["Location"].startswith("/en/console/sign-in/")
    assert not OutboxMessage.objects.filter(topic__startswith="customs.").exists()
    assert not AuditEntry.objects.filter(action__startswith="customs.").exists()
    assert not ReturnCase.objects.exists()


@pytest.fixture
def operator(saleor: type[FakeStorefront], signed_in: Callable[[str], Client]) -> Client:
    saleor.permissions = dict(ORDERS)
    return signed_in("staff")


@pytest.mark.parametrize("name", ACTIONS)
def test_forms_are_posted_and_give_a_reason(
    operator: Client, declaration: Declaration, parcel: Parcel, name: str
) -> None:
    assert operator.get(address(name, parcel)).status_code == 405
    answer = operator.post(address(name, parcel), {"reason": "  "}, follow=True)
    assert "Say why" in answer.content.decode()
    assert not OutboxMessage.objects.filter(topic__startswith="customs.").exists()


def test_a_list_at_customs_is_withdrawn_from_the_page(
    operator: Client, declaration: Declaration, parcel: Parcel
) -> None:
    assert "Withdraw from customs" in page(operator, parcel) and "Open a return" not in page(operator, parcel)
    answer = operator.post(address("withdraw", parcel), {"reason": "wrong label"}, follow=True)
    assert answer.redirect_chain[0][0] == f"/en/console/parcels/{parcel.pk}/"
    assert "The withdrawal was asked for." in answer.content.decode()
    declaration.refresh_from_db()
    assert (declaration.state, declaration.withdrawal_reason) == ("withdrawing", "wrong label")
    entry = AuditEntry.objects.get(action="customs.withdrawal_asked")
    assert (entry.actor, entry.reason) == ("staff@shop.example", "wrong label")
    assert OutboxMessage.objects.filter(topic="customs.withdraw").count() == 1


def test_the_same_message_is_sent_again_from_the_page(
    operator: Client, declaration: Declaration, parcel: Parcel
) -> None:
    document = declaration.documents.get(kind="CEB621Message")
    assert "Send again" in page(operator, parcel)
    operator.post(address("resend", parcel), {"reason": "lost", "subject": str(document.pk)})
    assert OutboxMessage.objects.get(topic="customs.again").payload == {
        "document": str(document.pk),
        "sends": 1,
    }


def test_a_stopped_step_is_amended_from_the_page(
    operator: Client, declaration: Declaration, parcel: Parcel
) -> None:
    document = declaration.documents.get(kind="CEB311Message")
    CustomsDocument.objects.filter(pk=document.pk).update(
        state="rejected", status="100", status_text="[Code:1322;Desc:x]", status_at=clock.now(), code="1322"
    )
    declaration.documents.filter(kind="CEB621Message").delete()
    parcel.steps.filter(name="declare_order").update(state="failed")
    text = page(operator, parcel)
    assert "Amend and send again" in text and "The lines of list and order differ" in text
    answer = operator.post(
        address("amend", parcel), {"reason": "mended", "subject": str(document.pk)}, follow=True
    )
    assert "The next version is on its way." in answer.content.decode()
    assert parcel.steps.get(name="declare_order").state == "running"


def test_where_nothing_helps_the_refund_is_proposed(
    operator: Client, declaration: Declaration, parcel: Parcel
) -> None:
    declaration.documents.filter(kind="CEB621Message").update(
        state="rejected", status="100", status_text="[Code:1313;Desc:x]", status_at=clock.now()
    )
    assert "refund 196.38 CNY in full" in page(operator, parcel).replace("¥", "")


def test_a_return_is_opened_and_received_from_the_page(
    operator: Client, declaration: Declaration, parcel: Parcel
) -> None:
    state_of(declaration, state="released", released_at=clock.now())
    text = page(operator, parcel)
    assert "Open a return" in text and 'name="pieces-1"' in text and 'max="2"' in text
    assert "Withdraw from customs" not in text
    operator.post(address("return", parcel), {"reason": "broken", "pieces-1": "1"})
    case = ReturnCase.objects.get()
    assert (case.reason, case.opened_by, case.state) == ("broken", "staff@shop.example", "asked")
    assert list(ReturnLine.objects.values_list("gnum", "quantity")) == [(1, 1)]
    assert "1×1" in page(operator, parcel) and "Goods are back" not in page(operator, parcel)
    ReturnCase.objects.update(state="approved")
    Declaration.objects.update(state="returned")
    assert "Goods are back" in page(operator, parcel)
    operator.post(address("receive", parcel), {"reason": "here", "subject": str(case.pk)})
    case.refresh_from_db()
    assert case.received_at is not None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"pieces-1": "x"}, "Give whole pieces."),
        ({"pieces-1": "-1"}, "Give whole pieces."),
        ({"pieces-x": "1"}, "Give whole pieces."),
        ({"pieces-1": "0"}, "A return needs at least one piece."),
        ({}, "A return needs at least one piece."),
        ({"pieces-1": "9" * 40}, "Line 1: 2 of 2 pieces can be returned"),
        ({"pieces-7": "1"}, "The list has no line 7."),
        ({"subject": "x", "pieces-1": "1"}, "That is not on this parcel&#x27;s page."),
    ],
)
def test_bad_forms_are_refused_with_words(
    operator: Client, declaration: Declaration, parcel: Parcel, fields: dict[str, str], said: str
) -> None:
    state_of(declaration, state="released", released_at=clock.now())
    answer = operator.post(address("return", parcel), {"reason": "broken", **fields}, follow=True)
    assert answer.status_code == 200 and said in answer.content.decode()
    assert not ReturnCase.objects.exists()


def test_documents_of_another_parcel_cannot_be_named(
    operator: Client, declaration: Declaration, parcel: Parcel
) -> None:
    other = Declaration.objects.create(
        parcel_id="00000000-0000-0000-0000-000000000001",
        order_no="W-2",
        cop_no="OTHER",
        lane=parcel.lane,
        dutiable_value="1",
        tax_total="0",
        created_at=clock.now(),
    )
    document = declaration.documents.get(kind="CEB621Message")
    CustomsDocument.objects.filter(pk=document.pk).update(declaration=other)
    answer = operator.post(
        address("resend", parcel), {"reason": "x", "subject": str(document.pk)}, follow=True
    )
    assert "The parcel has no such document." in answer.content.decode()
    assert not OutboxMessage.objects.filter(topic="customs.again").exists()


def test_a_parcel_without_a_declaration_shows_nothing_to_do(operator: Client, parcel: Parcel) -> None:
    assert "What to do at customs" not in page(operator, parcel)
    assert later.TRADE_MODES[parcel.lane] == "1210"

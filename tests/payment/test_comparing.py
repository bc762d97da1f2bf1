"""Another buyer entered by an operator: the payer is compared again, and nothing holds until that is answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.cross_border_payment import comparing, declarations, hooks
from plugins.cross_border_payment.models import PaymentDeclaration
from plugins.cross_border_payment.port import Identity
from saleor_ext.core import outbox
from saleor_ext.core.models import AuditEntry, OutboxMessage
from saleor_ext.plugin_api import Buyer, ParcelView, StepView

from .conftest import FakePlatform
from .fake_wechat import FakeWechat
from .test_declarations import drain, parcel  # noqa: F401  # the fixture of a paid parcel


@pytest.fixture
def declared(parcel: ParcelView, services: FakePlatform, wechat: FakeWechat) -> ParcelView:  # noqa: F811  # it is that fixture
    """A parcel whose payment is declared and the payer found to be the buyer; then another person is entered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(declarations, "_gate", lambda row: None)
        hooks.parcel_steps(parcel)[0].run(parcel)
        drain()
    PaymentDeclaration.objects.update(state="SUCCESS", identity="SAME")
    done = StepView(declarations.STEP, "done", {"identity": "SAME", "payCode": "x"})
    services.parcels[parcel.id] = replace(
        parcel, steps={declarations.STEP: done}, buyer=Buyer("person-2", "李*", "index-2")
    )
    return services.parcels[parcel.id]


def said(services: FakePlatform, of: ParcelView) -> str:
    return services.parcels[of.id].steps[declarations.STEP].data["identity"]


@pytest.mark.parametrize("answer", ["SAME", "DIFFERENT"])
def test_the_payer_is_compared_with_the_person_entered(
    declared: ParcelView, services: FakePlatform, wechat: FakeWechat, answer: str
) -> None:
    wechat.identity = answer
    services.revealed.clear()
    hooks.buyer_corrected(declared)
    assert (said(services, declared), PaymentDeclaration.objects.get().identity) == ("UNCHECKED", "UNCHECKED")
    outbox.drain()
    assert (said(services, declared), PaymentDeclaration.objects.get().identity) == (answer, answer)
    assert services.parcels[declared.id].steps[declarations.STEP].data["payCode"] == "x"
    assert services.revealed == ["payment_declaration"]
    assert AuditEntry.objects.get(action="payment.payer_compared").data == {"identity": answer}


def test_a_promise_for_a_person_who_was_replaced_since_asks_nothing(
    declared: ParcelView, services: FakePlatform
) -> None:
    hooks.buyer_corrected(declared)
    services.parcels[declared.id] = replace(declared, buyer=Buyer("person-3", "王*", "index-3"))
    services.revealed.clear()
    outbox.drain()
    assert services.revealed == [] and PaymentDeclaration.objects.get().identity == Identity.UNCHECKED


def test_a_declaration_under_way_compares_by_itself(declared: ParcelView) -> None:
    running = replace(declared, steps={declarations.STEP: StepView(declarations.STEP, "waiting", {})})
    before = OutboxMessage.objects.count()
    comparing.begin(running)
    assert PaymentDeclaration.objects.get().identity == Identity.UNCHECKED
    assert OutboxMessage.objects.count() == before


def test_a_parcel_that_was_not_paid_here_is_left_alone(db: None, services: FakePlatform) -> None:
    from .test_declarations import view

    comparing.begin(view("X"))
    assert not OutboxMessage.objects.exists()

"""Signing in at a Saleor that knows four people, and one parcel to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from saleor_ext.core import audit, clock
from saleor_ext.identity.models import Person
from saleor_ext.link.errors import SaleorUserError, UserProblem
from saleor_ext.merchants.models import Merchant
from saleor_ext.merchants.services import add_member, enter_merchant
from saleor_ext.orders.models import Parcel, ParcelLine, ParcelStep
from saleor_ext.orders.views_of import facts_to_json
from saleor_ext.plugin_api import VariantFacts
from storefront import accounts

PASSWORD = "right"
PEOPLE = {"staff@shop.example": True, "merchant@shop.example": False, "consumer@shop.example": False}


class FakeStorefront:
    """The sign-in part of Saleor's API; a token is the person's e-mail."""

    is_staff = dict(PEOPLE)
    permissions: dict[str, list[str]] = {}
    down = False

    def __init__(self, token: str | None = None) -> None:
        self.token = token

    def token_create(self, email: str, password: str) -> Any:
        if self.down:
            from saleor_ext.core.errors import TransientError

            raise TransientError("no answer")
        if email not in self.is_staff or password != PASSWORD:
            problem = UserProblem("password", "INVALID_CREDENTIALS", "Please, enter valid credentials")
            raise SaleorUserError("tokenCreate", [problem])
        return SimpleNamespace(token=email, refresh_token=f"refresh:{email}")

    def token_refresh(self, refresh_token: str) -> str:
        if self.down:
            from saleor_ext.core.errors import TransientError

            raise TransientError("no answer")
        return refresh_token.partition(":")[2]

    def me(self) -> Any:
        if self.token not in self.is_staff:
            return None
        return SimpleNamespace(
            id=f"user:{self.token}",
            email=self.token,
            first_name="",
            last_name="",
            is_staff=self.is_staff[self.token],
            user_permissions=[SimpleNamespace(code=code) for code in self.permissions.get(self.token, ())],
        )


@pytest.fixture(autouse=True)
def _plain_static_files(settings: Any) -> None:
    """Nobody has collected static files for a test."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _no_language_left() -> Iterator[None]:
    """A page in one language must not make the next test's addresses those of that language."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture
def saleor(monkeypatch: pytest.MonkeyPatch) -> type[FakeStorefront]:
    fake = type("Fake", (FakeStorefront,), {"is_staff": dict(PEOPLE), "permissions": {}, "down": False})
    monkeypatch.setattr(accounts, "storefront", fake)
    return fake


@pytest.fixture
def signed_in(client: Client, db: None, saleor: type[FakeStorefront]) -> Callable[[str], Client]:
    """Sign somebody in through the page itself; ``stranger`` stays outside."""

    def enter(who: str) -> Client:
        if who != "stranger":
            answer = client.post("/console/sign-in/", {"email": f"{who}@shop.example", "password": PASSWORD})
            assert answer.status_code == 302, answer.content.decode()
        return client

    return enter


@pytest.fixture
def staff(signed_in: Callable[[str], Client]) -> Client:
    return signed_in("staff")


@pytest.fixture
def merchant(db: None) -> Merchant:
    made = enter_merchant(
        "bakery",
        names={"zh-hans": "示例饼家", "en": "Example Bakery"},
        stories={},
        customs_code="4401961234",
        customs_name="示例饼家有限公司",
        domestic_agent="示例代理有限公司",
        domestic_agent_code="4401969999",
        colour="#1f4e8c",
        actor="test",
    )
    add_member(made, "merchant@shop.example", actor="test")
    return made


@pytest.fixture
def parcel(merchant: Merchant) -> Parcel:
    """A paid parcel whose customs step failed; the buyer is fictitious, the number has a valid check digit."""
    now = clock.now()
    buyer = Person.objects.create(
        name="张三", id_number="11010519491231002X", phone="13800000000", created_at=now
    )
    made = Parcel.objects.create(
        number="PT2611231001ABCD",
        attention="declaration_failed: customs refused the payment record",
        api_url="http://saleor.test/graphql/",
        order_id="T3JkZXI6MQ==",
        order_number="1001",
        transaction_id="VHJhbnNhY3Rpb25JdGVtOjE=",
        psp_reference="4200000001",
        merchant="bakery",
        lane="bonded_1210",
        warehouse="nansha",
        currency="CNY",
        goods_value="180.00",
        freight="0.00",
        tax_total="16.38",
        discount="0.00",
        actual_paid="196.38",
        consignee='{"name": "李四", "phone": "13900000000", "province": "广东省", "city": "广州市"}',
        buyer=buyer,
        buyer_account="guest-1",
        paid_at=now - timedelta(hours=1),
        created_at=now,
    )
    facts = VariantFacts(
        "ALM-1",
        "杏仁饼",
        "bakery",
        "bonded_1210",
        "nansha",
        "1905310000",
        "",
        "446",
        "011",
        "035",
        1,
        250,
        300,
    )
    ParcelLine.objects.create(
        parcel=made,
        gnum=1,
        saleor_line_id="l1",
        sku="ALM-1",
        name="杏仁饼",
        quantity=2,
        unit_price="90.00",
        total="180.00",
        facts=facts_to_json(facts),
    )
    for position, (name, state, error) in enumerate(
        [
            ("reserve_stock", "done", ""),
            ("declare_payment", "failed", made.attention),
            ("declare_order", "pending", ""),
        ]
    ):
        ParcelStep.objects.create(
            parcel=made, name=name, position=position, state=state, error=error, attempt=1, changed_at=now
        )
    audit.record("parcel.created", "parcel", made.pk, number=made.number)
    return made

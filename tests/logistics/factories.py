"""Makes book items, articles and parcels for the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from plugins.nansha_logistics import ledger
from plugins.nansha_logistics.models import Book, BookItem
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address, Buyer, MerchantView, ParcelLine, ParcelView, StepView, VariantFacts

#: Parcels as the platform knows them now; a test that corrects one replaces it.
known: dict[str, ParcelView] = {}
BOOK = "T516526A00001"
OPENED = datetime(2026, 1, 1, tzinfo=UTC)
RELEASED = StepView("declare_inventory", "done", {"status": "800", "invt_no": "51652026I000000001"})


def facts(sku: str = "COOKIE-1", **changes: Any) -> VariantFacts:
    article = VariantFacts(
        sku=sku,
        name="杏仁饼",
        merchant="bakery",
        lane="bonded_1210",
        warehouse="nansha",
        hs_code="1905310000",
        gmodel="250g",
        origin="121",
        unit="140",
        unit1="035",
        qty1=Decimal("0.25"),
        net_g=250,
        gross_g=320,
        barcode="6901234567892",
    )
    return replace(article, **changes)


def book_item(
    sku: str = "COOKIE-1", opening: Decimal | int = 100, seqno: int = 1, **changes: Any
) -> BookItem:
    book, _ = Book.objects.get_or_create(number=BOOK, defaults={"warehouse": "nansha", "opened_at": OPENED})
    values = {
        "item_record_no": f"{seqno:05d}",
        "name": "杏仁饼",
        "hs_code": "1905310000",
        "origin": "121",
        "dcl_unit": "140",
        "lawf_unit": "035",
    } | changes
    item = BookItem.objects.create(book=book, gds_seqno=seqno, gds_mtno=sku, **values)
    if opening:
        ledger.post("opening", item.pk, opening, item.dcl_unit, key=f"opening:{item.pk}")
        item.refresh_from_db()
    return item


def parcel(
    *lines: tuple[VariantFacts, int], steps: Mapping[str, StepView] | None = None, **changes: Any
) -> ParcelView:
    drawn = lines or ((facts(), 2),)
    price = Money(Decimal("88.00"), "CNY")
    view = ParcelView(
        id=str(uuid4()),
        number=f"P{uuid4().hex[:12].upper()}",
        state="paid",
        api_url="http://saleor.test/graphql/",
        order_id="T3JkZXI6MQ==",
        order_number="1",
        checkout_id="Q2hlY2tvdXQ6MQ==",
        transaction_id="",
        psp_reference="42",
        merchant=MerchantView("bakery", "Bakery", "4423W60001", "澳门饼家"),
        lane="bonded_1210",
        warehouse="nansha",
        lines=tuple(
            ParcelLine(
                gnum=number,
                saleor_line_id=f"line-{number}",
                facts=article,
                quantity=quantity,
                unit_price=price,
                total=price * quantity,
            )
            for number, (article, quantity) in enumerate(drawn, start=1)
        ),
        goods_value=Money(Decimal("176.00"), "CNY"),
        freight=Money(Decimal("10.00"), "CNY"),
        tax_total=Money(Decimal("16.93"), "CNY"),
        discount=Money(Decimal("0.00"), "CNY"),
        actual_paid=Money(Decimal("202.93"), "CNY"),
        consignee=Address("陈大文", "13800138000", "广东省", "广州市", "天河区", "体育西路1号", "510620"),
        buyer=Buyer("b-1", "陈**", "0" * 32),
        buyer_account="buyer@example.com",
        paid_at=datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
        steps=steps or {},
    )
    view = replace(view, **changes)
    known[view.id] = view
    return view

"""``python -m tests.bench``: JSON lines ``{"bench","value","unit","limit","ratio"}``.

``limit`` is measured in the same run (an empty Django view on the same server, bare RSA verification), as the unit
says, or a fixed budget; ``ratio`` is value/limit. Timings depend on the machine and decide no test. Names of benches as
arguments run only these.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable

import tests.environment  # noqa: F401  # importing it prepares the environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")

import django
import jwt

from tests.bench import SAMPLE, load
from tests.bench.world import PRODUCTS, World, app_id

CONCURRENCY = 8
#: Requests of one measurement, and those that go before it uncounted.
REQUESTS, BEFORE = min(SAMPLE, 1500), 200
#: Budgets of an acknowledgement and of a tax answer, and of pages.
ACK_MS, TAX_MS = 30.0, 10.0
LIST_BYTES, PRODUCT_BYTES = 40 * 1024, 45 * 1024


def emit(bench: str, value: float, unit: str, limit: float) -> None:
    line = {
        "bench": bench,
        "value": round(value, 2),
        "unit": unit,
        "limit": round(limit, 2),
        "ratio": round(value / limit, 3) if limit else None,
    }
    print(json.dumps(line), flush=True)


def bare_verify_per_second(world: World, body: bytes) -> float:
    """Signature checks per second of one core with nothing around them."""
    signature = world.headers(body, "x")["Saleor-Signature"]
    public = world.key.public_key()
    started, count = time.perf_counter(), REQUESTS
    for _ in range(count):
        jwt.api_jws.decode(signature, public, algorithms=["RS256"], detached_payload=body)
    return count / (time.perf_counter() - started)


def empty_view(port: int) -> load.Result:
    return load.run(port, lambda n: load.Call("GET", "/healthz"), count=REQUESTS, concurrency=CONCURRENCY)


def webhook_ack(world: World) -> None:
    """Verify a signature and store the message, every one a new event."""
    calls = {n: _order_event(world, n) for n in range(-BEFORE, REQUESTS)}
    result = load.run(
        world.port, calls.__getitem__, count=REQUESTS, concurrency=CONCURRENCY, expect=202, warm_up=BEFORE
    )
    emit("webhook-ack", result.percentile(0.99), "ms p99", ACK_MS)
    emit("webhook-ack", result.per_second, "requests/s of empty view", empty_view(world.port).per_second)
    bare = bare_verify_per_second(world, calls[0].body)
    emit("webhook-ack", result.per_second, "requests/s of bare RSA verify", bare)


def _order_event(world: World, number: int) -> load.Call:
    body = json.dumps(
        {
            "__typename": "OrderUpdated",
            "issuedAt": "2026-11-11T00:00:00+00:00",
            "version": "3.23.28",
            "recipient": {"id": app_id("ponte.platform")},
            "order": {
                "id": f"Order:{number}",
                "status": "UNFULFILLED",
                "isPaid": False,
                "metadata": [],
                "lines": [],
            },
        }
    ).encode()
    return load.Call(
        "POST", "/saleor/ponte.platform/webhooks/order-updated", body, world.headers(body, "order_updated")
    )


def tax_webhook(world: World) -> None:
    """Answer a tax question for a basket of three lines."""
    from saleor_ext.listings.models import ListingVariant

    on_lane = ListingVariant.objects.filter(listing__lane="bonded_1210").order_by("sku")
    skus = list(on_lane.values_list("sku", flat=True)[:3])
    calls = {n: _tax_question(world, n, skus) for n in range(-BEFORE, REQUESTS)}
    port = world.answers_port
    result = load.run(port, calls.__getitem__, count=REQUESTS, concurrency=CONCURRENCY, warm_up=BEFORE)
    emit("tax-webhook", result.percentile(0.99), "ms p99", TAX_MS)
    emit("tax-webhook", result.per_second, "requests/s of empty view", empty_view(port).per_second)


def _tax_question(world: World, number: int, skus: list[str]) -> load.Call:
    lines = [
        {"quantity": 2, "productSku": sku, "totalPrice": {"amount": 176.0 + abs(number) % 7}} for sku in skus
    ]
    body = json.dumps(
        {
            "__typename": "CalculateTaxes",
            "issuedAt": "2026-11-11T00:00:00+00:00",
            "recipient": {"id": app_id("ponte.customs")},
            "taxBase": {"currency": "CNY", "shippingPrice": {"amount": 18}, "discounts": [], "lines": lines},
        }
    ).encode()
    path = "/saleor/ponte.customs/webhooks/checkout-taxes"
    return load.Call("POST", path, body, world.headers(body, "checkout_calculate_taxes"))


def shop_page(world: World, name: str, path: Callable[[int], str], limit_bytes: int) -> None:
    """A page of the shop: rate beside the empty view, p95, and gzip bytes without images."""
    headers = {"Accept-Encoding": "gzip", "Accept-Language": "zh-CN"}
    result = load.run(
        world.port,
        lambda n: load.Call("GET", path(n), headers=headers),
        count=min(REQUESTS, 800),
        concurrency=CONCURRENCY,
    )
    empty = empty_view(world.port)
    emit(name, result.per_second, "requests/s of empty view", empty.per_second)
    emit(name, result.percentile(0.95), "ms p95 of empty view", empty.percentile(0.95))
    page = urllib.request.urlopen(f"http://127.0.0.1:{world.port}{path(0)}").read()
    emit(name, len(gzip.compress(page)) + _assets(world, page.decode()), "bytes gzip", limit_bytes)


def _assets(world: World, page: str) -> int:
    """Gzip bytes of the style sheets and scripts that a page loads."""
    import re

    paths = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page))
    return sum(
        len(gzip.compress(urllib.request.urlopen(f"http://127.0.0.1:{world.port}{path}").read()))
        for path in paths
    )


def main() -> int:
    django.setup()
    from tests.bench import customs, ledger, payment, statement
    from tests.bench.world import make

    benches: dict[str, Callable[[World], None]] = {
        "customs-sign": lambda _: customs.sign_bench(emit),
        "customs-receipts": lambda _: customs.receipts_bench(emit),
        "customs-peak": lambda _: customs.peak_bench(emit),
        "ledger-post": lambda _: ledger.ledger_bench(emit),
        "statement-xlsx": lambda _: statement.xlsx_bench(emit),
        "statement-pdf": lambda _: statement.pdf_bench(emit),
        "notify-ack": lambda world: payment.notify_bench(emit, world, REQUESTS, BEFORE, CONCURRENCY),
        "webhook-ack": webhook_ack,
        "tax-webhook": tax_webhook,
        "shop-list": lambda world: shop_page(world, "shop-list", lambda n: "/goods/bakery/", LIST_BYTES),
        "shop-product": lambda world: shop_page(
            world, "shop-product", lambda n: f"/p/cookies-{abs(n) % PRODUCTS}/", PRODUCT_BYTES
        ),
    }
    wanted = sys.argv[1:] or list(benches)
    if unknown := [name for name in wanted if name not in benches]:
        print(f"no bench {', '.join(unknown)}; there are {', '.join(benches)}", file=sys.stderr)
        return 2
    world = make()
    try:
        for name, bench in benches.items():
            if name in wanted:
                bench(world)
    finally:
        world.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

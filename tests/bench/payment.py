"""How fast a wallet's notification is taken: signature, seal and age checked, stored, acknowledged."""

from __future__ import annotations

import time
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.bench import load
from tests.bench.world import World
from tests.payment.fake_wechat import PLATFORM_KEY, FakeWechat

#: As the notification's answer is promised: 30 ms in all but one of a hundred.
ACK_MS = 30.0
Emit = Callable[[str, float, str, float], None]


def notify_bench(emit: Emit, world: World, requests: int, before: int, concurrency: int) -> None:
    """Every notification is a new one, of a payment that is not known here."""
    from saleor_ext.core import clock

    wechat = FakeWechat(clock.now)
    _account(wechat)
    calls = {number: _notification(wechat, number) for number in range(-before, requests)}
    result = load.run(world.port, calls.__getitem__, count=requests, concurrency=concurrency, warm_up=before)
    emit("notify-ack", result.percentile(0.99), "ms p99", ACK_MS)
    emit("notify-ack", result.per_second, "requests/s of bare RSA verify", _bare(calls[0].body, requests))


def _account(wechat: FakeWechat) -> None:
    """Set the account ``main`` up and keep its platform certificate, so that no call goes out."""
    from plugins.cross_border_payment.config import PaymentConfig
    from plugins.cross_border_payment.models import PlatformCertificate
    from plugins.cross_border_payment.plugin import plugin
    from plugins.cross_border_payment.wechat import signing
    from plugins.cross_border_payment.wechat.account import keeper_of
    from saleor_ext.core import clock
    from saleor_ext.plugin_api import configuration
    from tests.payment.conftest import config_values

    configuration.save(plugin, config_values(), actor="bench")
    configuration.forget_cache()
    made = signing.read_certificate(wechat.pem)
    PlatformCertificate.objects.create(
        gateway="wechat",
        account=keeper_of(configuration.current(plugin, PaymentConfig)),
        serial=made.serial,
        pem=made.pem.decode(),
        not_before=made.not_before,
        not_after=made.not_after,
        fetched_at=clock.now(),
    )


def _notification(wechat: FakeWechat, number: int) -> load.Call:
    trade = f"PTBENCH{number:+09d}".replace("+", "P").replace("-", "M")
    wechat.orders[trade] = {
        "mchid": "1900000109", "appid": "wx8888888888888888", "out_trade_no": trade, "trade_type": "NATIVE",
        "trade_state": "SUCCESS", "id": f"42{abs(number):026d}", "success_time": "2026-11-11T00:00:00+08:00",
        "amount": {"total": 19400, "currency": "CNY"},
    }  # fmt: skip
    raw = wechat.notification(trade)
    headers = {"Content-Type": "application/json", **wechat.stamp(raw)}
    return load.Call("POST", "/plugins/payment/notify/wechat/main", raw, headers)


def _bare(body: bytes, count: int) -> float:
    """Signature checks per second of one core with nothing around them."""
    message = b"1\nn\n" + body + b"\n"
    signature = PLATFORM_KEY.sign(message, padding.PKCS1v15(), hashes.SHA256())
    public = PLATFORM_KEY.public_key()
    started = time.perf_counter()
    for _ in range(count):
        public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    return count / (time.perf_counter() - started)

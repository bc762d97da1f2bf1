"""What the benchmarks run against: the platform's web server with a Saleor made of keys only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.demo_process import free_ports

API_URL = "http://saleor.test/graphql/"
KEY_ID = "bench"
PRODUCTS = 200


@dataclass
class World:
    port: int
    key: rsa.RSAPrivateKey
    #: What Saleor asks for taxes and delivery, as `ponte-answers` of docker-compose.yml runs it.
    answers_port: int
    servers: tuple[subprocess.Popen[bytes], ...]

    def headers(self, body: bytes, event: str) -> dict[str, str]:
        """Headers of a webhook as Saleor sends it, signature included."""
        signature = jwt.api_jws.encode(
            body,
            self.key,
            algorithm="RS256",
            headers={"kid": KEY_ID, "b64": False, "crit": ["b64"]},
            is_payload_detached=True,
        )
        return {
            "Content-Type": "application/json",
            "Saleor-Event": event,
            "Saleor-Api-Url": API_URL,
            "Saleor-Signature": signature,
        }

    def stop(self) -> None:
        for server in self.servers:
            server.terminate()
        for server in self.servers:
            server.wait(20)


def make() -> World:
    """Fill the test database and start the web server as production does."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    from saleor_ext.demo.seed import enter_all

    enter_all(lambda line: None)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _connect_saleor(key)
    _fill_catalogue()
    call_command("collectstatic", verbosity=0, interactive=False)
    port, answers_port = free_ports(2)
    servers = (_serve(port), _serve(answers_port, "--answers"))
    return World(port, key, answers_port, servers)


def _serve(port: int, *options: str) -> subprocess.Popen[bytes]:
    """Start a web server and return when it answers."""
    command = [sys.executable, "-m", "saleor_ext.cli", "web", "--bind", f"127.0.0.1:{port}", *options]
    server = subprocess.Popen(
        command, env={**os.environ, "PONTE_LOG_LEVEL": "ERROR"}, stdout=subprocess.DEVNULL
    )
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).read()
            break
        except OSError:
            time.sleep(0.1)
    return server


def app_id(identifier: str) -> str:
    return f"App:{identifier}"


def _connect_saleor(key: rsa.RSAPrivateKey) -> None:
    from saleor_ext.core import clock
    from saleor_ext.link.models import SaleorAppInstall, SaleorInstance

    public: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    jwks = {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
    instance, _ = SaleorInstance.objects.update_or_create(
        api_url=API_URL, defaults={"domain": "saleor.test", "jwks": jwks, "jwks_fetched_at": clock.now()}
    )
    for identifier in ("ponte.platform", "ponte.customs", "ponte.logistics"):
        SaleorAppInstall.objects.update_or_create(
            instance=instance,
            identifier=identifier,
            defaults={"token": "x" * 30, "saleor_app_id": app_id(identifier), "installed_at": clock.now()},
        )


def _fill_catalogue() -> None:
    """Products as the projection writes them, with texts of a believable length."""
    from saleor_ext.catalogue.models import Category, Product
    from saleor_ext.core import clock

    category, _ = Category.objects.get_or_create(
        saleor_id="Category:1", defaults={"slug": "bakery", "names": {"zh-hans": "手信", "en": "Bakery"}}
    )
    Product.objects.all().delete()
    text = "以传统炉火慢烤，选用本地磨坊的绿豆粉与整粒杏仁，甜而不腻，适合送礼与下午茶。" * 3
    description = json.dumps(
        {"blocks": [{"type": "paragraph", "data": {"text": text}}], "time": 0, "version": "2.0"},
        ensure_ascii=False,
    )
    Product.objects.bulk_create(
        Product(
            saleor_id=f"Product:{number}",
            slug=f"cookies-{number}",
            category=category,
            merchant="bench",
            lane="bonded_1210",
            warehouse="nansha",
            origin="446",
            texts={"zh-hans": {"name": f"杏仁饼 {number} 号礼盒", "short": text[:40], "description": description}},
            variants=[
                {"id": f"Variant:{number}", "sku": f"B-{number}", "names": {"zh-hans": "原味"}, "net": "88.00",
                 "gross": "96.01", "currency": "CNY", "stock": 50}
            ],
            pictures=[{"url": f"/media/{number}.webp", "alt": {"zh-hans": "杏仁饼"}}],
            currency="CNY",
            net_from=Decimal("88.00"),
            gross_from=Decimal("96.01"),
            synced_at=clock.now(),
        )
        for number in range(PRODUCTS)
    )  # fmt: skip

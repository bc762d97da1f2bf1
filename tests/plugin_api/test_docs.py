"""Runs the plugin that docs/plugins.md builds, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"
FILE = re.compile(r"<!-- file: (?P<path>[\w/.]+) -->\n```python\n(?P<code>.*?)```", re.DOTALL)

SCRIPT = """
import json, django
django.setup()
from decimal import Decimal
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Address, DeliveryRequest, registry
from saleor_ext.plugin_api import configuration
configuration.latest = lambda plugin: None  # no database in this process
from harbour_express import hooks
from plugins.nansha_logistics import delivery
from types import SimpleNamespace

def request(**changes):
    address = Address(phone="6612 3456")
    values = dict(lane="harbour", warehouse="macau", address=address, grams=800, value=Money(10, "CNY"))
    return DeliveryRequest(**{**values, **changes})

def box(lane):
    facts = [{"key": "ponte.lane", "value": lane}, {"key": "ponte.warehouse", "value": "macau"}]
    variant = {"sku": "A", "weight": {"value": 0.4, "unit": "KG"}, "metadata": [], "product": {"metadata": facts}}
    line = {"quantity": 2, "undiscountedUnitPrice": {"amount": 10}, "variant": variant}
    return {"channel": {"currencyCode": "CNY"}, "shippingAddress": {"country": {"code": "MO"}}, "lines": [line]}

parcel = SimpleNamespace(lane="harbour", number="PT1", consignee=Address(phone="6612 3456"))
ask = registry.ask
print(json.dumps({
    "lanes": [lane.code for lane in ask("lanes") if lane.code == "harbour"],
    "price": [str(option.price) for option in hooks.delivery_options(request())],
    "in Saleor": [m["id"] for m in delivery.shipping_list_methods(None, {"checkout": box("harbour")})],
    "heavy": hooks.delivery_options(request(grams=5001)),
    "other lane": hooks.delivery_options(request(lane="postal")),
    "steps": [step.name for step in hooks.parcel_steps(parcel)],
    "label": hooks.ride(parcel).data["label"],
    "health": [item.status for item in hooks.health()],
}))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = list(FILE.finditer(PAGE.read_text(encoding="utf-8")))
    assert [file["path"] for file in files] == [
        "harbour_express/__init__.py",
        "harbour_express/config.py",
        "harbour_express/plugin.py",
        "harbour_express/hooks.py",
    ]
    for file in files:
        target = tmp_path / file["path"]
        target.parent.mkdir(exist_ok=True)
        target.write_text(file["code"], encoding="utf-8")
    return tmp_path


def test_the_plugin_of_the_page_works(package: Path) -> None:
    environment = {
        **os.environ,
        "PONTE_EXTRA_PLUGINS": "harbour_express.plugin:plugin",
        "PYTHONPATH": f"{package}{os.pathsep}{PAGE.parents[1]}",
        "DJANGO_SETTINGS_MODULE": "saleor_ext.config.settings",
    }
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "lanes": ["harbour"],
        "price": ["15.00 CNY"],
        "in Saleor": ["harbour-day"],
        "heavy": [],
        "other lane": [],
        "steps": ["ride"],
        "label": "HX-PT1",
        "health": ["warning"],
    }


def test_the_page_imports_only_the_public_contract() -> None:
    code = "\n".join(file["code"] for file in FILE.finditer(PAGE.read_text(encoding="utf-8")))
    imported = set(re.findall(r"^from (saleor_ext[\w.]*)", code, re.MULTILINE))
    assert imported == {
        "saleor_ext.core.errors",
        "saleor_ext.core.money",
        "saleor_ext.plugin_api",
        "saleor_ext.plugin_api.configuration",
    }

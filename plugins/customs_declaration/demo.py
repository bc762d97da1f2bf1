"""Joins the plugin to the sandbox's port; run by ``ponte seed`` in a demonstration. All firms are invented."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import configuration

from .plugin import plugin
from .signing import make_demo_key

#: Where the sandbox's customs take payment data.
UPLOAD_PATH = "/ceb2grab/grab/realTimeDataUpload"
FIRMS = {
    "ebp_code": "44019801PT",
    "ebp_name": "桥跨境电商平台（演示）",
    "ebc_code": "4401980001",
    "ebc_name": "南沙示范电商服务有限公司",
    "agent_code": "4401980001",
    "agent_name": "南沙示范电商服务有限公司",
    "cop_code": "4401980001",
    "cop_name": "南沙示范电商服务有限公司",
    "dxp_id": "DXPENT0000980001",
    "area_code": "44016A0001",
    "area_name": "南沙示范保税仓有限公司",
    "guarantee_limit": "500000.00",
}


def configure(sandbox_dir: Path, sandbox_url: str) -> None:  # every plugin is joined by the same call
    """Make the demonstration key and save the sandbox's drop folder, unless it is in force already."""
    make_demo_key(platform_settings().var_dir / "customs")
    folder = os.environ.get("SANDBOX_CUSTOMS_DROP") or str(sandbox_dir / "customs")
    row = configuration.latest(plugin)
    values: dict[str, Any] = {**FIRMS, "transport": "folder"} if row is None else dict(row.values)
    ours: dict[str, Any] = {}
    # What an operator has changed in the console stays; only what lies in this start's sandbox follows it.
    if values.get("transport") == "folder":
        ours["folder"] = folder
    if values.get("realtime_url", "").endswith(UPLOAD_PATH) or not values.get("realtime_url"):
        ours["realtime_url"] = sandbox_url.rstrip("/") + UPLOAD_PATH
    if row is None or any(values.get(name) != value for name, value in ours.items()):
        configuration.save(plugin, {**values, **ours}, actor="ponte seed")

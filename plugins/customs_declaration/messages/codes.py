"""Code lists of the messages. Lists marked open are excerpts: a code outside them is a remark, not an error."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True)
class CodeList:
    """Codes with their Chinese names; ``closed`` lists hold every legal value."""

    name: str
    values: Mapping[str, str]
    closed: bool
    #: What a code of an open list looks like.
    shape: str = ".*"

    def plausible(self, code: str) -> bool:
        """Tell whether a code could be one that an open list does not have yet."""
        return re.fullmatch(self.shape, code) is not None


_SMALL = {
    "app_type": CodeList("app_type", {"1": "新增", "2": "变更", "3": "删除"}, closed=True),
    "app_status": CodeList("app_status", {"1": "暂存", "2": "申报"}, closed=True),
    "id_type": CodeList("id_type", {"1": "身份证", "2": "其他"}, closed=True),
    "dxp_mode": CodeList("dxp_mode", {"DXP": "数据交换平台"}, closed=True),
    "subscribe": CodeList("subscribe", {"ALL": "数据和回执", "DATA": "数据", "RET": "回执"}, closed=True),
    "tax_status": CodeList("tax_status", {"1": "已生成", "2": "已汇总", "3": "作废"}, closed=True),
    "trade_mode": CodeList(
        "trade_mode", {"9610": "电子商务", "1210": "保税电商", "1239": "保税电商A"}, closed=True
    ),
    "transport": CodeList(
        "transport",
        {
            "0": "非保税区",
            "1": "监管仓库",
            "2": "水路运输",
            "3": "铁路运输",
            "4": "公路运输",
            "5": "航空运输",
            "6": "邮件运输",
            "7": "保税区",
            "8": "保税仓库",
            "9": "其他方式运输",
            "G": "固定设施运输",
            "H": "边境特殊海关作业区",
            "L": "旅客携带",
            "T": "综合实验区",
            "W": "物流中心",
            "X": "物流园区",
            "Y": "保税港区/综合保税区",
            "Z": "出口加工区",
        },
        closed=True,
    ),
}


#: Lists in data files: whether they hold every code, and what a code looks like. Countries of the numeric list
#: begin with the continent, 1 to 7.
_FILES = {"unit": (True, r"\d{3}"), "country": (False, r"[1-7]\d{2}")}


@cache
def code_list(name: str) -> CodeList | None:
    """Return a code list by name; ``unit`` and ``country`` come from data files."""
    if name in _SMALL:
        return _SMALL[name]
    if name not in _FILES:
        return None
    closed, shape = _FILES[name]
    with (_DATA / f"{name}_codes.csv").open(encoding="utf-8", newline="") as file:
        return CodeList(name, {row["code"]: row["name"] for row in csv.DictReader(file)}, closed, shape)


def label(name: str, code: str) -> str:
    """Return the Chinese name of a code, or the code itself when it is in no list."""
    known = code_list(name)
    return known.values.get(code, code) if known else code

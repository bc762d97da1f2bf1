"""Where the official schemas and samples lie, when they lie beside the project; they are not part of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

BESIDE = Path(os.environ.get("PONTE_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
CUSTOMS = BESIDE / "customs"
SAMPLES = sorted((CUSTOMS / "samples" / "202205").glob("CEB*.xml"))

needs_schemas = pytest.mark.skipif(
    not (CUSTOMS / "xsd").exists(),
    reason="the official schemas are not beside the project (set PONTE_SHARED_DATA to their folder)",
)


def import_schema() -> etree.XMLSchema:
    folder = CUSTOMS / "xsd" / "202205"
    return etree.XMLSchema(etree.parse(str(folder / "海关跨境进口业务节点报文定义202205.xsd")))

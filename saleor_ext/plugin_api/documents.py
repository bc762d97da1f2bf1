"""GraphQL documents live in ``.graphql`` files beside the code that sends them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def document(package: str, path: str) -> str:
    """Return the text of a document, e.g. ``document("plugins.nansha_logistics", "graphql/fulfil.graphql")``."""
    return files(package).joinpath(path).read_text(encoding="utf-8")

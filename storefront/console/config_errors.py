"""Pydantic's complaints in the words and language of the person at the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from saleor_ext.plugin_api import PluginConfig

Words = Callable[[Mapping[str, Any]], str]

_WORDS: dict[str, Words] = {
    "missing": lambda c: _("This field is required."),
    "int_parsing": lambda c: _("Enter a whole number."),
    "int_type": lambda c: _("Enter a whole number."),
    "int_from_float": lambda c: _("Enter a whole number."),
    "float_parsing": lambda c: _("Enter a number."),
    "decimal_parsing": lambda c: _("Enter a number."),
    "bool_parsing": lambda c: _("Choose yes or no."),
    "date_from_datetime_parsing": lambda c: _("Enter a date as YYYY-MM-DD."),
    "date_parsing": lambda c: _("Enter a date as YYYY-MM-DD."),
    "greater_than": lambda c: _("Enter more than %(limit)s.") % {"limit": c["gt"]},
    "greater_than_equal": lambda c: _("Enter %(limit)s or more.") % {"limit": c["ge"]},
    "less_than": lambda c: _("Enter less than %(limit)s.") % {"limit": c["lt"]},
    "less_than_equal": lambda c: _("Enter %(limit)s or less.") % {"limit": c["le"]},
    "string_too_short": lambda c: _("Enter at least %(limit)s characters.") % {"limit": c["min_length"]},
    "string_too_long": lambda c: _("Enter at most %(limit)s characters.") % {"limit": c["max_length"]},
    "string_pattern_mismatch": lambda c: (
        _("This does not have the expected form: %(form)s") % {"form": c["pattern"]}
    ),
    "too_short": lambda c: _("Enter at least %(limit)s.") % {"limit": c["min_length"]},
    "too_long": lambda c: _("Enter at most %(limit)s.") % {"limit": c["max_length"]},
    "literal_error": lambda c: _("Choose one of: %(expected)s") % {"expected": c["expected"]},
    "enum": lambda c: _("Choose one of: %(expected)s") % {"expected": c["expected"]},
    "url_parsing": lambda c: _("Enter a complete address, beginning with http:// or https://."),
    "url_scheme": lambda c: _("Enter a complete address, beginning with http:// or https://."),
    "path_not_file": lambda c: _("There is no such file."),
}


def explain(
    model: type[PluginConfig], values: Mapping[str, Any], told: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """Return messages per field for values that were refused with the messages ``told``.

    The model is asked once more for the kinds of its complaints. Where that does not show the fault
    (a stored secret has a part in it), what was told stands.
    """
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        found: dict[str, list[str]] = {}
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else "__all__"
            found.setdefault(name, []).append(_place(problem["loc"][1:]) + words(problem))
        return {**{name: list(texts) for name, texts in told.items() if name not in found}, **found}
    return {name: list(texts) for name, texts in told.items()}


def words(problem: Mapping[str, Any]) -> str:
    """Say what is wrong; validators' own texts are translated already."""
    say = _WORDS.get(str(problem["type"]))
    if say is not None:
        return say(problem.get("ctx") or {})
    return str(problem["msg"]).removeprefix("Value error, ")


def _place(rest: tuple[int | str, ...]) -> str:
    """Name the row and column of a fault inside a list."""
    if not rest:
        return ""
    row = _("Row %(number)s") % {"number": rest[0] + 1} if isinstance(rest[0], int) else str(rest[0])
    column = f", {rest[1]}" if len(rest) > 1 else ""
    return f"{row}{column}: "

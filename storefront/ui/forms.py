"""The base of every form: the house's look, and refusals in words that say what to do."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .renderer import UiFormRenderer

#: Django's own texts speak of values and variables; these speak to people. Keys are Django's error codes.
WORDS = {
    "required": _("This field is required."),
    "max_length": _("At most %(limit_value)d characters; there are %(show_value)d now."),
    "min_length": _("At least %(limit_value)d characters; there are %(show_value)d now."),
    "max_value": _("At most %(limit_value)s."),
    "min_value": _("At least %(limit_value)s."),
    "null_characters_not_allowed": _(
        "There are characters in it that nobody can see. Type it again by hand."
    ),
}
#: Where the same code means different things.
_BY_KIND: tuple[tuple[type[forms.Field], str, Any], ...] = (
    (forms.EmailField, "invalid", _("This is not an e-mail address.")),
    (forms.IntegerField, "invalid", _("Enter a whole number.")),
    (forms.DecimalField, "invalid", _("Enter a number.")),
    (forms.ChoiceField, "invalid_choice", _("Choose one of those offered.")),
)
#: Control and formatting characters, private ones, halves of characters, and pictures such as emoji.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Co", "Cs", "So", "Sk"})


class HouseForm(forms.Form):
    """A form drawn with the components, whatever the site's default is."""

    default_renderer = UiFormRenderer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            speak_plainly(field)


def speak_plainly(field: forms.Field) -> None:
    """Give a field the house's words, but for those that its declaration gave it."""
    defaults: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        defaults.update(getattr(kind, "default_error_messages", {}))
    words = {**WORDS, **{code: text for kind, code, text in _BY_KIND if isinstance(field, kind)}}
    for code, text in words.items():
        if field.error_messages.get(code) is defaults.get(code):
            field.error_messages[code] = text


def folded(text: str) -> str:
    """Fold full-width letters, digits and signs, as input methods type them, to plain ones."""
    return unicodedata.normalize("NFKC", text)


def check_printable(text: str) -> None:
    """Refuse what cannot stand on a waybill or a declaration, naming it."""
    found = sorted({sign for sign in text if unicodedata.category(sign) in _UNPRINTABLE})
    if found:
        shown = " ".join(
            sign if unicodedata.category(sign) == "So" else f"U+{ord(sign):04X}" for sign in found[:5]
        )
        raise ValidationError(
            _("These characters cannot be printed on a waybill, take them out: %(found)s"),
            code="unprintable",
            params={"found": shown},
        )

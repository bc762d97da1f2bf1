"""Names of the places goods come from, by the customs country code (three digits) that listings carry."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

NAMES = {
    "110": _("Hong Kong"),
    "116": _("Japan"),
    "121": _("Macau"),
    "133": _("Korea"),
    "142": _("China"),
    "143": _("Taiwan"),
    "303": _("United Kingdom"),
    "304": _("Germany"),
    "305": _("France"),
    "307": _("Italy"),
    "311": _("Portugal"),
    "312": _("Spain"),
    "410": _("Brazil"),
    "501": _("Canada"),
    "502": _("United States"),
    "601": _("Australia"),
    "609": _("New Zealand"),
}


def country_name(code: str, language: str = "") -> str:
    """Return a place's name in the page's language or the one given; an unknown code stays a code."""
    name = NAMES.get(code)
    if name is None:
        return code
    if not language:
        return str(name)
    with override(language):
        return str(name)

"""Allergens that a listing may name."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

NAMES = {
    "gluten": _("gluten"),
    "egg": _("egg"),
    "milk": _("milk"),
    "nuts": _("tree nuts"),
    "peanut": _("peanut"),
    "sesame": _("sesame"),
    "soy": _("soy"),
    "fish": _("fish"),
    "crustacean": _("crustaceans"),
    "mollusc": _("molluscs"),
    "celery": _("celery"),
    "mustard": _("mustard"),
    "sulphites": _("sulphites"),
}

"""Sample data of the component page: fictitious, and of the shapes the pages use."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.money import Money

from .states import STATES
from .viewmodels import Breakdown, Column, Event, Link, NavGroup, PriceLine, Stat, Step, Table


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


class SampleForm(forms.Form):
    """One field of each kind, bound to a wrong entry so that the errors show."""

    name = forms.CharField(label=_("Name on the resident ID card"), max_length=30)
    number = forms.CharField(label=_("Resident ID number"), help_text=_("18 characters, as on the card"))
    lane = forms.ChoiceField(label=_("Delivery"), choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    country = forms.ChoiceField(label=_("Province"), choices=[("", "—"), ("44", "广东省")])
    note = forms.CharField(label=_("Note"), widget=forms.Textarea, required=False)
    agree = forms.BooleanField(label=_("I have read the consumer notice and agree to it."))


def sample_breakdown() -> Breakdown:
    return Breakdown(
        total=cny("139.65"),
        lines=(
            PriceLine(_("Goods"), cny("128.00")),
            PriceLine(_("Import tax"), cny("11.65"), "9.1%"),
            PriceLine(_("Delivery charge"), cny("0.00")),
        ),
        rule=_("Within the limits for cross-border retail import: no duty; VAT and consumption tax at 70 %."),
        source="财关税〔2018〕49号",
        read_on=date(2026, 11, 23),
    )


def sample_events() -> tuple[Event, ...]:
    at = datetime(2026, 11, 23, 2, 12, tzinfo=UTC)
    return (
        Event(_("Paid"), "wallet", "done", at),
        Event(_("Declared to customs"), "stamp", "done", at, reference="51652026I000000042"),
        Event(_("Released by customs"), "done", "now", None),
        Event(_("Packed in Nansha"), "parcel"),
        Event(_("On the road"), "truck"),
        Event(_("Delivered"), "home"),
    )


def context() -> dict[str, Any]:
    return {
        "money": cny("1280.50"),
        "most": cny("5000"),
        "breakdown_sample": sample_breakdown(),
        "events": sample_events(),
        "states": tuple(STATES),
        "steps": (
            Step(_("Address"), "past", "#"),
            Step(_("Real name"), "now"),
            Step(_("Delivery")),
            Step(_("Payment")),
        ),
        "crumb": Link(_("Home"), "/"),
        "tab_links": (
            Link(_("All"), "#", current=True, count=41),
            Link(_("Drafts"), "#drafts", count=3),
            Link(_("Published"), "#published"),
        ),
        "tiles": (
            Stat(_("Orders today"), "18", "parcel"),
            Stat(_("Waiting for customs"), "4", "stamp", _("oldest 26 min"), "yellow"),
            Stat(_("Payable to merchants"), "MOP$8,412", "wallet"),
        ),
        "table": Table(
            _("Orders"),
            (Column(_("Number")), Column(_("State"), "state"), Column(_("Amount"), "right")),
            tuple(
                (Link(f"PT{2611230 + n}", "#"), code, "¥139.65") for n, code in enumerate(list(STATES)[13:28])
            ),
        ),
        "nav": (
            NavGroup("", (Link(_("Overview"), "#", "chart", True), Link(_("Listings"), "#", "tag", count=3))),
            NavGroup(_("Settings"), (Link(_("Plugins"), "#", "plug"),)),
        ),
    }

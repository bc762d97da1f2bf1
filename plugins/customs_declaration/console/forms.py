"""Forms of the customs pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import VariantFacts, console

from ..messages.codes import code_list


class ConsoleForm(forms.Form):
    """A form that refuses in the house's words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        console().speak(self)


class ReasonForm(ConsoleForm):
    """Why an operator does something; it goes into the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Say why: the audit log needs a reason.")},
    )


class DayForm(ConsoleForm):
    """The day of a report."""

    day = forms.DateField(required=False)


def _units() -> list[tuple[str, str]]:
    known = code_list("unit")
    return [("", "–"), *((code, f"{code} {name}") for code, name in (known.values if known else {}).items())]


class LineForm(ConsoleForm):
    """What was noted of an article when it was sold, for this parcel only. Lengths are those of the messages."""

    name = forms.CharField(label=_("Name of the goods"), max_length=250)
    gmodel = forms.CharField(label=_("Specification (gmodel)"), max_length=510)
    origin = forms.CharField(label=_("Country of origin (customs code)"), max_length=3)
    barcode = forms.CharField(label=_("Barcode"), max_length=50, required=False)
    item_record_no = forms.CharField(label=_("Record number in the book"), max_length=30, required=False)
    unit = forms.ChoiceField(label=_("Unit"), choices=lazy(_units, list))
    unit1 = forms.ChoiceField(label=_("First legal unit"), choices=lazy(_units, list))
    qty1 = forms.DecimalField(label=_("First legal quantity of a piece"), max_digits=19, decimal_places=5)
    unit2 = forms.ChoiceField(label=_("Second legal unit"), choices=lazy(_units, list), required=False)
    qty2 = forms.DecimalField(
        label=_("Second legal quantity of a piece"), max_digits=19, decimal_places=5, required=False
    )
    net_g = forms.IntegerField(label=_("Net weight of a piece (g)"), min_value=1)
    gross_g = forms.IntegerField(label=_("Gross weight of a piece (g)"), min_value=1)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Say why: the audit log needs a reason.")},
    )

    @classmethod
    def of(cls, facts: VariantFacts, prefix: str, data: Any = None) -> LineForm:
        """Make the form of one line, filled with what is noted now."""
        initial = {name: getattr(facts, name) for name in cls.base_fields if name != "reason"}
        return cls(data, initial=initial, prefix=prefix)

    def clean_origin(self) -> str:
        code: str = self.cleaned_data["origin"]
        known = code_list("country")
        if known is not None and not known.plausible(code):
            raise ValidationError(
                _("This is no country code of customs: three digits, the first from 1 to 7.")
            )
        return code

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if bool(data.get("unit2")) != bool(data.get("qty2")):
            self.add_error("qty2", _("Second unit and second quantity go together."))
        for name in ("qty1", "qty2"):
            if data.get(name) is not None and data[name] <= 0:
                self.add_error(name, _("Enter a quantity above nought."))
        if data.get("net_g") and data.get("gross_g") and data["net_g"] > data["gross_g"]:
            self.add_error("gross_g", _("The gross weight is not below the net weight."))
        return data

    def changes(self) -> dict[str, Any]:
        """Return the facts that were changed."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}

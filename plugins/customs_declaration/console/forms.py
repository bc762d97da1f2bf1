"""Forms of the customs pages."""

from __future__ import annotations

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api import ParcelLine, ParcelView, console

from .. import mending
from ..config import BONDED
from ..identity_checks import id_number_ok, name_ok
from ..messages.codes import code_list
from ..tax import FEN


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


def reason_field() -> forms.CharField:
    """Return the field that every form with a consequence has."""
    return forms.CharField(
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


class CorrectionForm(ConsoleForm):
    """Values of which some are asked for by the reason of a stop: those come first and say so."""

    def __init__(self, *args: Any, asked: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked = [name for name in self.fields if name in asked]
        for name in self.asked:
            self.fields[name].help_text = _("Named in the reason.")

    @property
    def first(self) -> list[forms.BoundField]:
        """The fields that are asked for; all but the reason where none is."""
        return [self[name] for name in self.asked] or self._others()

    @property
    def rest(self) -> list[forms.BoundField]:
        return self._others() if self.asked else []

    @property
    def rest_failed(self) -> bool:
        return any(one.errors for one in self.rest)

    def _others(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name != "reason" and name not in self.asked]


class LineForm(CorrectionForm):
    """What is declared of an article, for this parcel only. Lengths are those of the messages."""

    name = forms.CharField(label=_("Name of the goods"), max_length=250)
    gmodel = forms.CharField(label=_("Specification (gmodel)"), max_length=510)
    hs_code = forms.RegexField(
        r"^[0-9]{10}$",
        label=_("HS code"),
        error_messages={"invalid": _("An HS code here has ten digits.")},
    )
    origin = forms.CharField(label=_("Country of origin (customs code)"), max_length=3)
    barcode = forms.CharField(label=_("Barcode"), max_length=50, required=False)
    item_record_no = forms.CharField(label=_("Record number in the book"), max_length=30, required=False)
    declared_quantity = forms.IntegerField(label=_("Quantity declared"), min_value=1, max_value=10**9)
    declared_price = forms.DecimalField(
        label=_("Unit price declared (yuan)"), max_digits=17, decimal_places=5, min_value=0
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=lazy(_units, list))
    unit1 = forms.ChoiceField(label=_("First legal unit"), choices=lazy(_units, list))
    qty1 = forms.DecimalField(label=_("First legal quantity of a piece"), max_digits=19, decimal_places=5)
    unit2 = forms.ChoiceField(label=_("Second legal unit"), choices=lazy(_units, list), required=False)
    qty2 = forms.DecimalField(
        label=_("Second legal quantity of a piece"), max_digits=19, decimal_places=5, required=False
    )
    net_g = forms.IntegerField(label=_("Net weight of a piece (g)"), min_value=1)
    gross_g = forms.IntegerField(label=_("Gross weight of a piece (g)"), min_value=1)
    reason = reason_field()

    def __init__(self, *args: Any, line: ParcelLine, parcel: ParcelView, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.line, self.parcel = line, parcel

    @classmethod
    def of(
        cls, line: ParcelLine, parcel: ParcelView, asked: Collection[str] = (), data: Any = None
    ) -> LineForm:
        """Make the form of one line, filled with what is declared now."""
        own = {"declared_quantity": line.declared_quantity, "declared_price": line.declared_price}
        facts = {name: getattr(line.facts, name) for name in cls.base_fields if name not in (*own, "reason")}
        return cls(
            data, initial={**facts, **own}, prefix=f"line-{line.gnum}", asked=asked, line=line, parcel=parcel
        )

    def clean_origin(self) -> str:
        code: str = self.cleaned_data["origin"]
        known = code_list("country")
        if known is not None and not known.plausible(code):
            raise ValidationError(
                _("This is no country code of customs: three digits, the first from 1 to 7.")
            )
        return code

    def clean_hs_code(self) -> str:
        code: str = self.cleaned_data["hs_code"]
        if code == self.line.facts.hs_code:
            return code
        if mending.not_listed(code, self.parcel.lane):
            raise ValidationError(
                _("This code is not on the positive list: the goods may not come in by it.")
            )
        try:
            mending.tax_with(self.parcel, self.line.gnum, code)
        except PermanentError as error:
            raise ValidationError(
                _("No tax can be worked out for this code: %(reason)s"), params={"reason": error.message}
            ) from error
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
        self._check_figures(data)
        return data

    def _check_figures(self, data: dict[str, Any]) -> None:
        """Quantity and price may be told otherwise only as long as they come to what was paid for the line."""
        quantity, price = data.get("declared_quantity"), data.get("declared_price")
        changed = {"declared_quantity", "declared_price"} & set(self.changed_data)
        if quantity is None or price is None or not changed:
            return
        sold, paid = self.line.quantity, self.line.total.amount
        if quantity != sold and self.parcel.lane == BONDED:
            self.add_error(
                "declared_quantity",
                _("%(sold)s pieces are held in the bonded book, so %(sold)s have to be declared.")
                % {"sold": sold},
            )
        elif quantity % sold:
            self.add_error(
                "declared_quantity",
                _("A sold piece has to be a whole number of declared ones: a multiple of %(sold)s.")
                % {"sold": sold},
            )
        elif (price * quantity).quantize(FEN, ROUND_HALF_UP) != paid:
            text = _(
                "%(price)s × %(quantity)s is %(made)s, but %(paid)s were paid: customs compare the payment."
            )
            made = f"{(price * quantity).normalize():f}"
            told = {"price": f"{price:f}", "quantity": quantity, "made": made, "paid": f"{paid:.2f}"}
            self.add_error("declared_price", text % told)

    def changes(self) -> dict[str, Any]:
        """Return what was changed, by the names that the platform takes."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "reason"}

    def tax_after(self) -> Decimal | None:
        """Return the tax by a code that was changed, None when it was not."""
        if "hs_code" not in self.changed_data:
            return None
        return mending.tax_with(self.parcel, self.line.gnum, self.cleaned_data["hs_code"])


class ConsigneeForm(CorrectionForm):
    """Who receives the parcel and where, as it is declared. What is left empty stays as it is: nothing is shown."""

    name = forms.CharField(label=_("Consignee"), max_length=100, required=False)
    phone = forms.CharField(label=_("Consignee's telephone"), max_length=50, required=False)
    province = forms.CharField(label=_("Province"), max_length=60, required=False)
    city = forms.CharField(label=_("City"), max_length=60, required=False)
    district = forms.CharField(label=_("District"), max_length=60, required=False)
    street = forms.CharField(label=_("Street and number"), max_length=120, required=False)
    reason = reason_field()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not any(value for name, value in data.items() if name != "reason"):
            raise ValidationError(_("Enter at least one value."))
        return data

    def changes(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if value and name != "reason"}


class BuyerForm(CorrectionForm):
    """Who orders, entered anew as printed on the resident ID; nothing is taken over from the person before."""

    name = forms.CharField(label=_("Buyer's name"), max_length=60)
    id_number = forms.CharField(
        label=_("Resident ID number"), max_length=24, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(label=_("Buyer's telephone"), max_length=30)
    reason = reason_field()

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not name_ok(name):
            raise ValidationError(_("This is no Chinese name as printed on a resident ID."))
        return name

    def clean_id_number(self) -> str:
        number = "".join(str(self.cleaned_data["id_number"]).split()).upper()
        if not id_number_ok(number):
            raise ValidationError(_("This number fails the check of resident IDs."))
        return number

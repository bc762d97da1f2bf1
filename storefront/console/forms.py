"""Small forms of the console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from saleor_ext.merchants.models import Merchant
from saleor_ext.plugin_api.accounts import NAME
from storefront.ui.forms import HouseForm


class SignInForm(HouseForm):
    """A Saleor account's e-mail and password."""

    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ReasonForm(HouseForm):
    """Why an operator does something; it goes into the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Kept in the audit log with your name."),
        error_messages={"required": _("Say why: the audit log needs a reason.")},
    )


class NameForm(HouseForm):
    """The name of a new account; it never changes, for partners are told addresses with it."""

    name = forms.CharField(
        label=_("Name"),
        max_length=20,
        help_text=_("Small letters, digits and hyphens. Partners are told an address with it, so it stays."),
    )

    def __init__(self, *args: Any, taken: Callable[[str], bool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._taken = taken

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not NAME.fullmatch(name):
            raise forms.ValidationError(_("Use small letters, digits and hyphens, at most 20."))
        if self._taken(name):
            raise forms.ValidationError(_("There is an account of this name already."))
        return name


class PayoutDraftForm(HouseForm):
    """Which payouts to gather."""

    day = forms.DateField(label=_("Day of payment"))
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(code, code) for code in ("CNY", "HKD", "MOP")]
    )


class CommissionRuleForm(HouseForm):
    """A commission rule; empty fields fit everything."""

    merchant = forms.SlugField(label=_("Merchant"), max_length=80, required=False)
    lane = forms.SlugField(label=_("Lane"), max_length=20, required=False)
    hs_prefix = forms.RegexField(
        r"^[0-9]*\Z", label=_("Commodity code begins with"), max_length=10, required=False
    )
    since = forms.DateField(label=_("From"))
    percent = forms.DecimalField(
        label=_("Percent"), min_value=0, max_value=100, max_digits=6, decimal_places=3
    )
    minimum = forms.DecimalField(
        label=_("At least"), min_value=0, max_digits=12, decimal_places=2, required=False
    )
    cap = forms.DecimalField(label=_("At most"), min_value=0, max_digits=12, decimal_places=2, required=False)


class RuleEndForm(HouseForm):
    """The last day of a commission rule."""

    until = forms.DateField(label=_("Last day"))


class RatesForm(HouseForm):
    """Reference rates as CSV."""

    file = forms.FileField(label="CSV")


class BankStatementForm(HouseForm):
    """The bank's statement as it comes."""

    file = forms.FileField(label=_("File"))


class BankDetailsForm(HouseForm):
    """Where a merchant is paid; the account number is sealed and never shown again whole."""

    merchant = forms.CharField(label=_("Merchant"), max_length=80)
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(code, code) for code in ("CNY", "HKD", "MOP")]
    )
    holder = forms.CharField(label=_("Account holder"), max_length=140)
    bic = forms.CharField(label="BIC", max_length=14)
    account = forms.CharField(label=_("Account number"), max_length=50)

    def clean_merchant(self) -> str:
        slug = str(self.cleaned_data["merchant"])
        if not Merchant.objects.filter(slug=slug).exists():
            raise forms.ValidationError(_("There is no such merchant."))
        return slug

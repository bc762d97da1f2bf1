"""Small forms of the console."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

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

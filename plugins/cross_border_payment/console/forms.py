"""Forms of the payment pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from saleor_ext.plugin_api import console


class ConsoleForm(forms.Form):
    """A form that refuses in the house's words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        console().speak(self)


class ReasonForm(ConsoleForm):
    """Why an operator does something; it goes into the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        error_messages={"required": _("Say why: the audit log needs a reason.")},
    )


class RefundForm(ReasonForm):
    """How much goes back; ``token`` makes a form that is sent twice one refund."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    amount = forms.DecimalField(label=_("Amount"), max_digits=14, decimal_places=2, min_value=0)


class DayForm(ConsoleForm):
    """The day of a statement."""

    day = forms.DateField(label=_("Day"))

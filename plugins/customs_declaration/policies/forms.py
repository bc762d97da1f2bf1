"""Forms of the pages of policy tables."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import clock
from saleor_ext.core.errors import ConfigurationError

from .. import tables


class ProposalForm(forms.Form):
    """An edition to propose: from when, from where, and its table as text or as a file."""

    effective_from = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The first day in China on which it holds; not before today."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Source"), max_length=300,
        help_text=_("Announcement with its number, or the address it was read at."),
    )  # fmt: skip
    read_on = forms.DateField(label=_("Read on"), widget=forms.DateInput(attrs={"type": "date"}))
    content = forms.CharField(
        label=_("Table"), required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "mono"}),
    )  # fmt: skip
    file = forms.FileField(
        label=_("or a file"), required=False, help_text=_("CSV or XLSX; it is taken instead of the text."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )  # fmt: skip

    def __init__(self, *args: Any, tabular: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not tabular:
            del self.fields["file"]

    def clean_file(self) -> str:
        """Return the table of an uploaded file as CSV text."""
        given: UploadedFile[Any] | None = self.cleaned_data.get("file")
        if given is None:
            return ""
        suffix = Path(given.name or "").suffix.lower()
        if suffix not in {".csv", ".xlsx"}:
            raise ValidationError(_("Choose a CSV or XLSX file."))
        if (given.size or 0) > tables.MAX_BYTES:
            raise ValidationError(_("The file is too large."))
        with tempfile.NamedTemporaryFile(suffix=suffix) as kept:
            for piece in given.chunks():
                kept.write(piece)
            kept.flush()
            try:
                return tables.as_csv(Path(kept.name))
            except ConfigurationError as error:
                raise ValidationError(error.message.replace(Path(kept.name).name, given.name or "")) from None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        data["table"] = data.get("file") or data.get("content") or ""
        if not self.errors and not data["table"].strip():
            self.add_error("content", _("Enter the table or choose a file."))
        return data


class RefusalForm(forms.Form):
    """Why an edition is refused or taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Say why: the audit log needs a reason.")},
    )


def today() -> str:
    """Return today in China as a date field takes it."""
    return clock.china_today().isoformat()

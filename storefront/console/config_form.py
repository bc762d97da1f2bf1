"""A Django form made from a plugin's pydantic model.

The form only carries values: what is right is decided by the model alone, so that there is one set of
checks. Secrets are write-only: they are never sent to the browser, and an empty field keeps the stored one.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from saleor_ext.plugin_api import PluginConfig
from storefront.ui.forms import WORDS, HouseForm

#: Empty rows offered below the filled ones of a list.
SPARE_ROWS = 2
#: Longer texts get a text area.
LONG_TEXT = 200


class SecretText(forms.Textarea):
    """A text area that is written only: what was typed is not sent back, not even when it was refused."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, None, attrs)


class RowsWidget(forms.Widget):
    """A table with one row per entry of a list of small models; rows left empty are dropped."""

    template_name = "console/widgets/rows.html"

    def __init__(self, model: type[BaseModel]) -> None:
        super().__init__()
        self.columns = list(model.model_fields)
        self.titles = [gettext_title(name, info) for name, info in model.model_fields.items()]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        filled = [row for row in value or [] if isinstance(row, Mapping)]
        context["widget"]["titles"] = [str(title) for title in self.titles]
        context["widget"]["rows"] = [
            [
                (f"{name}-{number}-{column}", str(title), row.get(column, ""))
                for column, title in zip(self.columns, self.titles, strict=True)
            ]
            for number, row in enumerate([*filled, *({} for _ in range(SPARE_ROWS))])
        ]
        return context

    def value_from_datadict(
        self,
        data: Mapping[str, Any],
        files: MultiValueDict[str, Any],  # Django's signature
        name: str,
    ) -> list[dict[str, str]]:
        rows = []
        number = 0
        while f"{name}-{number}-{self.columns[0]}" in data:
            row = {column: str(data.get(f"{name}-{number}-{column}", "")).strip() for column in self.columns}
            if any(row.values()):
                rows.append(row)
            number += 1
        return rows

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:  # Django's signature
        return False

    def id_for_label(self, id_: str) -> str:
        return ""


class LinesField(forms.CharField):
    """A list of short texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(item) for item in value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a list where CharField has text
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def validate(self, value: Any) -> None:
        super().validate(value)
        refuse_nul(value)


class RowsField(forms.Field):
    def __init__(self, *, model: type[BaseModel], **options: Any) -> None:
        super().__init__(widget=RowsWidget(model), **options)

    def validate(self, value: Any) -> None:
        super().validate(value)
        refuse_nul(text for row in value or [] for text in row.values())


def refuse_nul(texts: Iterable[str]) -> None:
    """Refuse NUL in the texts of a list: Django looks for it in single texts only, and PostgreSQL takes none."""
    if any("\0" in text for text in texts):
        raise forms.ValidationError(WORDS["null_characters_not_allowed"], code="null_characters_not_allowed")


def form_for(model: type[PluginConfig]) -> type[forms.Form]:
    """Make the form class of a configuration model."""
    fields = {name: field_for(name, info) for name, info in model.model_fields.items()}
    return type(f"{model.__name__}Form", (HouseForm,), fields)


def field_for(name: str, info: FieldInfo) -> forms.Field:
    kind, optional = unwrap(info.annotation)
    common: dict[str, Any] = {
        "label": gettext_title(name, info),
        "help_text": _lazy(info.description),
        "required": False,
        # Whether a value may be left out is for the model to say, so no field is called optional.
        "template_name": "console/widgets/field.html",
    }
    if kind is SecretStr:
        return _secret(info, common)
    if kind is bool:
        return forms.BooleanField(**common)
    if choices := _choices(kind):
        return forms.ChoiceField(choices=[("", "—"), *choices] if optional else choices, **common)
    item = _item(kind)
    if item is not None:
        if isinstance(item, type) and issubclass(item, BaseModel):
            return RowsField(model=item, **common)
        return LinesField(**common)
    return _plain(kind, info, common)


def _plain(kind: Any, info: FieldInfo, common: dict[str, Any]) -> forms.Field:
    """Numbers are texts with a hint for the keyboard: the model reads them and says what is wrong."""
    if kind is int:
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "numeric"}), **common)
    if kind in (float, Decimal):
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **common)
    if kind is date:
        return forms.CharField(widget=forms.TextInput(attrs={"placeholder": "2026-01-31"}), **common)
    longest = next((m.max_length for m in info.metadata if hasattr(m, "max_length")), None)
    if longest and longest > LONG_TEXT:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    return forms.CharField(**common)


def _secret(info: FieldInfo, common: dict[str, Any]) -> forms.Field:
    """Keys in PEM form have several lines, which a password field would lose."""
    attributes: dict[str, Any] = {"autocomplete": "off", "spellcheck": "false"}
    if "PEM" in (info.description or ""):
        return forms.CharField(widget=SecretText(attrs={**attributes, "rows": 4}), **common)
    return forms.CharField(
        widget=forms.PasswordInput(attrs={**attributes, "autocomplete": "new-password"}), **common
    )


def unwrap(annotation: Any) -> tuple[Any, bool]:
    """Take ``Annotated`` and ``| None`` off an annotation; return what is left and whether None is allowed."""
    if get_origin(annotation) is Annotated:
        return unwrap(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [arg for arg in get_args(annotation) if arg is not type(None)]
        if len(rest) == 1:
            return unwrap(rest[0])[0], len(rest) < len(get_args(annotation))
    return annotation, False


def _choices(kind: Any) -> list[tuple[str, str]]:
    if get_origin(kind) is Literal:
        return [(str(value), str(value)) for value in get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [(str(member.value), str(member.value)) for member in kind]
    return []


def _item(kind: Any) -> Any:
    """Return the type of a list's entries, None when it is no list."""
    if get_origin(kind) in (list, tuple, set, frozenset, Sequence):
        arguments = [arg for arg in get_args(kind) if arg is not Ellipsis]
        return unwrap(arguments[0])[0] if arguments else str
    return None


def gettext_title(name: str, info: FieldInfo) -> Any:
    """Titles are English message ids in the model; they are translated when shown."""
    return _lazy(info.title) if info.title else name.replace("_", " ").capitalize()


def _lazy(text: str | None) -> Any:
    return _(text) if text else ""


def initial_of(config: PluginConfig) -> dict[str, Any]:
    """Return what the form shows first: everything but secrets."""
    return config.model_dump(mode="json", exclude=set(config.secret_fields()))


def values_of(model: type[PluginConfig], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a form's values into the model's input: what was left empty falls back to the default."""
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        value = cleaned.get(name)
        kind, optional = unwrap(info.annotation)
        if value == "" and kind is not str and kind is not SecretStr:
            if optional:
                values[name] = None
            continue
        values[name] = value
    return values


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name the open values that differ between two versions."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))

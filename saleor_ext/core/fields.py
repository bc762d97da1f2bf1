"""Model fields for sealed values and their blind indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from . import crypto

if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
    _TextField = models.TextField[str | None, str]
else:  # Django's field classes take no type arguments at run time
    _CharField = models.CharField
    _TextField = models.TextField


class Sealed(str):
    """A token as it lies in the database, not yet opened."""


class _Opener:
    """Opens a sealed attribute on first access; the row's own key is part of the lock."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        try:
            value = instance.__dict__[self.field.attname]
        except KeyError:
            instance.refresh_from_db(fields=[self.field.attname])
            value = instance.__dict__[self.field.attname]
        if isinstance(value, Sealed):
            return crypto.open_sealed(value, self.field.associated(instance))
        return value

    def __set__(self, instance: models.Model, value: object) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(_TextField):
    """Text sealed at rest; reads as plain text on an instance.

    The primary key must be known before saving (use a UUID with a default), because it is part
    of the associated data. Values cannot be filtered on and ``update()`` refuses plain text.
    """

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Opener(self))

    def associated(self, instance: models.Model) -> str:
        if instance.pk is None:
            raise ValueError("an encrypted field needs the row's primary key before saving")
        return f"{instance._meta.db_table}:{self.column}:{instance.pk}"

    def from_db_value(self, value: str | None, expression: object, connection: object) -> Sealed | None:
        return None if value is None else Sealed(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        return Sealed(crypto.seal(str(value), self.associated(model_instance)))

    def get_prep_value(self, value: Any) -> str | None:
        if value is None or isinstance(value, Sealed):
            return value
        raise TypeError("plain text must not reach the database: save the instance instead")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise TypeError("encrypted values cannot be searched; use a blind index")

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.pre_save(obj, add=False) or "")


class BlindIndexField(_CharField):
    """Look-up index of a sealed sibling field; set by itself whenever the row is saved.

    Filter with ``Model.field_index(value)``-style helpers: ``crypto.blind_index(normalised, purpose)``
    where ``purpose`` is the one given here.
    """

    def __init__(self, *, source: str = "", purpose: str = "", **options: Any) -> None:
        self.source = source
        self.purpose = purpose
        options.setdefault("max_length", crypto.INDEX_HEX_DIGITS)
        options.setdefault("editable", False)
        options.setdefault("db_index", True)
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source, "purpose": self.purpose}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = crypto.blind_index(str(getattr(model_instance, self.source)), self.purpose)
        setattr(model_instance, self.attname, value)
        return value

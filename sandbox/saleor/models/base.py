"""What many tables share: metadata, money columns, addresses."""

from __future__ import annotations

import functools
from typing import Any

from django.db import models

from sandbox.saleor.ids import to_global

# CNY, MOP and EUR have two digits; three leave room for computed unit prices.
money = functools.partial(models.DecimalField, max_digits=14, decimal_places=3, default=0)
short = functools.partial(models.CharField, max_length=255, blank=True, default="")


class Graph(models.Model):
    """A row that has a global id of its class name and key; `graph_key` names another column when it must."""

    graph_key = "pk"

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.graph_type} {self.pk}"

    @property
    def graph_type(self) -> str:
        return type(self).__name__

    @property
    def graph_id(self) -> str:
        return to_global(self.graph_type, getattr(self, self.graph_key))


class WithMetadata(Graph):
    metadata = models.JSONField(default=dict)
    private_metadata = models.JSONField(default=dict)

    class Meta:
        abstract = True


class Address(WithMetadata):
    first_name = short()
    last_name = short()
    company_name = short()
    street_address_1 = short()
    street_address_2 = short()
    city = short()
    city_area = short()
    postal_code = short()
    country_code = short(max_length=2)
    country_area = short()
    phone = short()

    def copy(self) -> Address:
        """Store a copy: an order keeps the address as it was when bought."""
        values: dict[str, Any] = {
            f.attname: getattr(self, f.attname) for f in self._meta.concrete_fields if not f.primary_key
        }
        return Address.objects.create(**values)

"""The Django app of the consumer shop; it has no models."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "storefront.shop"
    label = "storefront_shop"

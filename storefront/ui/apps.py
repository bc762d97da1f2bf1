"""The Django app of the shared components."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Holds templates, template tags and static files; it has no models."""

    name = "storefront.ui"
    label = "storefront_ui"

from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "saleor_ext.listings"
    label = "listings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import publishing  # noqa: F401  # registers the outbox handler

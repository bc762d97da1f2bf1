from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "saleor_ext.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import projection  # noqa: F401  # registers the outbox handler

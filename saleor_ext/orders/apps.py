from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "saleor_ext.orders"
    label = "orders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from saleor_ext.plugin_api.platform import set_platform

        from . import steps  # noqa: F401  # registers the outbox handlers
        from .platform import PonteServices

        set_platform(PonteServices())

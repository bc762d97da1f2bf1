from django.apps import AppConfig


class SettlementConfig(AppConfig):
    name = "saleor_ext.settlement"
    label = "settlement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from saleor_ext.plugin_api import banking

        from . import events  # noqa: F401  # registers the outbox handlers
        from .bank import reporting

        banking.set_bank(reporting.of_day)

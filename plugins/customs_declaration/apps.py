from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomsDeclarationConfig(AppConfig):
    name = "plugins.customs_declaration"
    label = "customs_declaration"
    verbose_name = _("Customs declaration")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Registers the inbox and outbox handlers.
        from . import (  # noqa: F401  # imported for their registrations
            cancelling,
            receipts,
            repeating,
            retrying,
            returns,
            withdrawing,
        )
        from .duties import following  # noqa: F401  # the same
        from .realtime import requests  # noqa: F401  # the same

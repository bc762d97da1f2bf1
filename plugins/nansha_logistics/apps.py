from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NanshaLogisticsConfig(AppConfig):
    name = "plugins.nansha_logistics"
    label = "nansha_logistics"
    verbose_name = _("Nansha logistics")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Registers the inbox and outbox handlers.
        from . import messages  # noqa: F401  # imported for its registrations

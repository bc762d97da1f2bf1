from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrossBorderPaymentConfig(AppConfig):
    name = "plugins.cross_border_payment"
    label = "cross_border_payment"
    verbose_name = _("Cross-border payment")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Registers the inbox and outbox handlers.
        from . import comparing, declarations, disputes, notify, reconciling, refunds, settling  # noqa: F401  # imported for their registrations

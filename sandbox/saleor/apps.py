"""Django registration of the stand-in."""

from django.apps import AppConfig


class SandboxSaleorConfig(AppConfig):
    name = "sandbox.saleor"
    label = "sandbox_saleor"
    verbose_name = "Ponte sandbox: stand-in for Saleor"
    # Saleor exposes 32-bit integer keys inside its global ids; small integers keep ours alike.
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        """Register background jobs and what a fresh database needs."""
        from sandbox.saleor import bootstrap, jobs  # noqa: F401 - importing registers their work

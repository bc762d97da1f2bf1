"""Django registration of the job table."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SandboxJobsConfig(AppConfig):
    name = "sandbox.jobs"
    label = "sandbox_jobs"

    def ready(self) -> None:
        """Find the handlers of all stand-ins, in the web process too (``schedule`` checks kinds)."""
        autodiscover_modules("handlers")

"""Django registration of the stand-in."""

from django.apps import AppConfig


class SandboxCarrierConfig(AppConfig):
    name = "sandbox.carrier"
    label = "sandbox_carrier"

    def ready(self) -> None:
        """Have the account written after each migrate."""
        from sandbox.carrier import account
        from sandbox.prepare import on_prepare

        on_prepare(account.write_config)

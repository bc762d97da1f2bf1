"""Django registration of the stand-in."""

from django.apps import AppConfig


class SandboxPspConfig(AppConfig):
    name = "sandbox.psp"
    label = "sandbox_psp"

    def ready(self) -> None:
        """Have the keys made after each migrate."""
        from sandbox.prepare import on_prepare
        from sandbox.psp import keys

        on_prepare(keys.make)

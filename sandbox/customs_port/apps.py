"""Django registration of the stand-in."""

from django.apps import AppConfig


class SandboxCustomsPortConfig(AppConfig):
    name = "sandbox.customs_port"
    label = "sandbox_customs_port"

    def ready(self) -> None:
        """Have the drop folders made after each migrate."""
        from sandbox.customs_port import drop
        from sandbox.prepare import on_prepare

        on_prepare(drop.make)

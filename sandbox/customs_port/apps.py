"""Django registration of the stand-in."""

from django.apps import AppConfig


class SandboxCustomsPortConfig(AppConfig):
    name = "sandbox.customs_port"
    label = "sandbox_customs_port"

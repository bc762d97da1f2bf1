"""Django registration of the stand-in."""

from django.apps import AppConfig


class SandboxPspConfig(AppConfig):
    name = "sandbox.psp"
    label = "sandbox_psp"

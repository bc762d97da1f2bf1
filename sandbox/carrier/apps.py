"""Django registration of the stand-in."""

from django.apps import AppConfig


class SandboxCarrierConfig(AppConfig):
    name = "sandbox.carrier"
    label = "sandbox_carrier"

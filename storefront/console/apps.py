from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "storefront.console"
    label = "console"

    def ready(self) -> None:
        from saleor_ext.plugin_api.console import set_console

        from .shell import ConsoleServices

        set_console(ConsoleServices())

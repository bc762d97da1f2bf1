from django.apps import AppConfig


class LinkConfig(AppConfig):
    name = "saleor_ext.link"
    label = "link"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import events  # noqa: F401  # registers the inbox handler of Saleor's messages

from django.apps import AppConfig


class PluginApiConfig(AppConfig):
    name = "saleor_ext.plugin_api"
    label = "plugin_api"
    default_auto_field = "django.db.models.BigAutoField"

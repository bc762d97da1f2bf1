from django.apps import AppConfig


class MerchantsConfig(AppConfig):
    name = "saleor_ext.merchants"
    label = "merchants"
    default_auto_field = "django.db.models.BigAutoField"

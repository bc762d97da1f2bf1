"""Addresses that customs call."""

from django.urls import path

from .realtime import views

app_name = "customs"
urlpatterns = [path("platDataOpen", views.plat_data_open, name="plat-data-open")]

"""Addresses of the carrier."""

from django.urls import path

from sandbox.carrier import views

urlpatterns = [
    path("std/service", views.service, name="carrier-service"),
    path("sandbox/carrier", views.settings, name="carrier-settings"),
]

"""Addresses of the control page."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

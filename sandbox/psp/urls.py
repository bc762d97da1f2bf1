"""Addresses of the stand-in."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

"""Addresses of the plugin, below ``/plugins/logistics/``."""

from django.urls import path

from . import push

app_name = "logistics"
urlpatterns = [path("push/sf", push.sf, name="push-sf")]

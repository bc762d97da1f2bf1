"""Addresses of the port."""

from django.urls import path

from sandbox.customs_port import realtime_views, views

urlpatterns = [
    path("customs/messages", views.messages, name="customs-messages"),
    path("customs/receipts", views.receipts, name="customs-receipts"),
    path("sandbox/customs/faults", views.fault_settings, name="customs-faults"),
    path("sandbox/customs/callback", views.callback, name="customs-callback"),
    path("sandbox/customs/certificates", views.certificates, name="customs-certificates"),
    path("sandbox/customs/realtime", realtime_views.calls, name="customs-realtime"),
    path("ceb2grab/grab/realTimeDataUpload", realtime_views.upload, name="customs-realtime-upload"),
]

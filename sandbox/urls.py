"""All stand-ins under one roof; each app brings its own addresses, included at the root."""

from importlib.util import find_spec

from django.urls import include, path

from sandbox import control
from sandbox.jobs import views

urlpatterns = [
    path("", views.welcome, name="welcome"),
    path("healthz", views.health, name="health"),
    path("sandbox/", control.status, name="control"),
    path("sandbox/speed", control.set_speed, name="set-speed"),
    path("sandbox/faults", control.set_faults, name="set-faults"),
    path("", include("sandbox.psp.urls")),
    path("", include("sandbox.customs_port.urls")),
    path("", include("sandbox.carrier.urls")),
]
if find_spec("sandbox.saleor") is not None and find_spec("sandbox.saleor.urls") is not None:
    urlpatterns.append(path("", include("sandbox.saleor.urls")))

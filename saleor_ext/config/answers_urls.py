"""Routes of the server that only answers Saleor's questions; whatever goes wrong is JSON too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from saleor_ext.link.webhooks import failure

from .urls import alive

urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("saleor/", include("saleor_ext.link.urls")),
]


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    return failure(400, "MALFORMED", "The request cannot be read.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return failure(404, "NOT_FOUND", "There is nothing here.")


def server_error(request: HttpRequest) -> HttpResponse:
    return failure(500, "INTERNAL", "The server failed; its log tells why.")


handler400, handler404, handler500 = malformed, not_found, server_error

"""The welcome page and the health check."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


def welcome(request: HttpRequest) -> HttpResponse:
    """Say what this site is."""
    return render(request, "sandbox/welcome.html")


def health(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True, "what": "Ponte sandbox"})

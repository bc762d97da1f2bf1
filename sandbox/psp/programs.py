"""The phone's pages for programs: JSON in, JSON out, without the wallets' signatures."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST


def takes_object(view: Callable[[dict[str, Any]], JsonResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Hand a view the JSON object that was posted; anything else is refused."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def taking(request: HttpRequest) -> HttpResponse:
        try:
            data = json.loads(request.body)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            return JsonResponse({"error": "a JSON object is needed"}, status=400)
        return view(data)

    return taking

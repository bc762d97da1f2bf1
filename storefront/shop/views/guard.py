"""What every view that needs Saleor does when Saleor does not answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from saleor_ext.core.errors import TransientError

from ..checkout import BoxGone

log = logging.getLogger(__name__)
View = Callable[..., HttpResponse]


def with_till(view: View) -> View:
    """Show a page that says so when Saleor is away, and the basket when a box is gone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except TransientError as error:
            place = request.resolver_match.view_name if request.resolver_match else ""
            log.warning("Saleor did not answer for %s: %s", place, error)
            # Going "back to the same address" is right for reading; a form is found again by its own page.
            context = {"again_url": request.path}
            answer = render(request, "shop/unavailable.html", context, status=503)
            answer["Retry-After"] = "10"
            return answer
        except BoxGone:
            messages.info(
                request, gettext("This box is no longer open: it was paid for, emptied, or left too long.")
            )
            return redirect("shop:basket")

    return guarded

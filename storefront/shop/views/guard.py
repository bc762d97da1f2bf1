"""What views of the checkout share: a box that is gone leads to the basket.

Saleor away or refusing is answered by :mod:`storefront.attempts` beside a form and by :mod:`storefront.ui.errors`
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from ..checkout import BoxGone

View = Callable[..., HttpResponse]


def box_or_basket(view: View) -> View:
    """Show the basket when a box is gone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except BoxGone:
            messages.info(
                request, gettext("This box is no longer open: it was paid for, emptied, or left too long.")
            )
            return redirect("shop:basket")

    return guarded

"""Sending a form to Saleor: what goes wrong is told beside the form, and what was typed stays in it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.utils.translation import gettext

from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.core.limits import TooMany

from .limits import wait_words
from .ui.errors import RETRY_SECONDS

log = logging.getLogger(__name__)
#: How a form shows each kind of refusal.
Refusals = Mapping[Any, Callable[[Any], None]]


class Attempt:
    """Runs what sends a form and keeps why it failed: ``status`` and, beside the form, words for the person.

    ``with attempt: …`` swallows what Saleor refuses and what may be tried again; ``refusals`` says for each kind of
    refusal how the form shows it. ``went`` tells whether all of it was done.
    """

    def __init__(self, form: Form, refusals: Refusals | None = None, *, at_work: bool = False) -> None:
        self.form, self.refusals, self.at_work = form, refusals or {}, at_work
        self.status, self.wait, self.went = 422, 0, False

    def __enter__(self) -> Attempt:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.went = error is None
        show = next((show for known, show in self.refusals.items() if isinstance(error, known)), None)
        if show:
            show(error)
        elif isinstance(error, TooMany):
            self._tell(429, wait_words(error), error.seconds)
        elif isinstance(error, TransientError):
            log.warning("Saleor did not answer: %s", error)
            self._tell(503, _away(self.at_work), RETRY_SECONDS)
        elif isinstance(error, PermanentError):
            log.error("Saleor refused: %s", error, exc_info=error)
            self._tell(502, _refused(self.at_work))
        else:
            return error is None
        return True

    def _tell(self, status: int, words: str, wait: int = 0) -> None:
        self.status, self.wait = status, wait
        self.form.add_error(None, words)

    def mark(self, response: HttpResponse) -> HttpResponse:
        """Tell when to try again, where that helps."""
        if self.wait:
            response["Retry-After"] = str(self.wait)
        return response


def _away(at_work: bool) -> str:
    if at_work:
        return gettext(
            "Saleor does not answer just now. Nothing is lost: press the button again in a moment."
        )
    return gettext(
        "The shop's till does not answer just now. Nothing is lost: press the button again in a moment."
    )


def _refused(at_work: bool) -> str:
    if at_work:
        return gettext("Saleor refused this. The fault is on our side and was noted; nothing was changed.")
    return gettext(
        "The shop's till refused this. The fault is on our side and was noted; nothing was charged and your "
        "box is kept."
    )

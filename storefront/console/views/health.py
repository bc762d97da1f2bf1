"""The health page: every plugin's own checks."""

from __future__ import annotations

import logging
from importlib import import_module

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from saleor_ext.plugin_api import Health
from saleor_ext.plugin_api.registry import plugins

from .. import shell
from ..access import staff_only

log = logging.getLogger(__name__)

LOOKS = {"ok": "done", "warning": "incomplete", "error": "failed"}
WORST_FIRST = {"error": 0, "warning": 1, "ok": 2}


@staff_only
def show(request: HttpRequest) -> HttpResponse:
    found = sorted(checks(), key=lambda check: (WORST_FIRST[check.status], check.name))
    words = {"ok": _("Good"), "warning": _("Mind"), "error": _("Broken")}
    rows = [(check, LOOKS[check.status], words[check.status]) for check in found]
    return shell.page(request, "health", {"rows": rows}, place="health")


def checks() -> list[Health]:
    """Ask every plugin; one that fails to answer is itself a fault and hides no other."""
    found: list[Health] = []
    for plugin in plugins():
        ask = getattr(import_module(plugin.hooks), "health", None)
        if ask is None:
            continue
        try:
            found += ask()
        except Exception as error:  # a broken plugin must not take the page with it
            log.exception("health of %s", plugin.identifier)
            text = _("The check itself failed: %(error)s") % {"error": type(error).__name__}
            found.append(Health(plugin.identifier, "error", text))
    return found

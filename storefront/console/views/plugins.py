"""Plugins and their configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from saleor_ext.core import audit
from saleor_ext.plugin_api import Plugin, accounts, configuration
from saleor_ext.plugin_api.configuration import Configured
from saleor_ext.plugin_api.models import PluginConfiguration
from saleor_ext.plugin_api.registry import plugin, plugins
from storefront.ui.viewmodels import Link

from .. import config_errors, config_form, shell
from ..access import actor, staff_only

VERSIONS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Version:
    """A stored version and the open values it changed; secrets are named, never shown."""

    row: PluginConfiguration
    changed: list[str]


@staff_only
def table(request: HttpRequest) -> HttpResponse:
    rows = [(known, configuration.latest(known)) for known in plugins()]
    return shell.page(request, "plugins", {"rows": rows}, place="plugins")


@staff_only
@sensitive_post_parameters()
def show(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show and save a configuration; what was typed stays when it is refused, but for secrets."""
    try:
        known = plugin(identifier)
    except KeyError:
        raise Http404 from None
    form_class = config_form.form_for(known.config_model)
    if request.method == "POST":
        form = form_class(request.POST)
        if form.is_valid() and save(known, form, actor(request)):
            messages.success(request, _("Saved. It is in force within seconds, without a restart."))
            return redirect("console:plugin", identifier=identifier)
        return _page(request, known, form, status=422)
    configuration.forget_cache()
    current: Any = configuration.current(known)
    return _page(request, known, form_class(initial=config_form.initial_of(current)))


def save(known: Configured, form: forms.Form, who: str) -> bool:
    values = config_form.values_of(known.config_model, form.cleaned_data)
    try:
        configuration.save(known, values, actor=who)
    except configuration.ConfigurationInvalid as error:
        told: Any = error.data["fields"]
        for name, texts in config_errors.explain(known.config_model, _known(values), told).items():
            for text in texts:
                form.add_error(name if name in form.fields else None, text)
        return False
    return True


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out empty secrets: an empty field means "keep the stored one", which is not wrong by itself."""
    return {name: value for name, value in values.items() if value != ""}


def _page(request: HttpRequest, known: Plugin, form: forms.Form, *, status: int = 200) -> HttpResponse:
    context = {
        **about(known, form),
        "plugin": known,
        "accounts": [(account, configuration.latest(account)) for account in accounts.saved(known)],
        "back": Link(_("Plugins"), reverse("console:plugins")),
    }
    return shell.page(request, "plugin", context, place="plugins", status=status)


def about(known: Configured, form: forms.Form) -> dict[str, Any]:
    """Return what the page of a configuration shows, a plugin's or an account's."""
    return {
        "form": form,
        "secrets": sorted(known.config_model.secret_fields()),
        "stored": _stored(known),
        "latest": configuration.latest(known),
        "versions": versions(known),
        "entries": audit.entries_of("plugin", known.identifier)[:VERSIONS_SHOWN],
    }


def _stored(known: Configured) -> list[str]:
    """Name the secrets that have a value."""
    current: Any = configuration.current(known)
    return sorted(
        str(form_title)
        for name, info in known.config_model.model_fields.items()
        if name in known.config_model.secret_fields()
        and (value := getattr(current, name)) is not None
        and value.get_secret_value()
        and (form_title := config_form.gettext_title(name, info))
    )


def versions(known: Configured) -> list[Version]:
    rows = configuration.versions(known)[: VERSIONS_SHOWN + 1]
    pairs = [*pairwise(rows), *([(rows[-1], None)] if rows else [])]
    return [
        Version(row, config_form.differences(before.values if before else {}, row.values))
        for row, before in pairs
    ][:VERSIONS_SHOWN]

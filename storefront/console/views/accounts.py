"""Accounts of plugins at their partners: adding, changing, trying the connection."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from saleor_ext.core import audit
from saleor_ext.core.errors import PonteError
from saleor_ext.plugin_api import Account, configuration
from saleor_ext.plugin_api.accounts import kind_of
from saleor_ext.plugin_api.registry import plugin
from storefront.ui.viewmodels import Link

from .. import config_form, shell
from ..access import actor, staff_only
from ..forms import NameForm
from . import plugins


@staff_only
def add(request: HttpRequest, identifier: str, kind: str) -> HttpResponse:
    """Choose a name; the account's form follows. Nothing is stored before that is saved."""
    first = _account(identifier, kind, "new")

    def taken(name: str) -> bool:
        return configuration.latest(Account(first.plugin, first.kind, name)) is not None

    form = NameForm(request.POST or None, taken=taken)
    if request.method == "POST" and form.is_valid():
        return redirect("console:account", identifier, kind, form.cleaned_data["name"])
    context = {"plugin": first.plugin, "kind": first.kind, "form": form, "back": _back(first)}
    return shell.page(request, "account_add", context, place="plugins", status=422 if form.errors else 200)


@staff_only
@sensitive_post_parameters()
def show(request: HttpRequest, identifier: str, kind: str, name: str) -> HttpResponse:
    """Show and save an account; what was typed stays when it is refused, but for secrets."""
    account = _account(identifier, kind, name)
    form_class = config_form.form_for(account.config_model)
    if request.method == "POST":
        form = form_class(request.POST)
        if form.is_valid() and plugins.save(account, form, actor(request)):
            messages.success(request, _("Saved. It is in force within seconds, without a restart."))
            return redirect("console:account", identifier, kind, name)
        return _page(request, account, form, status=422)
    configuration.forget_cache()
    current: Any = configuration.current(account)
    return _page(request, account, form_class(initial=config_form.initial_of(current)))


@staff_only
@require_POST
def probe(request: HttpRequest, identifier: str, kind: str, name: str) -> HttpResponse:
    """Try the connection as it is saved; the result is told and kept in the audit log."""
    account = _account(identifier, kind, name)
    if not account.kind.probe or configuration.latest(account) is None:
        raise Http404
    configuration.forget_cache()
    try:
        told = str(import_string(account.kind.probe)(account))
    except PonteError as error:
        audit.record(
            "plugin.probed", "plugin", account.identifier, actor=actor(request), good=False, code=error.code
        )
        messages.error(request, _("The connection does not work: %(error)s") % {"error": error.message})
    else:
        audit.record("plugin.probed", "plugin", account.identifier, actor=actor(request), good=True)
        messages.success(request, _("The connection works: %(told)s") % {"told": told})
    return redirect("console:account", identifier, kind, name)


def _page(request: HttpRequest, account: Account, form: forms.Form, *, status: int = 200) -> HttpResponse:
    context = {**plugins.about(account, form), "account": account, "back": _back(account)}
    return shell.page(request, "account", context, place="plugins", status=status)


def _back(account: Account) -> Link:
    return Link(str(account.plugin.name), reverse("console:plugin", args=[account.plugin.identifier]))


def _account(identifier: str, kind: str, name: str) -> Account:
    try:
        known = plugin(identifier)
        return Account(known, kind_of(known, kind), name)
    except (KeyError, ValueError):
        raise Http404 from None

"""Commission rules and reference rates: what holds from when, what is entered, and the second person's release."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from saleor_ext.core.errors import PonteError
from saleor_ext.plugin_api import needs
from saleor_ext.settlement import fx, terms
from saleor_ext.settlement.actors import spelled
from saleor_ext.settlement.models import CommissionRule, FxRate, TermsChange
from storefront.console.access import actor, staff_only
from storefront.console.forms import CommissionRuleForm, RatesForm, ReasonForm, RuleEndForm
from storefront.console.shell import FINANCE, FINANCE_LEAD, leads_finance, page

SHOWN = 60
KINDS = {
    TermsChange.Kind.RULE: _("Commission rule"),
    TermsChange.Kind.RULE_END: _("End of a rule"),
    TermsChange.Kind.RATES: _("Exchange rates"),
}
FACTS = {
    "merchant": _("Merchant"),
    "lane": _("Lane"),
    "hs_prefix": _("Commodity code begins with"),
    "about": _("Commission rule"),
    "since": _("From"),
    "until": _("Last day"),
    "rate": _("Percent"),
    "minimum": _("At least"),
    "cap": _("At most"),
    "csv": "CSV",
}
WORDS = {
    "terms_past": _(
        "Rules begin tomorrow at the earliest; they end today at the earliest, and not before they begin."
    ),
    "terms_cap": _("The most is below the least."),
    "terms_twice": _("There is such a rule from that day already."),
    "terms_ended": _("The rule has its end already."),
    "terms_four_eyes": _("A change is released by somebody else than entered it."),
    "terms_decided": _("The change is decided already."),
    "terms_rates": _("A rate differs from one that is known by now."),
}


@staff_only
@needs(FINANCE)
def table(request: HttpRequest) -> HttpResponse:
    return _table(request)


@require_POST
@staff_only
@needs(FINANCE)
@needs(FINANCE_LEAD)
def rule(request: HttpRequest) -> HttpResponse:
    """Enter a rule for somebody else to release."""
    form = CommissionRuleForm(request.POST)
    if not form.is_valid():
        return _table(request, rule_form=form, status=422)
    values = form.cleaned_data
    rate, minimum = values.pop("percent") / 100, values.pop("minimum") or Decimal("0.00")
    return _step(request, lambda who: terms.propose_rule(**values, rate=rate, minimum=minimum, actor=who))


@require_POST
@staff_only
@needs(FINANCE)
@needs(FINANCE_LEAD)
def end(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Enter a rule's last day for somebody else to release."""
    found, form = get_object_or_404(CommissionRule, pk=rule_id), RuleEndForm(request.POST)
    if not form.is_valid():
        return _refused(request, form)
    return _step(request, lambda who: terms.propose_end(found.pk, form.cleaned_data["until"], actor=who))


@require_POST
@staff_only
@needs(FINANCE)
@needs(FINANCE_LEAD)
def rates(request: HttpRequest) -> HttpResponse:
    """Check a file of rates, and enter it when it only adds to what is known."""
    form = RatesForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, form)
    try:
        text = form.cleaned_data["file"].read().decode("utf-8-sig")
        _made, report = terms.propose_rates(text, actor=actor(request))
    except UnicodeDecodeError:
        form.add_error("file", _("The file is not UTF-8."))
        return _refused(request, form)
    except fx.BadRates as bad:
        form.add_error("file", bad.message)
        return _refused(request, form)
    return _table(request, report=report)


@require_POST
@staff_only
@needs(FINANCE)
@needs(FINANCE_LEAD)
def release(request: HttpRequest, change_id: uuid.UUID) -> HttpResponse:
    """Let a change count; refused to who entered it."""
    found = get_object_or_404(TermsChange, pk=change_id)
    return _step(request, lambda who: terms.release(found.pk, actor=who))


@require_POST
@staff_only
@needs(FINANCE)
@needs(FINANCE_LEAD)
def refuse(request: HttpRequest, change_id: uuid.UUID) -> HttpResponse:
    """Drop a change, with a reason for the audit log."""
    found, form = get_object_or_404(TermsChange, pk=change_id), ReasonForm(request.POST)
    if not form.is_valid():
        return _refused(request, form)
    reason = form.cleaned_data["reason"]
    return _step(request, lambda who: terms.refuse(found.pk, actor=who, reason=reason))


def _step(request: HttpRequest, step: Callable[[str], object]) -> HttpResponse:
    try:
        step(actor(request))
    except PonteError as refused:
        messages.error(request, WORDS.get(refused.code, refused.message))
    return redirect("console:terms")


def _refused(request: HttpRequest, form: Form) -> HttpResponse:
    """Show the page again with what was refused on top: these forms have one field."""
    return _table(
        request, problems=[str(one) for errors in form.errors.values() for one in errors], status=422
    )


def _table(
    request: HttpRequest,
    *,
    rule_form: CommissionRuleForm | None = None,
    problems: list[str] | None = None,
    report: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    who = spelled(actor(request))
    open_ = TermsChange.objects.filter(state=TermsChange.State.PROPOSED)
    context = {
        "rules": [
            {"rule": one, "percent": f"{(one.rate * 100).normalize():f}"}
            for one in CommissionRule.objects.order_by("merchant", "lane", "hs_prefix", "-since")
        ],
        "rates": FxRate.objects.order_by("-day", "base", "quote")[:SHOWN],
        "changes": [
            {
                "change": one,
                "word": KINDS[TermsChange.Kind(one.kind)],
                "facts": _facts(one),
                "mine": who == one.proposed_by,
            }
            for one in open_
        ],
        "rule_form": rule_form or CommissionRuleForm(),
        "problems": problems or [],
        "report": report,
        "lead": leads_finance(request),
    }
    return page(request, "terms", context, place="terms", status=status)


def _facts(change: TermsChange) -> dict[Any, Any]:
    """Return what a change says, by the words of the tables."""
    told = {name: value for name, value in change.content.items() if value not in ("", None)}
    if "rate" in told:
        told["rate"] = f"{(Decimal(told['rate']) * 100).normalize():f} %"
    return {word: told[name] for name, word in FACTS.items() if name in told}

"""What a merchant will get, has got, and why: balances, payouts, lines, statements as files."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings
from saleor_ext.settlement import reading, statement_json, statement_pdf, statement_xlsx, statements
from saleor_ext.settlement.models import Payout
from storefront.ui.forms import HouseForm

from ..access import PortalRequest, member_page
from ..shell import language, page

LINES_SHOWN, PAYOUTS_SHOWN = 30, 12
LONGEST = timedelta(days=366)
#: Statements are written in three languages; who reads Simplified Chinese gets Traditional.
DOCUMENT_LANGUAGES = {"en": "en", "pt": "pt"}
#: The documents: what writes them, and their media type.
DOCUMENTS = {
    "xlsx": (statement_xlsx.write, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": (statement_pdf.write, "application/pdf"),
    "json": (statement_json.write, "application/json"),
}
#: Kinds of journals as a merchant calls them.
KINDS = {
    "assigned": _("Sale"),
    "commission": _("Commission"),
    "commission_back": _("Commission returned"),
    "refunded": _("Refund"),
    "charged_back": _("Chargeback"),
    "charge_back_reversed": _("Chargeback reversed"),
    "released": _("Released for payout"),
    "payout": _("Payout"),
    "payout_failed": _("Payout returned"),
}
STATES = {
    Payout.State.DRAFT: _("Being prepared"),
    Payout.State.APPROVED: _("Approved"),
    Payout.State.RELEASED: _("Sent to the bank"),
    Payout.State.PAID: _("Paid"),
    Payout.State.FAILED: _("Not paid"),
    Payout.State.WITHDRAWN: _("Withdrawn, paid later"),
}


class StatementForm(HouseForm):
    """The days of a statement, both included."""

    start = forms.DateField(label=_("From"))
    end = forms.DateField(label=_("To"))
    currency = forms.CharField(max_length=3)
    form = forms.ChoiceField(choices=[("xlsx", "XLSX"), ("pdf", "PDF"), ("json", "JSON")])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        start, end = values.get("start"), values.get("end")
        if start and end and not timedelta(0) <= end - start <= LONGEST:
            self.add_error("end", _("A statement spans a year at most, and ends after it begins."))
        return values


@require_GET
@member_page
def show(request: PortalRequest) -> HttpResponse:
    """Show balances, payouts and the latest lines."""
    return _page(request, None)


@require_GET
@member_page
def statement(request: PortalRequest) -> HttpResponseBase:
    """Hand out a period as a file."""
    form = StatementForm(request.GET)
    if not form.is_valid():
        return _page(request, form, status=422)
    values = form.cleaned_data
    slug = request.member.merchant.slug
    wanted = statements.Statement(slug, values["currency"], values["start"], values["end"])
    name = f"{slug}-{values['currency']}-{values['start']}-{values['end']}.{values['form']}"
    with tempfile.TemporaryDirectory() as folder:
        write, media_type = DOCUMENTS[values["form"]]
        path = Path(folder) / name
        write(wanted, DOCUMENT_LANGUAGES.get(language(), "zh-Hant"), path)
        # Opened before the folder goes: the open file is still read to its end.
        return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=media_type)


def _page(request: PortalRequest, form: StatementForm | None, *, status: int = 200) -> HttpResponse:
    slug = request.member.merchant.slug
    standings = reading.standings(slug)
    today = clock.china_today()
    currency = standings[0].owed.currency if standings else "CNY"
    begin = today.replace(day=1)
    initial = {"start": begin, "end": today, "currency": currency, "form": "xlsx"}
    payouts = Payout.objects.filter(merchant=slug).select_related("batch").order_by("-batch__day", "pk")
    context = {
        "standings": standings,
        "lines": [_line(one, currency) for one in statements.latest(slug, currency, LINES_SHOWN)],
        "payouts": [
            {"payout": one, "money": Money(one.amount, one.currency), "word": STATES[Payout.State(one.state)]}
            for one in payouts[:PAYOUTS_SHOWN]
        ],
        "form": form or StatementForm(initial=initial),
        "refused": form is not None,
        "hold_days": platform_settings().settlement_hold_days,
    }
    return page(request, "money.html", "money", context, status=status)


def _line(line: statements.Line, currency: str) -> dict[str, Any]:
    return {
        "line": line,
        "word": KINDS.get(line.kind, line.kind),
        "net": Money(line.net, currency),
        "balance": Money(line.balance, currency),
    }

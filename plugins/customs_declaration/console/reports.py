"""Causes of refusal over time, and the reconciliation of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from saleor_ext.core import clock
from saleor_ext.core.money import Money
from saleor_ext.plugin_api import Look

from .. import exporting, reconciliation, rejections_files
from ..exporting import Form
from ..reconciliation import Row
from ..reconciliation_files import table
from ..rejections import DAYS, Cause, causes
from ..selectors import Filters
from . import frame
from .forms import DayForm

#: The drawing of a cause's days: width of a bar with its gap, and the greatest height.
BAR, HEIGHT = 6, 28
STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a drawing."""

    x: int
    y: float
    height: float
    day: date
    number: int


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A cause with its drawing and the declarations that it stopped."""

    cause: Cause
    bars: list[Bar]
    url: str
    stopped_url: str


def bars_of(cause: Cause, first: date, highest: int) -> list[Bar]:
    """Return the bars of the days that have any; all causes are drawn to one scale, and one document can be seen."""
    found = []
    for place, number in enumerate(cause.days):
        if number:
            height = max(2.0, round(number / highest * HEIGHT, 1))
            found.append(Bar(place * BAR, HEIGHT - height, height, first + timedelta(days=place), number))
    return found


def rejections(request: HttpRequest) -> HttpResponse:
    """Show the causes of the last thirty days as a table with small drawings."""
    last = clock.china_today()
    first = last - timedelta(days=DAYS - 1)
    found = causes(last)
    highest = max((number for cause in found for number in cause.days), default=1)
    work = reverse("console:customs:work")
    rows = [
        CauseRow(
            cause,
            bars_of(cause, first, highest),
            work + Filters(state="all", code=cause.code).query(),
            work + Filters(state=STOPPED, code=cause.code).query(),
        )
        for cause in found
    ]
    context = {
        "rows": rows,
        "first": first,
        "last": last,
        "width": DAYS * BAR,
        "height": HEIGHT,
        "bar": BAR - 1,
        "total": sum(cause.total for cause in found),
        "highest": highest,
    }
    return frame.page(request, "rejections", context, tab="rejections")


@dataclass(frozen=True, slots=True)
class DayRow:
    """A parcel of the reconciliation with its amounts as money."""

    row: Row

    @property
    def paid(self) -> Money:
        return Money(self.row.paid, "CNY")

    @property
    def payment_amount(self) -> Money | None:
        return _money(self.row.payment_amount)

    @property
    def order_paid(self) -> Money | None:
        return _money(self.row.order_paid)

    @property
    def tax_collected(self) -> Money:
        return Money(self.row.tax_collected, "CNY")

    @property
    def tax_declared(self) -> Money | None:
        return _money(self.row.tax_declared)

    @property
    def tax_bill(self) -> Money | None:
        return _money(self.row.tax_bill)

    @property
    def order_look(self) -> Look:
        return frame.look_of_document(self.row.order_state)

    @property
    def list_look(self) -> Look:
        return frame.look_of_document(self.row.list_state)

    @property
    def order_word(self) -> str:
        return str(reconciliation.S(self.row.order_state).label)

    @property
    def list_word(self) -> str:
        return str(reconciliation.S(self.row.list_state).label)


def _money(amount: object) -> Money | None:
    return None if amount is None else Money(amount, "CNY")  # type: ignore[arg-type]  # a Decimal, see Row


def day_of(request: HttpRequest) -> date:
    """Return the day that is asked for, yesterday in China when none or none that is one."""
    form = DayForm(request.GET)
    given = form.cleaned_data.get("day") if form.is_valid() else None
    return given or clock.china_today() - timedelta(days=1)


def reconcile(request: HttpRequest) -> HttpResponse:
    """Show one day side by side, what differs first."""
    day = day_of(request)
    found = reconciliation.summary(day)
    today = clock.china_today()
    context = {
        "summary": found,
        "rows": [DayRow(row) for row in (*found.differing, *found.agreeing)],
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "over": day < today,
        "left_out": found.parcels - len(found.differing) - len(found.agreeing),
    }
    return frame.page(request, "reconciliation", context, tab="reconciliation")


def reconcile_download(request: HttpRequest, form: Form) -> HttpResponseBase:
    """Hand out one whole day, in the order of payment."""
    day = day_of(request)
    return exporting.response(table(reconciliation.rows(day), day), form)


def rejections_download(request: HttpRequest, form: Form) -> HttpResponseBase:
    """Hand out the causes of the last thirty days, a row for each cause and day that has any."""
    last = clock.china_today()
    return exporting.response(rejections_files.table(causes(last), last), form)

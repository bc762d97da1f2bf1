"""The first page: what needs a person today."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from saleor_ext.core import clock
from saleor_ext.orders import selectors
from saleor_ext.orders.models import Parcel
from storefront.ui.viewmodels import Stat

from .. import shell
from ..access import staff_only
from . import health
from .parcels import named

LISTED = 10


@staff_only
def show(request: HttpRequest) -> HttpResponse:
    waiting = named(selectors.search(attention=True)[:LISTED])
    context = {"stats": stats(), "waiting": waiting, "newest": named(selectors.search()[:LISTED])}
    return shell.page(request, "overview", context, place="overview")


def stats() -> list[Stat]:
    by_state = dict(Parcel.objects.values_list("state").annotate(count=Count("pk")))
    today = Parcel.objects.filter(created_at__gte=clock.now() - timedelta(hours=24)).count()
    attention, dead = shell.attention_count(), shell.dead_count()
    faults = [check for check in health.checks() if check.status != "ok"]
    worst = "red" if any(check.status == "error" for check in faults) else "yellow"
    parcels = reverse("console:parcels")
    on_the_way = sum(by_state.get(state, 0) for state in ("paid", "declaring", "released", "shipped"))
    return [
        Stat(_("Orders in 24 hours"), str(today), "basket", url=parcels),
        Stat(_("Parcels on their way"), str(on_the_way), "truck", url=parcels),
        Stat(
            _("Need attention"),
            str(attention),
            "alert",
            note=_("look at them") if attention else _("nothing open"),
            tone="yellow" if attention else "green",
            url=f"{parcels}?attention=1",
        ),
        Stat(
            _("Dead letters"),
            str(dead),
            "stop",
            note=_("retry or drop") if dead else _("none"),
            tone="red" if dead else "green",
            url=reverse("console:letters"),
        ),
        Stat(
            _("Health"),
            str(len(faults)) if faults else _("good"),
            "info",
            note=_("checks complain") if faults else _("all checks pass"),
            tone=worst if faults else "green",
            url=reverse("console:health"),
        ),
    ]

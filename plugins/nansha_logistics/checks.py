"""Health of the plugin, and the nightly proof of the book."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils.translation import gettext as _

from saleor_ext.core import audit, clock
from saleor_ext.core.models import Cursor
from saleor_ext.plugin_api import Health

from . import ledger
from .models import Book, Shipment
from .settings import config
from .statuses import FINAL

log = logging.getLogger(__name__)
RECONCILED = "logistics.reconciled"


def health() -> list[Health]:
    """Check configuration, book and parcels under way; database only."""
    return [_configured(), _book(), _under_way()]


def reconcile_book() -> None:
    """Prove that balances are the sums of their movements, and keep the result for ``health``. Runs daily."""
    differences = ledger.reconcile()
    for difference in differences:
        log.error("bonded book differs from its movements: %s", difference)
    found = [f"{entry.book}/{entry.item_record_no} {entry.measure}" for entry in differences]
    Cursor.objects.update_or_create(
        name=RECONCILED, defaults={"value": {"at": clock.now().isoformat(), "differences": found}}
    )
    audit.record("bonded.reconciled", "bonded_book", config().book_number, differences=len(found))


def _configured() -> Health:
    missing = config().missing()
    if missing:
        text = _("Not set: %(fields)s") % {"fields": ", ".join(missing)}
        return Health("logistics-configuration", "error", text, _("Fill in the logistics plugin's form."))
    return Health("logistics-configuration", "ok")


def _book() -> Health:
    number = config().book_number
    if not Book.objects.filter(number=number).exists():
        text = _("The bonded book %(book)s has no items") % {"book": number}
        return Health("logistics-book", "error", text, _("Enter opening balances or correct the number."))
    last = Cursor.objects.filter(name=RECONCILED).first()
    differences = last.value.get("differences", []) if last else []
    if differences:
        text = _("Balances differ from movements: %(items)s") % {"items": ", ".join(differences[:5])}
        return Health("logistics-book", "error", text, _("Stop their sale and look into their movements."))
    return Health("logistics-book", "ok")


def _under_way() -> Health:
    since = clock.now() - timedelta(hours=config().stuck_hours)
    under_way = Shipment.objects.filter(
        handed_over_at__lt=since, delivered_at__isnull=True, cancelled_at__isnull=True
    ).exclude(status__in=FINAL)
    stuck = under_way.exclude(status_at__gte=since).count()
    if stuck:
        text = _("%(count)s parcels without news for %(hours)s hours") % {
            "count": stuck,
            "hours": f"{config().stuck_hours:g}",
        }
        return Health("logistics-parcels", "warning", text, _("Ask the carrier; see the console's parcels."))
    return Health("logistics-parcels", "ok")

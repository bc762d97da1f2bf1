"""Health of the plugin: local facts only, so that the health page never waits for a partner."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from saleor_ext.core import clock
from saleor_ext.plugin_api import Health

from . import gateways, listing, statements
from .models import (
    PaymentDeclaration,
    PaymentDisagreement,
    PaymentSession,
    PlatformCertificate,
    ReconciliationItem,
)
from .port import DeclarationState, Identity
from .wechat.account import keeper_of

NAME = "payment"
WARN_BEFORE = timedelta(days=14)
STUCK_AFTER = timedelta(hours=6)


def now() -> datetime:
    return clock.now()


def check() -> list[Health]:
    config = gateways.configuration()
    if config.missing:
        return [
            Health(
                f"{NAME}.account",
                "error",
                _("WeChat Pay is not set up."),
                _("Fill in the payment plugin's configuration: %(fields)s.")
                % {"fields": ", ".join(config.missing)},
            )
        ]
    return [
        _account(),
        _certificate(),
        _suspects(),
        _disagreements(),
        _stuck(),
        _disputes(),
        _statements(),
        _unreconciled(),
    ]


def _account() -> Health:
    config = gateways.configuration()
    if not config.enabled:
        return Health(f"{NAME}.account", "warning", _("Payments are switched off."))
    if not config.customs_targets:
        return Health(
            f"{NAME}.account",
            "warning",
            _("No customs target is configured, so customs lanes cannot be paid."),
            _("Add the customs office and registration number."),
        )
    return Health(f"{NAME}.account", "ok", config.mchid)


def _certificate() -> Health:
    """Rows of other hosts (a sandbox used before) do not count."""
    keeper = keeper_of(gateways.configuration())
    newest = PlatformCertificate.objects.filter(account=keeper).order_by("-not_after").first()
    if newest is None:
        return Health(
            f"{NAME}.certificate", "ok", _("The platform certificate is fetched with the first call.")
        )
    if newest.not_after - now() < WARN_BEFORE:
        return Health(
            f"{NAME}.certificate",
            "warning" if newest.not_after > now() else "error",
            _("The platform certificate ends on %(day)s.") % {"day": f"{newest.not_after:%Y-%m-%d}"},
            _("A new one is fetched by itself; look at the address if this stays."),
        )
    return Health(f"{NAME}.certificate", "ok", newest.serial)


def _suspects() -> Health:
    count = PaymentSession.objects.filter(state=PaymentSession.State.SUSPECT).count()
    if count:
        return Health(
            f"{NAME}.mismatch",
            "error",
            _("%(count)d payments do not match their orders.") % {"count": count},
            _("Compare them with the wallet's own statement and refund or correct them there."),
        )
    return Health(f"{NAME}.mismatch", "ok")


def _disagreements() -> Health:
    """What the comparison with Saleor found and nobody has put right yet."""
    count = (
        PaymentDisagreement.objects.filter(settled_at__isnull=True)
        .values("api_url", "transaction_id")
        .distinct()
        .count()
    )
    if count:
        return Health(
            f"{NAME}.disagreement",
            "error",
            _("%(count)d payments stand otherwise in Saleor than with the wallet.") % {"count": count},
            _("The audit log names each as payment.disagreement; correct the side that is wrong by hand."),
        )
    return Health(f"{NAME}.disagreement", "ok")


def _stuck() -> Health:
    open_states = (DeclarationState.UNDECLARED, DeclarationState.SUBMITTED, DeclarationState.PROCESSING)
    late = PaymentDeclaration.objects.filter(
        state__in=open_states, created_at__lt=now() - STUCK_AFTER
    ).exclude(identity=Identity.DIFFERENT)
    count = late.count()
    if count:
        return Health(
            f"{NAME}.declarations",
            "warning",
            _("%(count)d declarations have no result for hours.") % {"count": count},
        )
    return Health(f"{NAME}.declarations", "ok")


def _disputes() -> Health:
    """Disputes that are lost if nobody answers; the soonest day is named."""
    waiting = listing.unanswered().order_by(F("due_by").asc(nulls_last=True))
    if first := waiting.first():
        day = f"{first.due_by:%Y-%m-%d}" if first.due_by else "–"
        return Health(
            f"{NAME}.disputes",
            "warning",
            _("%(count)d disputes wait for evidence, the first until %(day)s.")
            % {"count": waiting.count(), "day": day},
            _("Answer them at the payment company; see them in the console under Payments, Disputes."),
        )
    return Health(f"{NAME}.disputes", "ok")


def _statements() -> Health:
    """Days whose statement should have been there for hours."""
    days = [
        f"{one.account} {day}" for one in statements.sources() for day in statements.lacking(one, late=True)
    ]
    if days:
        return Health(
            f"{NAME}.statements",
            "warning",
            _("Statements are missing: %(days)s.") % {"days": ", ".join(days[:5])},
            _("Ask the payment company, or run ponte reconcile with the day."),
        )
    return Health(f"{NAME}.statements", "ok")


def _unreconciled() -> Health:
    count = ReconciliationItem.objects.filter(settled_at__isnull=True).count()
    if count:
        return Health(
            f"{NAME}.reconciliation",
            "warning",
            _("%(count)d things do not agree with the statements.") % {"count": count},
            _("See them in the console under Payments, Reconciliation."),
        )
    return Health(f"{NAME}.reconciliation", "ok")

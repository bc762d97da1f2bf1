"""Periodic work of the plugin."""

from __future__ import annotations

import logging
from datetime import timedelta

from saleor_ext.core import clock
from saleor_ext.core.errors import PonteError

from . import disputes, gateways, reconciling, settling, statements
from .wechat.gateway import WechatGateway

log = logging.getLogger(__name__)


def poll_sessions() -> None:
    """Ask about payments nobody told us of, and take up paid ones that got lost on the way."""
    settling.poll()


def reconcile_transactions() -> None:
    """Compare Saleor's transactions with ours, and take up what a lost webhook or report left undone."""
    reconciling.reconcile_all()


def import_statements() -> None:
    """Fetch the companies' daily statements that should be there by now, and compare them with ours."""
    statements.import_due()


def look_for_disputes() -> None:
    """Find disputes whose notifications got lost, and what became of the open ones."""
    disputes.look_around()


def refresh_certificates() -> None:
    """Fetch the platform certificates: a new one is listed a day before it comes into use."""
    for gateway in gateways.ready():
        if not isinstance(gateway, WechatGateway):
            continue
        book = gateway.client.book
        if book.fetched_at and clock.now() - book.fetched_at < timedelta(hours=1):
            continue
        try:
            gateway.client.refresh_certificates()
        except PonteError as error:
            log.warning("%s: certificates were not refreshed: %s", gateway.account, error.message)

"""The payment companies' daily statements: fetched when they should be there, kept line by line, days counted."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Min

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PonteError

from . import gateways
from .models import PaymentSession, PaymentStatement, PaymentStatementLine, ReconciliationItem
from .port import Gateway, StatementLine, StatementSource

log = logging.getLogger(__name__)

OBJECT = "payment_statement"
#: Days looked back for statements that are lacking; older ones are asked for by hand.
LOOK_BACK = 30
#: So long after it should be there a missing statement is told.
GRACE = timedelta(hours=2)
BATCH = 2000


def sources() -> list[Gateway]:
    """Return the accounts whose companies tell what they booked."""
    return [one for one in gateways.ready() if isinstance(one, StatementSource)]


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return a day of China as ``[begin, end)``."""
    begin = datetime.combine(day, time(0), clock.CHINA)
    return begin, begin + timedelta(days=1)


def ready_at(gateway: Gateway, day: date) -> datetime:
    """Return when a day's statement should be there."""
    assert isinstance(gateway, StatementSource)
    return bounds(day)[1] + timedelta(hours=gateway.statement_hour)


def known(gateway: Gateway, day: date) -> PaymentStatement | None:
    return PaymentStatement.objects.filter(
        gateway=gateway.identifier, account=gateway.account, day=day
    ).first()


def fetch(gateway: Gateway, day: date) -> PaymentStatement:
    """Return a day's statement, fetched at the first call.

    :raises StatementMissing: there is none, or not yet
    """
    if found := known(gateway, day):
        return found
    assert isinstance(gateway, StatementSource)
    return _keep(gateway, day, gateway.statement(day))


def _keep(gateway: Gateway, day: date, lines: Sequence[StatementLine]) -> PaymentStatement:
    from . import booking

    with transaction.atomic():
        made, new = PaymentStatement.objects.get_or_create(
            gateway=gateway.identifier,
            account=gateway.account,
            day=day,
            defaults={"imported_at": clock.now()},
        )
        if not new:  # another worker was faster
            return made
        PaymentStatementLine.objects.bulk_create(
            (_row(made, number, line) for number, line in enumerate(lines, 1)), batch_size=BATCH
        )
        booking.tell(gateway, made, lines)
        audit.record(
            "payment.statement", OBJECT, made.pk, day=day.isoformat(), lines=len(lines), account=str(made)
        )
    return made


def _row(statement: PaymentStatement, number: int, line: StatementLine) -> PaymentStatementLine:
    return PaymentStatementLine(
        statement=statement,
        number=number,
        kind=line.kind,
        reference=line.reference[:64],
        out_trade_no=line.out_trade_no[:64],
        refund_no=line.refund_no[:64],
        at=line.at,
        amount=line.amount.amount,
        currency=line.amount.currency,
        fee=line.fee.amount if line.fee is not None else None,
        fee_currency=line.fee.currency if line.fee is not None else "",
        settled_amount=line.settled.amount if line.settled is not None else None,
        settled_currency=line.settled.currency if line.settled is not None else "",
        rate=line.rate,
    )


def lacking(gateway: Gateway, *, late: bool = False) -> Iterator[date]:
    """Yield the days whose statement should be there and was not imported; ``late``: for hours already.

    The first day is that of the account's first payment: before it there is nothing to compare.
    """
    mine = PaymentSession.objects.filter(gateway=gateway.identifier, account=gateway.account)
    first = mine.exclude(paid_at=None).aggregate(first=Min("paid_at"))["first"]
    if first is None:
        return
    now = clock.now() - (GRACE if late else timedelta(0))
    today = clock.china_today()
    begin = max(first.astimezone(clock.CHINA).date(), today - timedelta(days=LOOK_BACK))
    have = set(
        PaymentStatement.objects.filter(
            gateway=gateway.identifier, account=gateway.account, day__gte=begin
        ).values_list("day", flat=True)
    )
    for number in range((today - begin).days):
        day = begin + timedelta(days=number)
        if day not in have and ready_at(gateway, day) <= now:
            yield day


def unsettled(gateway: Gateway) -> list[date]:
    """Return the imported days that something still stands in the queue of: it may agree by now."""
    begin = clock.china_today() - timedelta(days=LOOK_BACK)
    mine = {"gateway": gateway.identifier, "account": gateway.account, "day__gte": begin}
    open_days = ReconciliationItem.objects.filter(settled_at=None, **mine).values("day")
    days = PaymentStatement.objects.filter(day__in=open_days, **mine)
    return list(days.order_by("day").values_list("day", flat=True))


def import_due() -> int:
    """Fetch and compare every statement that should be there; return how many came. Runs periodically.

    Days with open differences are compared again: the other side of one may have come since.
    """
    from . import matching

    came = 0
    for gateway in sources():
        open_days = unsettled(gateway)  # before: what comes now is compared by itself
        for day in lacking(gateway):
            try:
                fetch(gateway, day)
            except PonteError as error:
                log.warning(
                    "%s/%s: statement of %s: %s", gateway.identifier, gateway.account, day, error.message
                )
            else:
                came += 1
            matching.compare(gateway, day)
        for day in open_days:
            matching.compare(gateway, day)
    return came

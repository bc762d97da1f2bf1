"""Where merchants are paid. A change is a further row and holds payouts, so that a stolen account gains little."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from django.db import connection, transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.money import DIGITS
from saleor_ext.core.settings import platform_settings

from .models import BankDetails

#: ISO 9362: bank, country, place, and a branch or none.
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
#: ISO 20022 leaves 34 characters to an account number that is no IBAN.
_ACCOUNT = re.compile(r"[A-Z0-9-]{4,34}")
#: What banks carry everywhere: the characters of SWIFT's set X, without line ends.
_UNCARRIED = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
#: Letters that do not come apart into a plain one and a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "đ": "d", "&": "+"}
)


class BadDetails(PermanentError):
    """Bank details cannot be what they are said to be."""

    code = "payout_bad_details"


def transliterate(text: str) -> str:
    """Return a text in the characters that banks carry: marks dropped, others a point each."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return _UNCARRIED.sub(".", "".join(one for one in plain if not unicodedata.combining(one)))


def well_formed(bic: str, account: str) -> bool:
    """Tell whether banks take a BIC and an account number for ones."""
    return bool(_BIC.fullmatch(bic) and _ACCOUNT.fullmatch(account))


def enter(merchant: str, currency: str, holder: str, bic: str, account: str, *, actor: str) -> BankDetails:
    """Enter a merchant's bank details in a currency; the same again changes nothing.

    :raises BadDetails: nothing was entered
    """
    name, code, number = holder.strip(), bic.replace(" ", "").upper(), account.replace(" ", "").upper()
    if currency not in DIGITS:
        raise BadDetails(f"currency not in use: {currency}")
    if not name or len(name) > 140 or "." in transliterate(name.replace(".", "")):
        raise BadDetails("the holder must be written in Latin letters, 140 at most")
    if not well_formed(code, number):
        raise BadDetails("not a BIC or not an account number")
    with transaction.atomic():
        lock(currency)
        last = latest(merchant, currency)
        if last is not None and (last.holder, last.bic, last.account) == (name, code, number):
            return last
        # Clocks of two machines may differ: the later entry has to be the later one.
        moment = (
            clock.now() if last is None else max(clock.now(), last.entered_at + timedelta(microseconds=1))
        )
        made = BankDetails.objects.create(
            merchant=merchant, currency=currency, holder=name, bic=code, account=number,
            entered_by=actor, entered_at=moment,
        )  # fmt: skip
        audit.record(
            "payout.details_entered",
            "bank_details",
            made.pk,
            actor=actor,
            merchant=merchant,
            currency=currency,
            changed=last is not None,
        )
    return made


def latest(merchant: str, currency: str) -> BankDetails | None:
    """Return the details that count."""
    return (
        BankDetails.objects.filter(merchant=merchant, currency=currency)
        .order_by("-entered_at", "-id")
        .first()
    )


def payable(merchant: str, currency: str, now: datetime) -> BankDetails | None:
    """Return the details to pay to, or none while there are none or a change is too young. The first are no change."""
    found = latest(merchant, currency)
    if found is None:
        return None
    young = found.entered_at > now - timedelta(days=platform_settings().payout_change_days)
    earlier = BankDetails.objects.filter(merchant=merchant, currency=currency).exclude(pk=found.pk)
    return None if young and earlier.exists() else found


def lock(currency: str) -> None:
    """Let one at a time draft, release or change details in a currency; call in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"payouts {currency}"])

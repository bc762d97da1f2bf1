"""Files of a released batch for the bank: CSV, and ISO 20022 pain.001.001.09. Made once and kept, so never another."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from datetime import UTC
from uuid import UUID

from django.db import transaction
from lxml import etree

from saleor_ext.core.errors import ConfigurationError, PermanentError
from saleor_ext.core.money import Money
from saleor_ext.core.settings import platform_settings

from .bank_details import transliterate, well_formed
from .models import Journal, Payout, PayoutBatch, PayoutFile

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
COLUMNS = ("end_to_end_id", "merchant", "holder", "bic", "account", "amount", "currency", "day")


class NoFile(PermanentError):
    """A batch has no file for the bank: it was not released, or none of its payouts was."""

    code = "payout_no_file"


def bank_file(batch_id: UUID, form: str) -> bytes:
    """Return a batch's file, ``csv`` or ``pain.001``; the same bytes whenever asked.

    :raises NoFile: nothing to tell the bank
    :raises ConfigurationError: our own account is not set
    """
    with transaction.atomic():
        batch = PayoutBatch.objects.select_for_update().get(pk=batch_id)
        kept = batch.files.filter(format=form).first()
        if kept is None:
            booked = [one for one in batch.payouts.select_related("details") if _is_booked(one)]
            if not booked:
                raise NoFile("no payout of the batch was released")
            content = _MAKERS[form](batch, booked)
            digest = hashlib.sha256(content).hexdigest()
            PayoutFile.objects.create(batch=batch, format=form, content=content.decode(), digest=digest)
            return content
    content = (kept.content or "").encode()
    if hashlib.sha256(content).hexdigest() != kept.digest:
        raise PermanentError("the kept file is not what was made", code="payout_file_damaged")
    return content


def _is_booked(payout: Payout) -> bool:
    return Journal.objects.filter(key=f"payout:{payout.pk}").exists()


def _figure(payout: Payout) -> str:
    return f"{Money(payout.amount, payout.currency).quantize().amount:f}"


def _csv(batch: PayoutBatch, payouts: Sequence[Payout]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in payouts:
        to = one.details
        row = [one.end_to_end_id, one.merchant, transliterate(to.holder), to.bic, to.account]
        writer.writerow([*row, _figure(one), one.currency, batch.day.isoformat()])
    return out.getvalue().encode()


def _pain(batch: PayoutBatch, payouts: Sequence[Payout]) -> bytes:
    """Return a customer credit transfer initiation with one payment information of all payouts."""
    settings = platform_settings()
    name = _name(settings.payout_debtor_name)
    if not (name and well_formed(settings.payout_debtor_bic, settings.payout_debtor_account)):
        raise ConfigurationError("PONTE_PAYOUT_DEBTOR_NAME, _ACCOUNT and _BIC must be set for bank files")
    assert batch.released_at is not None  # payouts are booked by releasing only
    made = batch.released_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    total = Money.sum((Money(one.amount, one.currency) for one in payouts), batch.currency).quantize()
    sums = (("NbOfTxs", str(len(payouts))), ("CtrlSum", f"{total.amount:f}"))
    names: dict[str | None, str] = {None: NAMESPACE}
    document = etree.Element(f"{{{NAMESPACE}}}Document", nsmap=names)  # type: ignore[arg-type]  # None is the default
    root = _add(document, "CstmrCdtTrfInitn")
    header = _add(root, "GrpHdr")
    for tag, text in (("MsgId", batch.pk.hex), ("CreDtTm", made), *sums):
        _add(header, tag, text)
    _add(header, "InitgPty/Nm", name)
    info = _add(root, "PmtInf")
    for tag, text in (("PmtInfId", f"{batch.pk.hex}-1"), ("PmtMtd", "TRF"), *sums):
        _add(info, tag, text)
    _add(info, "ReqdExctnDt/Dt", batch.day.isoformat())
    _add(info, "Dbtr/Nm", name)
    account = _add(info, "DbtrAcct")
    _add(account, "Id/Othr/Id", settings.payout_debtor_account)
    _add(account, "Ccy", batch.currency)
    _add(info, "DbtrAgt/FinInstnId/BICFI", settings.payout_debtor_bic)
    for one in payouts:
        _transfer(info, one)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _transfer(info: etree._Element, payout: Payout) -> None:
    transfer = _add(info, "CdtTrfTxInf")
    _add(transfer, "PmtId/EndToEndId", payout.end_to_end_id)
    _add(transfer, "Amt/InstdAmt", _figure(payout)).set("Ccy", payout.currency)
    _add(transfer, "CdtrAgt/FinInstnId/BICFI", payout.details.bic)
    _add(transfer, "Cdtr/Nm", _name(payout.details.holder))
    _add(transfer, "CdtrAcct/Id/Othr/Id", payout.details.account or "")
    _add(transfer, "RmtInf/Ustrd", transliterate(f"Payout {payout.batch.day} {payout.merchant}"))


def _name(text: str) -> str:
    """Return a name as the standard has it: 140 characters at most, and plain ones may be more than there were."""
    return transliterate(text)[:140]


def _add(parent: etree._Element, path: str, text: str | None = None) -> etree._Element:
    """Add elements one in the other; return the last, with its text."""
    for tag in path.split("/"):
        parent = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    parent.text = text
    return parent


_MAKERS: dict[str, Callable[[PayoutBatch, Sequence[Payout]], bytes]] = {"csv": _csv, "pain.001": _pain}
FORMATS = tuple(_MAKERS)

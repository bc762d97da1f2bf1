"""Health of the plugin: configuration, key and certificate, transport, tariff, quarantine."""

from __future__ import annotations

import time

from django.utils.translation import gettext as _

from saleor_ext.core import clock
from saleor_ext.core.errors import PonteError
from saleor_ext.plugin_api import Health

from . import links, sending
from .documents import MOST_SENDS
from .duties import bills, guarantee
from .models import CustomsDocument, Declaration, QuarantinedFile
from .policies import in_force
from .policies.in_force import Kind
from .realtime.requests import troubled
from .signing import CertificateFacts, certificate_facts, probe
from .signing.remote import RemoteSigner
from .states import DocumentState


def health() -> list[Health]:
    """Run all checks; at most one call with a short time-out leaves the house."""
    return [
        _configured(),
        _certificate(),
        _key(),
        _transport(),
        _ways(),
        _tariff(),
        _set_aside(),
        _stopped(),
        _silent(),
        _payment_data(),
        _guarantee(),
        _bills(),
    ]


#: How long what was found of the key is believed by pages that show it beside something else, in seconds.
BELIEVED = 60.0
_keys_known: tuple[float, list[Health]] | None = None


def key_health() -> list[Health]:
    """Return how certificate and key are, asked again after a minute: a key may be far away."""
    global _keys_known  # noqa: PLW0603  # one answer for the process
    if _keys_known is None or time.monotonic() - _keys_known[0] > BELIEVED:
        _keys_known = (time.monotonic(), [_certificate(), _key()])
    return _keys_known[1]


def forget_keys() -> None:
    """Ask anew at the next look; tests and the page of the checks call it."""
    global _keys_known  # noqa: PLW0603  # as above
    _keys_known = None


def certificate_of_today() -> CertificateFacts | None:
    """Return the facts of the signing certificate, None when there is none to read."""
    try:
        return certificate_facts(links.signer().certificate)
    except PonteError:
        return None


def _configured() -> Health:
    if missing := links.config().missing():
        text = _("Not set: %(fields)s") % {"fields": ", ".join(missing)}
        return Health("customs-configuration", "error", text, _("Fill in the customs plugin's form."))
    return Health("customs-configuration", "ok")


def _certificate() -> Health:
    name = "customs-certificate"
    settings = links.config()
    try:
        facts = certificate_facts(links.signer(settings).certificate)
    except PonteError as error:
        return Health(
            name, "error", error.message, _("Name the key and certificate files, or mount the key.")
        )
    left = facts.days_left(clock.now())
    values = {"days": left, "date": facts.not_after.date().isoformat()}
    if left < 0 or facts.not_before > clock.now():
        text = _("The signing certificate is not valid today (until %(date)s).") % values
        return Health(name, "error", text, _("Ask E-port for a new certificate."))
    if left < settings.certificate_warning_days:
        text = _("The signing certificate expires in %(days)s days (%(date)s).") % values
        return Health(name, "warning", text, _("Ask E-port for a new certificate."))
    return Health(name, "ok", _("Valid until %(date)s") % values)


def _key() -> Health:
    """Have the key sign a few bytes and check the value with the certificate."""
    name = "customs-key"
    settings = links.config()
    try:
        signer = links.signer(settings)
        probe(signer.quick() if isinstance(signer, RemoteSigner) else signer, settings.sm2_identity)
    except PonteError as error:
        return Health(
            name,
            "error",
            error.message,
            _("Check the key file, or the crypto server or USB key and its PIN."),
        )
    return Health(name, "ok", signer.algorithms.signature.rpartition("#")[2])


def _transport() -> Health:
    problems = links.transport().problems()
    if problems:
        return Health(
            "customs-transport", "error", "; ".join(problems), _("Check the transport's folder or address.")
        )
    return Health("customs-transport", "ok")


def _ways() -> Health:
    """Tell which way to or from the port is closed after failures, and whether sending waits for answers."""
    name = "customs-ways"
    for direction in ("send", "receive"):
        row = links.breaker(direction).state()
        if row is not None and row.opened_at is not None:
            values = {
                "way": row.name,
                "failures": row.failures,
                "since": row.opened_at.astimezone(clock.CHINA).strftime("%F %T"),
                "error": row.last_error,
            }
            text = _("Closed since %(since)s: %(way)s, %(failures)s failures in a row: %(error)s") % values
            return Health(
                name, "error", text, _("It is tried again by itself; mend what the last failure says.")
            )
    most = links.config().most_in_flight
    if most and sending.in_flight(most) >= most:
        text = _("%(count)s documents wait for the port's answer; no more are sent.") % {"count": most}
        return Health(name, "warning", text, _("Ask the port whether it answers, or raise the limit."))
    return Health(name, "ok")


def _tariff() -> Health:
    today = clock.china_today()
    try:
        in_force.tariff(today)
        in_force.positive_list(today)
    except PonteError as error:
        return Health("customs-tariff", "error", error.message, _("Correct the tariff file."))
    if not links.config().tariff_file and in_force.edition(Kind.TARIFF, today) is None:
        text = _("The shipped sample of tax rates is in use.")
        return Health("customs-tariff", "warning", text, _("Name a tariff file before selling for real."))
    return Health("customs-tariff", "ok")


def _set_aside() -> Health:
    count = QuarantinedFile.objects.filter(state=QuarantinedFile.State.WAITING).count()
    if count:
        text = _("%(count)s files from the port could not be read.") % {"count": count}
        return Health("customs-quarantine", "warning", text, _("See them in the console."))
    return Health("customs-quarantine", "ok")


def _stopped() -> Health:
    count = Declaration.objects.filter(state=Declaration.State.STOPPED).count()
    if count:
        text = _("%(count)s declarations were returned or failed.") % {"count": count}
        return Health("customs-declarations", "warning", text, _("Open their parcels in the console."))
    return Health("customs-declarations", "ok")


def _silent() -> Health:
    count = CustomsDocument.objects.filter(state=DocumentState.SENT, sends__gte=MOST_SENDS).count()
    if count:
        text = _("%(count)s messages were sent again and again without any answer.") % {"count": count}
        return Health("customs-answers", "warning", text, _("Ask the port whether it has them."))
    return Health("customs-answers", "ok")


def _payment_data() -> Health:
    """Customs' demands for payment data: none may have failed, none may wait longer than a minute."""
    name = "customs-payment-data"
    failed, late = troubled()
    if failed or late:
        values = {"failed": failed, "late": late}
        text = _("Payment data that customs asked for: %(failed)s not uploaded, %(late)s late.") % values
        return Health(
            name, "error" if failed else "warning", text, _("Check address, certificate and the outbox.")
        )
    if not links.config().realtime_url:
        text = _("No address to upload payment data to when customs ask for them.")
        return Health(name, "warning", text, _("Fill in the customs plugin's form."))
    return Health(name, "ok")


def _guarantee() -> Health:
    """How much of the tax guarantee is occupied; customs refuse lists when it is short (code 1311)."""
    name, settings = "customs-guarantee", links.config()
    limit = settings.guarantee_limit
    if not limit:
        text = _("The tax guarantee is not watched.")
        return Health(name, "warning", text, _("Enter its amount in the customs plugin's form."))
    used = guarantee.occupied(settings.assure_code or settings.agent_code)
    values = {"used": f"{used:.2f}", "limit": f"{limit:.2f}", "percent": int(used * 100 / limit)}
    text = _("%(used)s of %(limit)s yuan of the tax guarantee are occupied (%(percent)s %%).") % values
    if used > limit:
        return Health(name, "error", text, _("Raise the guarantee, or have taxes paid that are due."))
    if used * 100 >= limit * settings.guarantee_warning_percent:
        return Health(name, "warning", text, _("Raise the guarantee, or have taxes paid that are due."))
    return Health(name, "ok", text)


def _bills() -> Health:
    """Tax bills that say other figures than ours, or are of lists that are not known here."""
    name = "customs-tax-bills"
    differing, unknown = bills.counts()
    if differing or unknown:
        values = {"differing": differing, "unknown": unknown}
        text = (
            _("Tax bills: %(differing)s differ from our figures, %(unknown)s are of unknown lists.") % values
        )
        return Health(name, "warning", text, _("Look at them with ponte customs bills."))
    return Health(name, "ok")

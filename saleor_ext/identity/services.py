"""Naming the buyer of a checkout, consent, and the audited opening of an identity."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from saleor_ext.core import audit, clock, crypto
from saleor_ext.core.errors import PermanentError
from saleor_ext.plugin_api.types import Buyer, Identity

from .checks import check_id, check_name, mask_id, mask_name, normalise_id
from .models import ID_PURPOSE, CheckoutBuyer, Consent, Person

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MaskedPerson:
    """A person as pages show it."""

    reference: str
    name: str
    id_number: str


def name_buyer(
    api_url: str, checkout_id: str, *, name: str, id_number: str, phone: str = "", account: str = ""
) -> MaskedPerson:
    """Store who orders through a checkout; a repeat with the same data changes nothing.

    :raises IdentityInvalid: when name or number would be refused by customs
    """
    name, id_number = check_name(name), check_id(id_number)
    with transaction.atomic():
        known = (
            CheckoutBuyer.objects.select_for_update()
            .select_related("person")
            .filter(api_url=api_url, checkout_id=checkout_id)
            .first()
        )
        if known and (known.person.name, known.person.id_number, known.person.phone) == (
            name,
            id_number,
            phone,
        ):
            return masked(known.person)
        person = Person.objects.create(
            name=name, id_number=id_number, phone=phone, account=account, created_at=clock.now()
        )
        CheckoutBuyer.objects.update_or_create(
            api_url=api_url, checkout_id=checkout_id, defaults={"person": person, "named_at": clock.now()}
        )
        audit.record("identity.named", "person", person.pk, actor=account or "guest", checkout=checkout_id)
    return masked(person)


def name_person(*, name: str, id_number: str, phone: str, actor: str, reason: str) -> Person:
    """Enter a person anew by an operator's hand; nobody who is known is changed.

    :raises IdentityInvalid: when name or number would be refused by customs
    """
    name, id_number = check_name(name), check_id(id_number)
    with transaction.atomic():
        person = Person.objects.create(
            name=name, id_number=id_number, phone=phone, account="", created_at=clock.now()
        )
        audit.record("identity.named", "person", person.pk, actor=actor, reason=reason)
    return person


def record_consent(checkout_id: str, purpose: str, *, version: str, language: str, text: str) -> Consent:
    """Record that a text was agreed to for a checkout; the text is kept by its hash."""
    buyer = CheckoutBuyer.objects.filter(checkout_id=checkout_id).first()
    consent, _ = Consent.objects.get_or_create(
        checkout_id=checkout_id,
        purpose=purpose,
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        defaults={
            "person": buyer.person if buyer else None,
            "version": version,
            "language": language,
            "given_at": clock.now(),
        },
    )
    return consent


def has_consent(checkout_id: str, purpose: str) -> bool:
    return Consent.objects.filter(checkout_id=checkout_id, purpose=purpose).exists()


def person_of_checkout(api_url: str, checkout_id: str) -> Person | None:
    row = (
        CheckoutBuyer.objects.select_related("person")
        .filter(api_url=api_url, checkout_id=checkout_id)
        .first()
    )
    return row.person if row else None


def masked_of_checkout(api_url: str, checkout_id: str) -> MaskedPerson | None:
    """Return who was named for a checkout, masked for a page."""
    person = person_of_checkout(api_url, checkout_id)
    return masked(person) if person else None


def masked(person: Person) -> MaskedPerson:
    return MaskedPerson(str(person.pk), mask_name(person.name), mask_id(person.id_number))


def buyer(person: Person) -> Buyer:
    return Buyer(reference=str(person.pk), masked_name=mask_name(person.name), index=person.id_index)


def index_of(id_number: str) -> str:
    """Return the blind index of an ID number, for look-up and quotas."""
    return crypto.blind_index(normalise_id(id_number), ID_PURPOSE)


def reveal(reference: str, *, purpose: str, actor: str = audit.SYSTEM) -> Identity:
    """Open an identity; who, why and when stands in the audit log."""
    person = Person.objects.filter(pk=reference).first()
    if person is None:
        raise PermanentError(f"no person {reference}", code="not_found")
    audit.record("identity.revealed", "person", person.pk, actor=actor, reason=purpose)
    return _opened(person)


def reveal_many(wanted: Collection[tuple[str, str]], *, actor: str = audit.SYSTEM) -> dict[str, Identity]:
    """Open several identities, each (reference, purpose) in the audit log; those that cannot be opened are left out."""
    people = {
        str(one.pk): one for one in Person.objects.filter(pk__in={reference for reference, _why in wanted})
    }
    opened = [(one, {"reason": purpose}) for one, purpose in wanted if one in people]
    audit.record_many("identity.revealed", "person", opened, actor=actor)
    found = {}
    for reference, person in people.items():
        try:
            found[reference] = _opened(person)
        except crypto.CannotOpen:
            log.exception("the identity %s cannot be opened", reference)
    return found


def _opened(person: Person) -> Identity:
    return Identity(name=person.name, id_number=person.id_number, phone=person.phone)

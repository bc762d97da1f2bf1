"""Entering merchants and members, signing members in, suspending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from saleor_ext.core import audit, clock
from saleor_ext.core.errors import PermanentError

from .models import Member, Merchant

OBJECT = "merchant"


def enter_merchant(
    slug: str,
    *,
    names: Mapping[str, str],
    stories: Mapping[str, str],
    customs_code: str,
    customs_name: str,
    domestic_agent: str,
    domestic_agent_code: str,
    colour: str,
    actor: str,
) -> Merchant:
    """Enter a merchant, or bring the entered one to these facts; its state is left alone."""
    facts: dict[str, Any] = {
        "names": dict(names),
        "stories": dict(stories),
        "customs_code": customs_code,
        "customs_name": customs_name,
        "domestic_agent": domestic_agent,
        "domestic_agent_code": domestic_agent_code,
        "colour": colour,
    }
    with transaction.atomic():
        found, created = Merchant.objects.select_for_update().get_or_create(
            slug=slug, defaults={**facts, "created_at": clock.now()}
        )
        changed = sorted(name for name, value in facts.items() if getattr(found, name) != value)
        if changed:
            for name in changed:
                setattr(found, name, facts[name])
            found.save(update_fields=changed)
        if created or changed:
            action = "merchant.entered" if created else "merchant.changed"
            audit.record(action, OBJECT, found.pk, actor=actor, slug=slug, fields=changed)
    return found


def add_member(merchant: Merchant, email: str, *, role: str = Member.Role.OWNER, actor: str) -> Member:
    """Let a Saleor account act for a merchant; the same address twice is one member."""
    email = email.strip().lower()
    with transaction.atomic():
        found, created = Member.objects.get_or_create(
            merchant=merchant, email=email, defaults={"role": role, "created_at": clock.now()}
        )
        if created:
            audit.record("member.added", OBJECT, merchant.pk, actor=actor, member=str(found.pk), role=role)
    return found


def sign_in(saleor_user_id: str, email: str) -> list[Member]:
    """Bind members that were entered by this e-mail to the Saleor account, and return all of the account's.

    Call it only with what Saleor itself said of a signed-in account whose address is confirmed.
    """
    if not saleor_user_id:
        raise PermanentError("a sign-in without a Saleor user")
    with transaction.atomic():
        for member in Member.objects.select_for_update().filter(
            email=email.strip().lower(), saleor_user_id=""
        ):
            member.saleor_user_id = saleor_user_id
            member.save(update_fields=["saleor_user_id"])
            audit.record(
                "member.bound", OBJECT, member.merchant_id, actor=saleor_user_id, member=str(member.pk)
            )
        return list(Member.objects.filter(saleor_user_id=saleor_user_id).select_related("merchant"))


def suspend(merchant: Merchant, *, reason: str, actor: str) -> None:
    """Stop a merchant from publishing; what is on sale stays until it is taken off."""
    _move(merchant, Merchant.State.SUSPENDED, reason=reason, actor=actor)


def reinstate(merchant: Merchant, *, reason: str, actor: str) -> None:
    """Let a suspended merchant publish again."""
    _move(merchant, Merchant.State.APPROVED, reason=reason, actor=actor)


def _move(merchant: Merchant, state: str, *, reason: str, actor: str) -> None:
    with transaction.atomic():
        changed = (
            Merchant.objects.filter(pk=merchant.pk)
            .exclude(state=state)
            .update(state=state, state_reason=reason if state == Merchant.State.SUSPENDED else "")
        )
        if changed:
            audit.record(f"merchant.{state}", OBJECT, merchant.pk, actor=actor, reason=reason)
    merchant.refresh_from_db()

"""Approved editions of policy tables, for tests."""

from __future__ import annotations

from datetime import date

from plugins.customs_declaration.policies import deciding, in_force
from plugins.customs_declaration.policies.models import PolicyEdition
from saleor_ext.core import clock


def proposed(kind: str, content: str, day: str, *, actor: str = "first@shop.example") -> PolicyEdition:
    return deciding.propose(
        kind,
        effective_from=date.fromisoformat(day),
        source="invented announcement",
        read_on=clock.china_today(),
        content=content,
        actor=actor,
    )


def approved(kind: str, content: str, day: str) -> PolicyEdition:
    """Have one person propose an edition and another approve it."""
    made = proposed(kind, content, day)
    found = deciding.approve(made.pk, actor="second@shop.example", sha256=made.sha256)
    in_force.forget()
    return found

"""Accounts of the demonstration. Their password is public: they exist only where PONTE_DEMO is set."""

from __future__ import annotations

from dataclasses import dataclass

from .catalogue import merchants

PASSWORD = "ponte-demo"  # noqa: S105  # shown on the sign-in pages of the demonstration


@dataclass(frozen=True, slots=True)
class Account:
    """A person to sign in as; ``merchant`` is a slug for members."""

    role: str
    email: str
    first_name: str
    last_name: str
    merchant: str = ""


def _accounts() -> tuple[Account, ...]:
    members = []
    for merchant in merchants():
        first, _, last = merchant.member_name.partition(" ")
        members.append(Account("merchant", merchant.member, first, last, merchant.slug))
    return (
        *members,
        Account("consumer", "lin@ponte.example", "玥", "林"),
        Account("operator", "admin@ponte.example", "Demo", "Operator"),
    )


ACCOUNTS = _accounts()

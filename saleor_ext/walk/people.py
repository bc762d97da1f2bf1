"""The fictitious shopper of a walk: another one each time, so that nobody's yearly limit fills up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

#: GB 11643: weights of the first seventeen digits, and the check character of each remainder modulo 11.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
#: A district of Beijing that the checks know.
_REGION = "110105"
_OLDEST, _DAYS = date(1950, 1, 1), 18_000
_GIVEN = "安和宁静远明清文书墨兰竹梅松柏云山川林风"
#: Surname of the walk's shoppers; rare, so that nobody real is meant and operators know them at sight.
SURNAME = "步"


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who orders and where to; the ID number never appears in the walk's output."""

    name: str
    id_number: str
    phone: str
    email: str

    @property
    def address(self) -> dict[str, str]:
        """The fields of the shop's address form."""
        return {
            "receiver": self.name,
            "phone": self.phone,
            "province": "广东省",
            "city": "广州市",
            "district": "天河区",
            "street": "体育西路一号演示大厦三零二室",
            "postal_code": "510620",
            "email": self.email,
        }


def new_shopper(chance: random.Random | None = None, given: str = "") -> Shopper:
    """Invent an adult with a formally valid resident ID number; ``given`` is a name the stand-ins know."""
    chance = chance or random.Random()  # noqa: S311  # an invented person, not a secret
    born = _OLDEST + timedelta(days=chance.randrange(_DAYS))
    digits = f"{_REGION}{born:%Y%m%d}{chance.randrange(1000):03d}"
    name = SURNAME + (given or "".join(chance.sample(_GIVEN, 2)))
    phone = f"199{chance.randrange(10**8):08d}"
    return Shopper(
        name, digits + check_character(digits), phone, f"walk-{digits[-6:]}-{phone[-4:]}@ponte.example"
    )


def check_character(digits: str) -> str:
    """The eighteenth character of a resident ID number."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]

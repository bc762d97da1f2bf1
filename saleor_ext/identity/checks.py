"""Checks of a name and a resident ID number, and how both are masked."""

from __future__ import annotations

import re
from datetime import date

from stdnum.cn import ric
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError

from saleor_ext.core import clock
from saleor_ext.core.errors import PermanentError

_HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
#: Chinese characters (extensions and 〇 included), single middle dots between them as in minority names; 2 to 30.
_NAME = re.compile(rf"[{_HAN}](?:[{_HAN}]|·(?=[{_HAN}])){{1,29}}")
#: What keyboards give for the middle dot.
_DOTS = str.maketrans(dict.fromkeys("•・.．‧∙", "·"))
#: Civil Code of the PRC, articles 17 and 18: full capacity to act at eighteen.
ADULT_YEARS = 18


class IdentityInvalid(PermanentError):
    """A name or number that customs would refuse; ``field`` and ``code`` tell which and why."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}", code=code)
        self.field = field


def normalise_id(number: str) -> str:
    """Return an ID number without blanks, full-width forms folded, check character upper-case."""
    folded = number.translate(
        {0xFF10 + digit: 0x30 + digit for digit in range(10)} | {0xFF38: 0x58, 0xFF58: 0x58}
    )
    return re.sub(r"[\s-]", "", folded).upper()


def check_id(number: str) -> str:
    """Check a resident ID number by GB 11643-1999 and return it normalised.

    :raises IdentityInvalid: ``length``, ``characters``, ``region``, ``birth_date``, ``checksum`` or ``minor``
    """
    value = normalise_id(number)
    if len(value) != 18:
        raise IdentityInvalid("id_number", "length")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", value):
        raise IdentityInvalid("id_number", "characters")
    try:
        born: date = ric.get_birth_date(value)
    except InvalidComponent:
        raise IdentityInvalid("id_number", "birth_date") from None
    try:
        ric.validate(value)
    except InvalidChecksum:
        raise IdentityInvalid("id_number", "checksum") from None
    except ValidationError:
        raise IdentityInvalid("id_number", "region") from None
    today = clock.china_today()
    if born > today:
        raise IdentityInvalid("id_number", "birth_date")
    if (today.year - born.year) - ((today.month, today.day) < (born.month, born.day)) < ADULT_YEARS:
        raise IdentityInvalid("id_number", "minor")
    return value


def check_name(name: str) -> str:
    """Check a real name as resident IDs print it and return it without outer blanks.

    :raises IdentityInvalid: ``required`` or ``chinese_name``
    """
    value = name.strip().translate(_DOTS)
    if not value:
        raise IdentityInvalid("name", "required")
    if not _NAME.fullmatch(value):
        raise IdentityInvalid("name", "chinese_name")
    return value


def mask_name(name: str) -> str:
    """Return ``林*`` for 林悦, ``欧**`` for 欧阳娜."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def mask_id(number: str) -> str:
    """Return the first and last character only: ``1****************X``."""
    return number[:1] + "*" * (len(number) - 2) + number[-1:]

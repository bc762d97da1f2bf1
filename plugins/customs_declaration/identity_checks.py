"""What customs check of an orderer by form: the resident ID number (GB 11643) and a Chinese name.

The vault checks at entry; this is the last look before something is sent, by rules of its own.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

_HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_NAME = re.compile(rf"[{_HAN}](?:[{_HAN}]|·(?=[{_HAN}])){{1,29}}")


def id_number_ok(number: str) -> bool:
    """Tell whether a resident ID number has a region, a birth date and the right check character."""
    if len(number) != 18 or not (number[:17].isascii() and number[:17].isdigit()):
        return False
    try:
        date.fromisoformat(number[6:14])
    except ValueError:
        return False
    return bool(ric.calc_check_digit(number) == number[17]) and _known_region(number[:10])


@lru_cache(maxsize=8192)
def _known_region(region_and_year: str) -> bool:
    """Tell whether a region's six digits were in use in the year of birth; by nothing more of a number."""
    try:
        ric.get_birth_place(f"{region_and_year}01010000")
    except ValidationError:
        return False
    return True


def name_ok(name: str) -> bool:
    """Tell whether a name is written as resident IDs print it."""
    return _NAME.fullmatch(name) is not None

"""What customs check of an orderer by form: the resident ID number (GB 11643) and a Chinese name.

The vault checks at entry; this is the last look before something is sent, by rules of its own.
"""

from __future__ import annotations

import re

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

_HAN = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_NAME = re.compile(rf"[{_HAN}](?:[{_HAN}]|·(?=[{_HAN}])){{1,29}}")


def id_number_ok(number: str) -> bool:
    """Tell whether a resident ID number has a region, a birth date and the right check character."""
    try:
        return bool(ric.validate(number) == number)
    except ValidationError:
        return False


def name_ok(name: str) -> bool:
    """Tell whether a name is written as resident IDs print it."""
    return _NAME.fullmatch(name) is not None

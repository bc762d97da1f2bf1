"""Names and resident ID numbers, before anybody pays. All numbers are made up; their check characters are right."""

from __future__ import annotations

import pytest
import time_machine

from plugins.customs_declaration.identity_checks import id_number_ok, name_ok
from saleor_ext.identity.checks import IdentityInvalid, check_id, check_name


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel("2026-11-25T12:00:00+08:00", tick=False):
        yield


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("11010519491231002X", "11010519491231002X"),
        ("11010519491231002x", "11010519491231002X"),
        (" 110105 19491231 002x ", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
        ("110101199202290017", "110101199202290017"),
    ],
)
def test_good_numbers_are_kept_in_one_form(entered: str, kept: str) -> None:
    assert check_id(entered) == kept
    assert id_number_ok(kept), "what is kept passes the last look before the declaration"


@pytest.mark.parametrize(
    ("entered", "code"),
    [
        ("", "length"),
        ("11010519491231002", "length"),
        ("11010519491231002Y", "characters"),
        ("1101051949123100X2", "characters"),
        ("110105194912310021", "checksum"),
        ("110101199002300014", "birth_date"),  # 30 February
        ("110101199013010012", "birth_date"),  # month 13
        ("110101209901010017", "birth_date"),  # not born yet
        ("990101199001010019", "region"),
        ("110101201501010011", "minor"),
    ],
)
def test_bad_numbers_are_told_apart(entered: str, code: str) -> None:
    with pytest.raises(IdentityInvalid) as refused:
        check_id(entered)
    assert (refused.value.field, refused.value.code) == ("id_number", code)


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("张三", "张三"),
        (" 欧阳娜娜 ", "欧阳娜娜"),
        ("阿力木·买买提", "阿力木·买买提"),
        ("阿力木•买买提", "阿力木·买买提"),
        ("阿力木.买买提", "阿力木·买买提"),
        ("王〇", "王〇"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_good_names_pass_the_last_look_too(entered: str, kept: str) -> None:
    assert check_name(entered) == kept
    assert name_ok(kept)


@pytest.mark.parametrize(
    "entered", ["张", "Li Ming", "张 三", "阿··力", "·阿力", "阿力·", "张三1", "张" * 31]
)
def test_other_names_are_refused_at_entry(entered: str) -> None:
    with pytest.raises(IdentityInvalid) as refused:
        check_name(entered)
    assert (refused.value.field, refused.value.code) == ("name", "chinese_name")
    assert not name_ok(entered)

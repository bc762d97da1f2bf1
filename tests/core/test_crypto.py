from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from django.db import connection

from saleor_ext.core import clock, crypto, keys, rotation
from saleor_ext.core.errors import ConfigurationError
from saleor_ext.core.fields import Sealed
from saleor_ext.core.locks import HeldElsewhere, alone
from saleor_ext.core.models import AuditEntry
from saleor_ext.core.rotation import rotate
from saleor_ext.core.settings import platform_settings
from saleor_ext.identity.models import Person
from saleor_ext.identity.services import index_of, name_buyer

ID = "11010519491231002X"


@pytest.fixture
def person(db: None) -> Person:
    name_buyer("http://saleor.test/graphql/", "checkout", name="林悦", id_number=ID, phone="13800000000")
    return Person.objects.get()


def stored(person: Person, column: str = "id_number") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM identity_person WHERE id = %s", [person.pk])
        return str(cursor.fetchone()[0])


def test_values_are_sealed_at_rest_and_read_in_the_clear(person: Person) -> None:
    assert stored(person).startswith("p1.")
    assert ID not in stored(person)
    assert Person.objects.get().id_number == ID
    assert Person.objects.get().name == "林悦"


def test_long_texts_are_deflated_before_they_are_sealed() -> None:
    text = "<ceb:qty>1</ceb:qty>" * 400
    token = crypto.seal(text, "row")
    assert (token.split(".")[0], len(token) < 400) == ("p2", True)
    assert crypto.open_sealed(token, "row") == text
    short = crypto.seal(text[: crypto.DEFLATE_FROM - 1], "row")
    assert (short.split(".")[0], crypto.open_sealed(short, "row")) == ("p1", text[: crypto.DEFLATE_FROM - 1])
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed("p2" + short[2:], "row")


def test_equal_values_are_sealed_differently_but_share_the_index(person: Person) -> None:
    name_buyer("http://saleor.test/graphql/", "another", name="林悦", id_number=ID.lower())
    first, second = Person.objects.order_by("created_at")
    assert stored(first) != stored(second)
    assert first.id_index == second.id_index == index_of(" 110105 19491231 002x ")
    assert len(first.id_index) == 32


def test_a_token_moved_to_another_row_or_column_does_not_open(person: Person) -> None:
    token = stored(person)
    for associated in (f"identity_person:id_number:{'0' * 32}", f"identity_person:name:{person.pk}"):
        with pytest.raises(crypto.CannotOpen):
            crypto.open_sealed(token, associated)


def test_an_altered_token_does_not_open(person: Person) -> None:
    token = stored(person)
    altered = token[:-4] + ("A" if token[-4] != "A" else "B") + token[-3:]
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed(altered, f"identity_person:id_number:{person.pk}")
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed("no token", "x")


def test_plain_text_never_reaches_the_database(person: Person) -> None:
    with pytest.raises(TypeError):
        Person.objects.update(id_number=ID)
    with pytest.raises(TypeError):
        Person.objects.filter(id_number=ID).exists()


def test_untouched_values_keep_their_seal(person: Person) -> None:
    before = stored(person)
    again = Person.objects.get()
    again.account = "someone"
    again.save(update_fields=["account"])
    assert stored(person) == before
    assert isinstance(again.__dict__["id_number"], Sealed)


@pytest.fixture
def own_key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys.json"
    keys.write_ring(path, keys.new_ring())
    monkeypatch.setattr(platform_settings(), "key_file", path)
    monkeypatch.setattr(rotation, "GRACE_SECONDS", 0.0)
    keys.key_ring.cache_clear()
    yield path
    monkeypatch.undo()
    keys.key_ring.cache_clear()


def test_rotation_reseals_every_value_and_old_keys_can_go(own_key_file: Path, person: Person) -> None:
    assert crypto.key_name(stored(person)) == "k1"
    index = person.id_index
    report = rotate(drop_old=True)
    assert report.active == "k2"
    assert report.resealed == 3
    assert [crypto.key_name(stored(person, column)) for column in ("id_number", "name", "phone")] == [
        "k2"
    ] * 3
    assert list(keys.read_ring(own_key_file).keys) == ["k2"]
    reread = Person.objects.get()
    assert (reread.id_number, reread.name, reread.phone) == (ID, "林悦", "13800000000")
    assert reread.id_index == index
    assert AuditEntry.objects.filter(action="keys.rotated").count() == 1


def test_rotation_again_after_a_stop_in_the_middle(own_key_file: Path, person: Person) -> None:
    keys.write_ring(
        own_key_file, keys.add_key(keys.read_ring(own_key_file))
    )  # the stop: key made, rows not done
    assert Person.objects.get().id_number == ID
    assert rotate().active == "k3"
    assert crypto.key_name(stored(person)) == "k3"


def test_a_running_process_notices_what_another_one_rotated(own_key_file: Path, person: Person) -> None:
    assert crypto.key_name(crypto.seal("x", "y")) == "k1"
    ring = keys.add_key(keys.read_ring(own_key_file))
    other = own_key_file.with_name("other")
    other.write_text(ring.to_json())
    other.replace(own_key_file)  # as `write_ring` of another process does it
    token = crypto.seal("x", "y")
    assert crypto.key_name(token) == "k2"
    assert crypto.open_sealed(token, "y") == "x"
    own_key_file.unlink()
    assert crypto.open_sealed(token, "y") == "x"  # a file that is gone does not shut what is running


def test_a_value_that_does_not_open_keeps_the_older_keys_and_stops_no_other(
    own_key_file: Path, person: Person
) -> None:
    broken = Person.objects.create(name="x", id_number=ID, phone="y", created_at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE identity_person SET name = %s WHERE id = %s", ["p1.k1.AAAA", broken.pk])
    report = rotate(drop_old=True)
    assert report.resealed == 5
    assert report.shut == (
        f"identity.Person {broken.pk} name: sealed value was altered or belongs to another row",
    )
    assert list(keys.read_ring(own_key_file).keys) == ["k1", "k2"]
    assert AuditEntry.objects.get(action="keys.rotated").data == {
        "resealed": 5,
        "dropped_old": False,
        "shut": 1,
    }


def test_what_was_sealed_meanwhile_is_resealed_before_the_old_key_goes(
    own_key_file: Path, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = keys.read_ring(own_key_file)

    def meanwhile(seconds: float) -> None:
        token = crypto.seal("晚", f"identity_person:name:{person.pk}", old)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE identity_person SET name = %s WHERE id = %s", [token, person.pk])

    monkeypatch.setattr(rotation.time, "sleep", meanwhile)
    assert rotate(drop_old=True) == rotation.Report("k2", 4)
    assert Person.objects.get().name == "晚"


@pytest.mark.django_db(transaction=True)
def test_two_rotations_do_not_make_two_keys_of_one_name(own_key_file: Path) -> None:
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with alone("keys.rotate", "busy"):
            held.set()
            go_on.wait(10)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(10)
    with pytest.raises(HeldElsewhere, match="another rotation is at work"):
        rotate()
    assert keys.read_ring(own_key_file).active == "k1"
    go_on.set()
    other.join()
    assert rotate().active == "k2"


def test_without_the_key_values_stay_shut(own_key_file: Path, person: Person) -> None:
    keys.write_ring(own_key_file, keys.new_ring())
    with pytest.raises(crypto.CannotOpen):
        assert Person.objects.get().id_number


def test_the_key_file_is_private(own_key_file: Path) -> None:
    assert own_key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "missing"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        (json.dumps({"active": "k1", "keys": {}, "index": ""}), "not among"),
        (json.dumps({"active": "k1", "keys": {"k1": "AAAA"}, "index": "AAAA"}), "32 bytes"),
        (json.dumps({"active": "k1", "keys": {"k1": "%%%%"}, "index": "AAAA"}), "cannot be read"),
    ],
)
def test_a_broken_key_file_says_what_is_wrong(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=message):
        keys.read_ring(path)

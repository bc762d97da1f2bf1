from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import RequestFactory

from saleor_ext.core import audit, clock, idempotency
from saleor_ext.core.logs import mask
from saleor_ext.core.models import AuditEntry, IdempotencyKey

pytestmark = pytest.mark.django_db


def test_audit_entries_can_be_written_and_read() -> None:
    audit.record("listing.published", "listing", 7, actor="ana@example.mo", reason="ready", version=2)
    entry = audit.entries_of("listing", "7")[0]
    assert (entry.actor, entry.action, entry.reason, entry.data) == (
        "ana@example.mo",
        "listing.published",
        "ready",
        {"version": 2},
    )


def test_the_database_refuses_to_change_or_delete_entries() -> None:
    audit.record("a", "b", 1)
    for change in (lambda: AuditEntry.objects.update(actor="x"), lambda: AuditEntry.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert AuditEntry.objects.get().actor == "system"


calls: list[bytes] = []


@idempotency.idempotent(lambda request: "tester")
def view(request: HttpRequest) -> HttpResponse:
    calls.append(request.body)
    if request.body == b"busy":
        return JsonResponse({}, status=503)
    if request.body == b"crash":
        raise RuntimeError
    return JsonResponse({"count": len(calls)}, status=201)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


def post(body: bytes = b"{}", key: str | None = "k1", path: str = "/things") -> HttpResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return view(RequestFactory().post(path, body, content_type="application/json", headers=headers))


def test_the_same_request_gets_the_same_answer_without_a_second_effect() -> None:
    first, second = post(), post()
    assert (first.status_code, first.content) == (201, b'{"count": 1}')
    assert (second.status_code, second.content) == (201, b'{"count": 1}')
    assert second["Idempotency-Replayed"] == "true"
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("body", "path"), [(b'{"other": 1}', "/things"), (b"{}", "/things?x=1"), (b"{}", "/other")]
)
def test_the_same_key_with_another_request_is_422(body: bytes, path: str) -> None:
    post()
    assert post(body, path=path).status_code == 422
    assert len(calls) == 1


def test_without_a_key_nothing_is_stored() -> None:
    post(key=None)
    post(key=None)
    assert len(calls) == 2
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_malformed_keys_are_400(key: str) -> None:
    assert post(key=key).status_code == 400
    assert calls == []


def test_an_answer_that_says_try_again_is_not_kept() -> None:
    assert post(b"busy").status_code == 503
    assert post(b"busy").status_code == 503
    assert len(calls) == 2


def test_a_crash_frees_the_key() -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError):
            post(b"crash")
    assert len(calls) == 2


def test_while_the_first_runs_the_second_waits_and_a_dead_first_does_not_lock_for_good() -> None:
    request = RequestFactory().post("/things", b"{}", content_type="application/json")
    idempotency._take("tester", "k1", idempotency.fingerprint(request))  # the first, killed before its answer
    refused = post()
    assert (refused.status_code, refused["Retry-After"]) == (409, "60")
    with time_machine.travel(clock.now() + idempotency.LEASE + timedelta(seconds=1)):
        assert post().status_code == 201


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("buyer 11010519491231002X paid", "buyer ***ID*** paid"),
        ("id=11010519491231002x,", "id=***ID***,"),
        ("transaction 4200001234567890123456789", "transaction 4200001234567890123456789"),
        ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: Bearer ***"),
    ],
)
def test_logs_hide_id_numbers_and_tokens(text: str, masked: str) -> None:
    assert mask(text) == masked

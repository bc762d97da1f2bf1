"""Pages of policy tables: who may look, propose, approve; the proposer never approves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from plugins.customs_declaration.policies import in_force
from plugins.customs_declaration.policies.models import PolicyEdition
from saleor_ext.core import clock
from saleor_ext.core.models import AuditEntry
from tests.customs.editions import proposed
from tests.customs.workbook import write_workbook

from .conftest import PASSWORD, FakeStorefront

LIMITS = 'single_limit = "6000.00"\nannual_limit = "30000.00"\ntax_share = "0.60"\n'
HEAD = "hs,duty,vat,ct_ad_valorem,ct_specific,ct_unit,ct_threshold,ct_basis,from,to,status,source"
ROW = "1905,0.1,0.06,,,,,,,,read,invented"
FIRST, SECOND, PLAIN = "staff@shop.example", "second@shop.example", "plain@shop.example"


@pytest.fixture(autouse=True)
def _people(saleor: type[FakeStorefront], client: Client, db: None) -> None:
    """Two who may handle taxes, one on the staff who may not."""
    saleor.is_staff.update({SECOND: True, PLAIN: True})
    saleor.permissions = {FIRST: ["HANDLE_TAXES"], SECOND: ["HANDLE_TAXES"], PLAIN: ["MANAGE_ORDERS"]}


def enter(client: Client, who: str) -> Client:
    client.cookies.clear()
    client.post("/en/console/sign-in/", {"email": who, "password": PASSWORD})
    return client


def url(name: str, *arguments: object) -> str:
    from django.utils.translation import override

    with override("en"):
        return reverse(f"console:customs:{name}", args=arguments)


def tomorrow() -> date:
    return clock.china_today() + timedelta(days=1)


def proposal(**changes: object) -> dict[str, object]:
    return {
        "effective_from": tomorrow().isoformat(), "source": "invented announcement 1",
        "read_on": clock.china_today().isoformat(), "content": LIMITS, **changes,
    }  # fmt: skip


def draft() -> PolicyEdition:
    return proposed("limits", LIMITS, tomorrow().isoformat(), actor=FIRST)


ADDRESSES: dict[str, Callable[[PolicyEdition], str]] = {
    "policies": lambda edition: url("policies"),
    "policy_propose": lambda edition: url("policy_propose", "limits"),
    "policy_in_force": lambda edition: url("policy_in_force", "limits"),
    "policy": lambda edition: url("policy", edition.pk),
    "policy_content": lambda edition: url("policy_content", edition.pk),
    "policy_approve": lambda edition: url("policy_approve", edition.pk),
    "policy_refuse": lambda edition: url("policy_refuse", edition.pk),
}
POSTED = {"policy_approve", "policy_refuse"}
NEEDS_PERMISSION = {"policy_propose", *POSTED}


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("stranger", 302),
        ("merchant@shop.example", 403),
        ("consumer@shop.example", 403),
        (PLAIN, 403),
        (SECOND, 200),
    ],
)
def test_every_page_for_everybody(client: Client, name: str, who: str, expected: int) -> None:
    edition = draft()
    if who != "stranger":
        enter(client, who)
    address = ADDRESSES[name](edition)
    sent = {"reason": "because", "sha256": edition.sha256}
    answer = client.post(address, sent) if name in POSTED else client.get(address)
    if who == PLAIN and name not in NEEDS_PERMISSION:
        expected = 200
    if who == SECOND and name in POSTED:
        expected = 302
    assert answer.status_code == expected
    edition.refresh_from_db()
    if who != SECOND or name not in POSTED:
        assert edition.state == "draft"
    if expected in (302, 403) and who not in (SECOND, PLAIN):
        assert "invented announcement" not in answer.content.decode()


def test_only_posts_decide(client: Client) -> None:
    edition = draft()
    enter(client, SECOND)
    for name in POSTED:
        assert client.get(ADDRESSES[name](edition)).status_code == 405


def test_one_proposes_and_another_approves(client: Client) -> None:
    enter(client, FIRST)
    page = client.get(url("policy_propose", "limits")).content.decode()
    assert "annual_limit = &quot;26000.00&quot;" in page
    answer = client.post(url("policy_propose", "limits"), proposal())
    edition = PolicyEdition.objects.get()
    assert answer["Location"] == url("policy", edition.pk)
    own = client.get(url("policy", edition.pk)).content.decode()
    assert "You have proposed this edition: another person has to approve it." in own
    assert "5000.00" in own and "6000.00" in own and "policies/" in own
    assert url("policy_approve", edition.pk) not in own
    client.post(url("policy_approve", edition.pk), {"sha256": edition.sha256})
    edition.refresh_from_db()
    assert edition.state == "draft"
    assert "Who proposes an edition cannot approve it" in client.get(url("policies")).content.decode()

    enter(client, SECOND)
    other = client.get(url("policy", edition.pk)).content.decode()
    assert url("policy_approve", edition.pk) in other and "invented announcement 1" in other
    client.post(url("policy_approve", edition.pk), {"sha256": "0" * 64})
    edition.refresh_from_db()
    assert edition.state == "draft"
    client.post(url("policy_approve", edition.pk), {"sha256": edition.sha256})
    edition.refresh_from_db()
    assert edition.state == "approved" and edition.decided_by != edition.proposed_by
    in_force.forget()
    assert in_force.limits(tomorrow()).single == 6000
    listed = client.get(url("policies")).content.decode()
    assert tomorrow().isoformat() in listed
    assert [one.action for one in AuditEntry.objects.filter(object_id=str(edition.pk)).order_by("id")] == [
        "customs.policy_proposed", "customs.policy_approved",
    ]  # fmt: skip


def test_a_refusal_needs_a_reason_and_a_proposer_may_take_it_back(client: Client) -> None:
    enter(client, FIRST)
    client.post(url("policy_propose", "limits"), proposal())
    edition = PolicyEdition.objects.get()
    answer = client.post(url("policy_refuse", edition.pk), {"reason": ""})
    assert answer.status_code == 422 and "the audit log needs a reason" in answer.content.decode()
    assert client.post(url("policy_refuse", edition.pk), {"reason": "typing error"}).status_code == 302
    edition.refresh_from_db()
    assert (edition.state, edition.reason) == ("refused", "typing error")
    client.post(url("policy_refuse", edition.pk), {"reason": "again"})
    assert "does not wait for a decision" in client.get(url("policies")).content.decode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"content": "x"}, "not TOML"),
        ({"content": ""}, "Enter the table or choose a file."),
        ({"content": LIMITS.replace("6000", "x")}, "single_limit"),
        ({"effective_from": "2020-01-01"}, "The day it is to be in force from is over."),
        ({"read_on": "2999-01-01"}, "The source cannot have been read in the future."),
        ({"source": ""}, "required"),
        ({"effective_from": "x"}, "valid date"),
    ],
)
def test_what_cannot_be_proposed_says_why_and_keeps_what_was_typed(
    client: Client, changes: dict, told: str
) -> None:
    enter(client, FIRST)
    answer = client.post(url("policy_propose", "limits"), proposal(**changes))
    page = answer.content.decode()
    assert answer.status_code == 422 and told in page
    assert "invented announcement 1" in page or "source" in changes
    assert not PolicyEdition.objects.exists()


def test_tables_of_codes_come_as_files(client: Client, tmp_path) -> None:
    enter(client, FIRST)
    page = client.get(url("policy_propose", "tariff")).content.decode()
    assert "ct_threshold" in page and 'type="file"' in page
    text = SimpleUploadedFile("rates.csv", f"{HEAD}\n{ROW}\n".encode())
    client.post(url("policy_propose", "tariff"), proposal(content="", file=text))
    book = write_workbook(tmp_path / "rates.xlsx", [HEAD.split(","), ROW.replace("0.06", "0.09").split(",")])
    client.post(
        url("policy_propose", "tariff"),
        proposal(content="", file=SimpleUploadedFile("rates.xlsx", book.read_bytes())),
    )
    first, second = PolicyEdition.objects.order_by("proposed_at")
    assert first.content == f"{HEAD}\n{ROW}\n"
    assert second.content == f"{HEAD}\n{ROW.replace('0.06', '0.09')}\n"
    answer = client.get(url("policy_content", first.pk))
    assert answer["Content-Disposition"] == f'attachment; filename="tariff-{tomorrow()}.csv"'
    assert answer.content.decode("utf-8-sig") == first.content
    assert (
        "not shown" in client.get(url("policy", first.pk)).content.decode()
        or "1905" in client.get(url("policy", first.pk)).content.decode()
    )


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("rates.txt", b"x", "Choose a CSV or XLSX file."),
        ("rates.xlsx", b"x", "rates.xlsx cannot be read as a workbook"),
        ("rates.csv", f"{HEAD}\n1905,0.1,13,,,,,,,,r,s\n".encode(), "tariff line 2"),
        ("rates.csv", b"\xff\xff\xff", "rates.csv is neither UTF-8 nor GB18030"),
    ],
)
def test_files_that_are_no_tables_are_refused(client: Client, name: str, body: bytes, told: str) -> None:
    enter(client, FIRST)
    answer = client.post(
        url("policy_propose", "tariff"), proposal(content="", file=SimpleUploadedFile(name, body))
    )
    assert answer.status_code == 422 and told in answer.content.decode()


@pytest.mark.parametrize("kind", ["limits", "postal", "returns"])
def test_what_is_in_force_is_a_text_to_start_from(client: Client, kind: str) -> None:
    from plugins.customs_declaration.policies import kinds

    enter(client, PLAIN)
    answer = client.get(url("policy_in_force", kind))
    assert f"{kind}-{clock.china_today()}.toml" in answer["Content-Disposition"]
    today = clock.china_today()
    same = kinds.parse(kind, answer.content.decode(), today, "s")
    assert kinds.differences(kind, in_force.content(kind, today), same, today) == []


def test_tables_of_codes_are_given_out_whole(client: Client) -> None:
    from plugins.customs_declaration.policies import kinds

    enter(client, PLAIN)
    answer = client.get(url("policy_in_force", "tariff")).content.decode("utf-8-sig")
    today = clock.china_today()
    assert (
        kinds.differences("tariff", in_force.tariff(today), kinds.parse("tariff", answer, today, "s"), today)
        == []
    )
    assert "10063020" in client.get(url("policy_in_force", "positive_list")).content.decode()


def test_unknown_tables_and_editions_are_not_found(client: Client) -> None:
    enter(client, FIRST)
    assert client.get(url("policy_propose", "moon")).status_code == 404
    assert client.get(url("policy_in_force", "moon")).status_code == 404
    assert client.get(url("policy", "00000000-0000-0000-0000-000000000000")).status_code == 404

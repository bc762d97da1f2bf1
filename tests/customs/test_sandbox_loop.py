"""Whole loops with the sandbox's customs: messages of several documents and their receipts through the drop folder,
payment data that they ask for over HTTP, and what they think of the upload.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest

from plugins.cross_border_payment import gateways
from plugins.cross_border_payment import wire as payment_wire
from plugins.cross_border_payment.models import PaymentSession
from plugins.cross_border_payment.plugin import plugin as payment
from plugins.cross_border_payment.port import WireEntry, WireKind
from plugins.customs_declaration import batches, documents, links, receipts, steps
from plugins.customs_declaration.models import CustomsDocument, CustomsMessage, RealtimeRequest
from plugins.customs_declaration.signing import soft_signer
from saleor_ext.core import clock, inbox, outbox
from saleor_ext.core.models import OutboxMessage
from saleor_ext.plugin_api import StepView, configuration
from tests.payment.conftest import config_values
from tests.sandbox_process import SandboxProcess, running_sandbox

from . import sm2_files
from .parcels import parcel

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(find_spec("sandbox.customs_port") is None, reason="no sandbox in this installation"),
]
TRANSACTION = "VHJhbnNhY3Rpb246MQ=="


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox("realtime", tmp_path_factory.mktemp("sandbox"), speed="60") as running:
        yield running


@pytest.fixture
def order_no(platform_of_tests, set_config, sandbox: SandboxProcess) -> Iterator[str]:
    """A parcel whose payment the payment plugin knows, with the bytes it exchanged for it."""
    configuration.save(payment, config_values(), actor="test")
    configuration.forget_cache()
    view = parcel()
    number = str(view.step_data("declare_payment")["orderNo"])
    session = PaymentSession.objects.create(
        api_url=view.api_url, transaction_id=TRANSACTION, gateway="wechat", account=gateways.ACCOUNT,
        out_trade_no=number,
        amount="237.84", currency="CNY", state="paid", gateway_ref="4200001", paid_at=clock.now(),
        expires_at=clock.now(), created_at=clock.now(),
    )  # fmt: skip
    for kind, body, status in (
        (WireKind.REQUEST, '{"描述":"杏仁饼 \\"大\\"","a":"&=+%"}'.encode(), None),
        (WireKind.ANSWER, b'{"code_url":"weixin://x"}', 200),
    ):
        entry = WireEntry(kind, "start", number, body, status=status)
        payment_wire.keep(session.gateway, session.account, entry)
    paid = {
        **view.step_data("declare_payment"),
        "amount": "237.84",
        "clearing": {"verDept": "2", "payTransactionId": "NUCC202611230001"},
    }
    steps = {**view.steps, "declare_payment": StepView("declare_payment", "done", paid)}
    view = dataclasses.replace(view, steps=steps, transaction_id=TRANSACTION)
    documents.declaration_of(platform_of_tests.add(view))
    set_config(realtime_url=f"{sandbox.url}/ceb2grab/grab/realTimeDataUpload")
    yield number
    configuration.forget_cache()


def register(sandbox: SandboxProcess, certificate: Path) -> None:
    body = {"copCode": "4401960PT1", "certificate": certificate.read_text()}
    assert httpx2.post(f"{sandbox.url}/sandbox/customs/certificates", json=body).status_code == 200


def demand(sandbox: SandboxProcess, platform: str, order_no: str, failures: int = 0) -> dict:
    """Have customs ask, work the outbox, and return what customs think of it."""
    body = {"orderNo": order_no, "url": f"{platform}/plugins/customs/platDataOpen", "failures": failures}
    session = httpx2.post(f"{sandbox.url}/sandbox/customs/realtime", json=body).json()["sessionID"]
    end = time.monotonic() + 50
    while time.monotonic() < end:
        OutboxMessage.objects.filter(state="pending").update(run_at=clock.now())
        outbox.drain()
        listed = httpx2.get(f"{sandbox.url}/sandbox/customs/realtime").json()["calls"]
        (found,) = [one for one in listed if one["sessionID"] == session]
        if found["code"] == "20000" or (found["code"] and found["uploads"] > failures):
            return found
        time.sleep(0.1)
    pytest.fail("nothing was uploaded within the minute")


@pytest.mark.parametrize("kind", ["rsa", "sm2"])
def test_customs_ask_and_accept_what_is_uploaded(
    kind: str, order_no, sandbox, live_server, key_pair, tmp_path, monkeypatch
) -> None:
    pair = key_pair if kind == "rsa" else sm2_files.write_pair(tmp_path)
    monkeypatch.setattr(links, "signer", lambda settings=None: soft_signer(*pair))
    register(sandbox, pair[1])
    found = demand(sandbox, live_server.url, order_no, failures=1)
    assert (found["code"], found["verdict"], found["uploads"]) == ("10000", "ok", 2)
    assert found["seconds"] < 60
    row = RealtimeRequest.objects.get(session_id=found["sessionID"])
    assert (row.state, row.message, row.refusals) == ("uploaded", "上传成功", 1)


def test_the_port_takes_a_message_signed_by_sm2(
    order_no, sandbox, platform_of_tests, tmp_path, monkeypatch
) -> None:
    pair = sm2_files.write_pair(tmp_path)
    monkeypatch.setattr(links, "signer", lambda settings=None: soft_signer(*pair))
    register(sandbox, pair[1])
    (view,) = platform_of_tests.views.values()
    body = documents.prepare(view, "CEB311Message").body.encode()
    assert error_of(sandbox, body) == ""
    altered = body.replace(b"<ceb:orderNo>W", b"<ceb:orderNo>X", 1)
    assert "验签失败" in error_of(sandbox, altered)


def error_of(sandbox: SandboxProcess, body: bytes) -> str:
    """What the port says of a message as a whole; empty when it takes it."""
    assert httpx2.post(f"{sandbox.url}/customs/messages", content=body).json()["documents"] == 1
    return str(httpx2.get(f"{sandbox.url}/sandbox/?format=json").json()["messages"][0]["error"])


def test_customs_refuse_a_key_that_is_not_registered(
    order_no, sandbox, live_server, tmp_path, monkeypatch
) -> None:
    pair = sm2_files.write_pair(tmp_path)
    stranger = sm2_files.Sm2PrivateKey.generate()
    pair[1].write_bytes(
        sm2_files.pem("CERTIFICATE", sm2_files.certificate(stranger, serial=0x0300000000099999))
    )
    pair[0].write_bytes(sm2_files.pem("PRIVATE KEY", sm2_files.pkcs8(stranger)))
    monkeypatch.setattr(links, "signer", lambda settings=None: soft_signer(*pair))
    found = demand(sandbox, live_server.url, order_no)
    assert "未在服务系统注册" in found["verdict"]


def test_an_order_that_is_not_ours_is_answered_with_a_failure(order_no, sandbox, live_server) -> None:
    assert demand(sandbox, live_server.url, "nobody's")["code"] == "20000"


def test_messages_of_several_documents_are_answered_document_by_document(
    platform_of_tests, set_config, sandbox: SandboxProcess, key_pair
) -> None:
    register(sandbox, key_pair[1])
    set_config(folder=str(sandbox.folder / "customs"), batch_size=3, batch_seconds=0)
    views = [platform_of_tests.add(parcel(f"LOOP{number}")) for number in range(4)]
    for view in views[:3]:
        steps.declare_order(view)
    assert batches.gather() == 1
    steps.declare_order(views[3])
    assert batches.gather() == 1
    assert outbox.drain() == 2
    end = time.monotonic() + 60
    while CustomsDocument.objects.exclude(state="accepted").exists():
        assert time.monotonic() < end, list(CustomsDocument.objects.values_list("state", "status_text"))
        receipts.poll()
        inbox.drain()
        time.sleep(0.2)
    assert sorted(name for name, _data in platform_of_tests.completed) == ["declare_order"] * 4
    assert CustomsMessage.objects.count() == 2

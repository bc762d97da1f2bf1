"""``ponte customs sign``, ``verify`` and ``sign-179``: what they print, and how they end."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier

from plugins.customs_declaration.messages import build, to_bytes
from plugins.customs_declaration.signing import files, make_demo_key
from saleor_ext.cli import main

from . import sm2_files
from .examples import example

MESSAGE_179 = {
    "serviceTime": 1544519952469,
    "sessionID": "fe2374-8fnejf97-32839218",
    "payExchangeInfoLists": [
        {
            "recpName": "示范公司",
            "orderNo": "order-1",
            "goodsInfo": [{"itemLink": "https://shop.example/p/1", "gname": '蛋挞 "6"'}],
            "recpAccount": "1234",
            "recpCode": "",
        }
    ],
    "payExchangeInfoHead": {
        "guid": "9D55BA71-55DE-41F4-8B50-C36C83B3B419",
        "initalRequest": "<xml>原始</xml>",
        "initalResponse": "ok",
        "ebpCode": "44019801PT",
        "payCode": "4403169D3W",
        "payTransactionId": "2018121222001354081010726129",
        "totalAmount": 12.50,
        "currency": "142",
        "verDept": "3",
        "payType": "1",
        "tradingTime": "20181212041803",
        "note": "",
    },
}
STRING_179 = (
    '"sessionID":"fe2374-8fnejf97-32839218"||"payExchangeInfoHead":"{"guid":"9D55BA71-55DE-41F4-8B50-C36C83B3B419",'
    '"initalRequest":"<xml>原始</xml>","initalResponse":"ok","ebpCode":"44019801PT","payCode":"4403169D3W",'
    '"payTransactionId":"2018121222001354081010726129","totalAmount":12.50,"currency":"142","verDept":"3",'
    '"payType":"1","tradingTime":"20181212041803","note":""}"||"payExchangeInfoLists":"[{"orderNo":"order-1",'
    '"goodsInfo":[{"gname":"蛋挞 \\"6\\"","itemLink":"https://shop.example/p/1"}],"recpAccount":"1234",'
    '"recpCode":"","recpName":"示范公司"}]"||"serviceTime":"1544519952469"'
)


@pytest.fixture(scope="module")
def rsa_pair(tmp_path_factory) -> tuple[Path, Path]:
    return make_demo_key(tmp_path_factory.mktemp("rsa"))


@pytest.fixture(scope="module")
def sm2_pair(tmp_path_factory) -> tuple[Path, Path]:
    return sm2_files.write_pair(tmp_path_factory.mktemp("sm2"))


@pytest.fixture
def message(tmp_path) -> Path:
    path = tmp_path / "message.xml"
    path.write_bytes(to_bytes(build(example("CEB621Message"))))
    return path


def run(*words: object) -> int:
    return main(["customs", *(str(word) for word in words)])


def sign(message: Path, pair: tuple[Path, Path], *more: object) -> Path:
    out = message.with_name("signed.xml")
    assert run("sign", message, "--key", pair[0], "--cert", pair[1], "--out", out, *more) == 0
    return out


def test_a_message_signed_by_rsa_is_accepted_by_another_library(message, rsa_pair, capsys) -> None:
    signed = sign(message, rsa_pair)
    said = json.loads(capsys.readouterr().out)
    assert said["out"] == str(signed) and said["signature"].endswith("#rsa-sha1")
    XMLVerifier().verify(
        etree.fromstring(signed.read_bytes()),
        x509_cert=rsa_pair[1].read_bytes(),
        expect_config=SignatureConfiguration(
            signature_methods=frozenset({SignatureMethod.RSA_SHA1}),
            digest_algorithms=frozenset({DigestAlgorithm.SHA1}),
        ),
    )


@pytest.mark.parametrize("kind", ["rsa_pair", "sm2_pair"])
def test_what_was_signed_is_verified(message, kind: str, request, capsys) -> None:
    pair = request.getfixturevalue(kind)
    signed = sign(message, pair)
    capsys.readouterr()
    for more in ([], ["--cert", pair[1]]):
        assert run("verify", signed, *more) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["valid"], said["reason"]) == (True, "")
        assert said["certificate"]["in_force"] is True


def test_what_does_not_hold_is_said_and_ends_with_one(message, rsa_pair, sm2_pair, capsys) -> None:
    signed = sign(message, sm2_pair)
    altered = message.with_name("altered.xml")
    altered.write_bytes(signed.read_bytes().replace(b">12.34<", b">12.35<", 1))
    capsys.readouterr()
    for words, reason in (
        ([altered], "altered"),
        ([message], "0 signatures"),
        ([signed, "--cert", rsa_pair[1]], "the key is RSA"),
        ([signed, "--sm2-id", "other"], "does not match"),
    ):
        assert run("verify", *words) == 1
        said = json.loads(capsys.readouterr().out)
        assert said["valid"] is False and reason in said["reason"]


def test_a_message_is_signed_anew_in_place_of_an_old_signature(message, rsa_pair, sm2_pair, capsys) -> None:
    first = sign(message, rsa_pair)
    again = first.rename(first.with_name("first.xml"))
    second = sign(again, sm2_pair)
    assert "replaces" in capsys.readouterr().err
    assert second.read_bytes().count(b"<ds:Signature ") == 1
    assert run("verify", second, "--cert", sm2_pair[1]) == 0


def test_comments_and_instructions_stay_and_are_covered_alike(message, rsa_pair, capsys) -> None:
    text = message.read_bytes().replace(b"<ceb:BaseTransfer>", b"<!-- c --><?keep me?><ceb:BaseTransfer>", 1)
    message.write_bytes(text)
    signed = sign(message, rsa_pair)
    assert b"<!-- c --><?keep me?>" in signed.read_bytes()
    assert run("verify", signed) == 0
    altered = message.with_name("altered.xml")
    altered.write_bytes(signed.read_bytes().replace(b"<?keep me?>", b"<?keep you?>"))
    assert run("verify", altered) == 1


BAD_INPUTS = {
    "empty": b"",
    "not XML": b"a,b\n1,2\n",
    "cut short": b"<a><b>",
    "NUL": b"<a>\0</a>",
    "document type": b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "document type, UTF-16": '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    "binary": bytes(range(256)) * 8,
}


@pytest.mark.parametrize("body", BAD_INPUTS.values(), ids=BAD_INPUTS.keys())
@pytest.mark.parametrize("command", ["sign", "verify", "sign-179"])
def test_unreadable_input_ends_with_two_and_one_line(tmp_path, rsa_pair, body, command, capsys) -> None:
    path = tmp_path / "input"
    path.write_bytes(body)
    more = {
        "sign": ["--key", rsa_pair[0], "--cert", rsa_pair[1]],
        "verify": [],
        "sign-179": ["--key", rsa_pair[0]],
    }
    assert run(command, path, *more[command]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "Traceback" not in said.err


def test_missing_and_unfit_keys_end_with_two(message, rsa_pair, sm2_pair, tmp_path, capsys) -> None:
    for key, cert in (
        (tmp_path / "no.pem", rsa_pair[1]),
        (tmp_path, rsa_pair[1]),
        (rsa_pair[1], rsa_pair[1]),
        (rsa_pair[0], sm2_pair[1]),
        (sm2_pair[0], message),
    ):
        assert run("sign", message, "--key", key, "--cert", cert) == 2
        said = capsys.readouterr()
        assert said.out == "" and said.err.count("\n") == 1


def test_the_179_string_is_as_specified_and_signed_by_rsa(tmp_path, rsa_pair, capsys) -> None:
    path = tmp_path / "179.json"
    path.write_text(json.dumps(MESSAGE_179, ensure_ascii=False).replace("12.5,", "12.50,"), encoding="utf-8")
    assert run("sign-179", path, "--key", rsa_pair[0]) == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["string_to_sign", "sign_value"]
    assert said["string_to_sign"] == STRING_179
    public = x509.load_pem_x509_certificate(rsa_pair[1].read_bytes()).public_key()
    value = base64.b64decode(said["sign_value"])
    public.verify(value, STRING_179.encode(), padding.PKCS1v15(), hashes.SHA1())


def test_the_179_string_is_signed_by_sm2(tmp_path, sm2_pair, capsys) -> None:
    path = tmp_path / "179.json"
    path.write_text(json.dumps({"payExInfoStr": json.dumps(MESSAGE_179)}))
    assert run("sign-179", path, "--key", sm2_pair[0]) == 0
    said = json.loads(capsys.readouterr().out)
    public = files.public_key_in(sm2_pair[1].read_bytes())
    value = base64.b64decode(said["sign_value"])
    assert len(value) == 64 and public.verify(value, said["string_to_sign"].encode())


@pytest.mark.parametrize("lost", list(MESSAGE_179))
def test_a_179_message_without_a_member_is_named(tmp_path, rsa_pair, lost, capsys) -> None:
    path = tmp_path / "179.json"
    path.write_text(json.dumps({name: value for name, value in MESSAGE_179.items() if name != lost}))
    assert run("sign-179", path, "--key", rsa_pair[0]) == 2
    assert lost in capsys.readouterr().err


def test_the_commands_need_no_configuration_at_all(message, sm2_pair) -> None:
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), "LANG": "C"}
    words = ["customs", "sign", str(message), "--key", str(sm2_pair[0]), "--cert", str(sm2_pair[1])]
    done = subprocess.run(
        [sys.executable, "-m", "saleor_ext.cli", *words],
        env=bare, cwd=message.parent, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"<?xml") and b"sm2-sm3" in done.stdout
    assert list(message.parent.iterdir()) == [message]

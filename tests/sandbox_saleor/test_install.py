"""Installing apps: the handshake, and what is left when it fails."""

from __future__ import annotations

from typing import Any

import httpx2
import jwt
import pytest

from sandbox.saleor.models import App, AppToken
from tests.sandbox_saleor.client import Refused, Saleor
from tests.sandbox_saleor.shop import install
from tests.sandbox_saleor.tiny_app import TinyApp


def test_the_handshake(saleor: Saleor, app_server: TinyApp) -> None:
    seen: list[Any] = []
    # The app proves its token by calling back while the handshake is still open.
    app_server.on_register = lambda token: seen.append(
        saleor.run("{ app { id identifier permissions { code } } }", token)
    )
    started = install(saleor, app_server)
    assert started["status"] == "PENDING" and started["left"] == []
    assert app_server.token is not None and len(app_server.token) == 30
    assert seen[0]["app"]["identifier"] == "tiny.app"
    headers = app_server.install_headers
    assert headers["saleor-api-url"] == f"{saleor.url}/graphql/"
    assert headers["saleor-schema-version"] == "3.23"
    assert headers["saleor-domain"] == headers["x-saleor-domain"] == saleor.url.removeprefix("http://")
    row = App.objects.get(identifier="tiny.app")
    assert row.is_active and row.is_installed and row.type == "THIRDPARTY"
    token = AppToken.objects.get(app=row)
    assert token.auth_token == app_server.token[-4:] and app_server.token not in token.digest


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (403, {"error": {"message": "This Saleor is not allowed", "code": "SALEOR_URL_PROHIBITED"}}),
            "not allowed",
        ),
        ((500, {}), "HTTP 500"),
        ((302, {}), "HTTP 302"),
    ],
)
def test_a_refused_token_takes_the_app_back(
    saleor: Saleor, app_server: TinyApp, answer: tuple[int, Any], message: str
) -> None:
    app_server.register_answer = answer
    (left,) = install(saleor, app_server)["left"]
    assert left["status"] == "FAILED" and message in left["message"]
    assert not App.objects.filter(identifier="tiny.app").exists()
    app_server.register_answer = (200, {})
    failed = saleor.run("{ appsInstallations { id } }")["appsInstallations"][0]["id"]
    saleor.do(
        "mutation($id: ID!) { appRetryInstall(id: $id) { appInstallation { id } errors { code } } }",
        id=failed,
    )
    saleor.drain()
    assert App.objects.filter(identifier="tiny.app", is_installed=True).exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"requiredSaleorVersion": ">=3.24"}, "not supported"),
        ({"id": ""}, "required"),
        (
            {
                "webhooks": [
                    {"name": "w", "targetUrl": "http://x", "query": "subscription { event { nope } }"}
                ]
            },
            "nope",
        ),
        (
            {
                "webhooks": [
                    {"name": "w", "targetUrl": "ftp://x", "query": "subscription { event { version } }"}
                ]
            },
            "URL",
        ),
        (
            {"extensions": [{"label": "a", "url": "/a", "mount": "X", "permissions": ["MANAGE_APPS"]}]},
            "permission",
        ),
    ],
)
def test_bad_manifests_fail_with_a_reason(
    saleor: Saleor, app_server: TinyApp, changes: dict[str, Any], message: str
) -> None:
    app_server.manifest_changes = changes
    (left,) = install(saleor, app_server)["left"]
    assert left["status"] == "FAILED" and message in left["message"]
    assert not App.objects.filter(identifier="tiny.app").exists()


def test_an_unreachable_app_is_told_of(saleor: Saleor) -> None:
    class Nowhere:
        url = "http://127.0.0.1:9"

    (left,) = install(saleor, Nowhere())["left"]  # type: ignore[arg-type]  # only its url is asked for
    assert left["status"] == "FAILED" and "fetch manifest" in left["message"]


def test_the_permissions_given_win_over_the_manifest(saleor: Saleor, app_server: TinyApp) -> None:
    app_server.manifest_changes = {"webhooks": []}
    install(saleor, app_server, permissions=["MANAGE_ORDERS"])
    assert App.objects.get(identifier="tiny.app").permissions == ["MANAGE_ORDERS"]


def test_without_permissions_an_app_gets_none(saleor: Saleor, app_server: TinyApp) -> None:
    install(saleor, app_server, permissions=[])
    assert App.objects.get(identifier="tiny.app").permissions == []


def test_only_staff_installs(saleor: Saleor, app_server: TinyApp) -> None:
    query = """mutation($i: AppInstallInput!) { appInstall(input: $i) { errors { code } } }"""
    given = {"appName": "x", "manifestUrl": f"{app_server.url}/manifest"}
    for token in (None, saleor.setup_token):
        errors = saleor.errors(query, token, i=given)
        assert errors[0]["extensions"]["exception"]["code"] == "PermissionDenied"


def test_the_same_app_twice_is_refused(saleor: Saleor, app_server: TinyApp) -> None:
    install(saleor, app_server)
    (left,) = install(saleor, app_server)["left"]
    assert "already installed" in left["message"]


def test_events_are_read_off_the_query_when_the_manifest_names_none(
    saleor: Saleor, app_server: TinyApp
) -> None:
    app_server.manifest_changes = {
        "webhooks": [
            {
                "name": "both",
                "targetUrl": f"{app_server.url}/w",
                "query": """subscription { event { ... on OrderPaid { order { id } }
                  ... on CalculateTaxes { version } } }""",
            }
        ]
    }
    install(saleor, app_server)
    hook = App.objects.get(identifier="tiny.app").webhooks.get()
    assert hook.async_events == ["ORDER_PAID"]
    assert hook.sync_events == ["CHECKOUT_CALCULATE_TAXES", "ORDER_CALCULATE_TAXES"]


def test_staff_gets_a_token_for_the_apps_page(saleor: Saleor, app_server: TinyApp) -> None:
    app_server.manifest_changes = {
        "audience": "ponte",
        "extensions": [
            {
                "label": "Parcels",
                "identifier": "parcels",
                "mount": "ORDER_DETAILS_WIDGETS",
                "target": "WIDGET",
                "url": "/w",
                "permissions": ["MANAGE_ORDERS"],
                "options": {"widgetTarget": {"method": "POST"}},
            }
        ],
    }
    install(saleor, app_server)
    app_id = saleor.run("{ app { id } }", app_server.token)["app"]["id"]
    read = saleor.run(
        """query($id: ID!) { app(id: $id) { accessToken extensions { label mountName targetName settings accessToken
          permissions { code } } } }""",
        saleor.staff_token,
        id=app_id,
    )["app"]
    (key,) = httpx2.get(f"{saleor.url}/.well-known/jwks.json").json()["keys"]
    claims = jwt.decode(
        read["accessToken"],
        jwt.PyJWK(key),
        algorithms=["RS256"],
        audience="ponte",
        issuer=f"{saleor.url}/graphql/",
    )
    assert claims["type"] == "thirdparty" and claims["app"] == app_id and claims["owner"] == "saleor"
    assert claims["exp"] - claims["iat"] == 300
    assert set(claims["permissions"]) < set(claims["user_permissions"])
    (extension,) = read["extensions"]
    assert extension["settings"] == {"widgetTarget": {"method": "POST"}}
    assert (extension["mountName"], extension["targetName"]) == ("ORDER_DETAILS_WIDGETS", "WIDGET")
    narrow = jwt.decode(extension["accessToken"], jwt.PyJWK(key), algorithms=["RS256"], audience="ponte")
    assert narrow["permissions"] == ["MANAGE_ORDERS"] and narrow["app_extension"]
    seen = saleor.run("{ me { email userPermissions { code } } }", extension["accessToken"])
    assert seen["me"]["email"] == "admin@ponte.example"
    denied = saleor.errors(
        "{ channels { id } taxConfigurations(first: 1) { edges { node { id } } } }", read["accessToken"]
    )
    assert denied == [], "the user is staff all the same"
    assert (
        saleor.run("{{ app(id: {}) {{ accessToken }} }}".format(f'"{app_id}"'), app_server.token)["app"][
            "accessToken"
        ]
        is None
    )


def test_manifests_can_be_looked_at_before(saleor: Saleor, app_server: TinyApp) -> None:
    made = saleor.do(
        """mutation($u: String!) { appFetchManifest(manifestUrl: $u) { manifest { identifier name permissions { code }
          requiredSaleorVersion { constraint satisfied } webhooks { name syncEvents } } errors {
            field message code } } }""",
        u=f"{app_server.url}/manifest",
    )["manifest"]
    assert made["identifier"] == "tiny.app"
    assert made["requiredSaleorVersion"] == {"constraint": ">=3.23 <4", "satisfied": True}


def test_deleted_apps_and_faults(saleor: Saleor, app_server: TinyApp) -> None:
    install(saleor, app_server)
    problem = """mutation($i: AppProblemCreateInput!) { appProblemCreate(input: $i) {
      appProblem { id count isCritical } errors { field code } } }"""
    for expected in (1, 2):
        made = saleor.do(
            problem, app_server.token, i={"message": "no key", "key": "psp", "criticalThreshold": 2}
        )
        assert made["appProblem"]["count"] == expected
    assert made["appProblem"]["isCritical"] is True
    with pytest.raises(Refused):
        saleor.do(problem, app_server.token, i={"message": "x", "key": "psp"})
    app_id = saleor.run("{ app { id } }", app_server.token)["app"]["id"]
    saleor.do("mutation($id: ID!) { appDelete(id: $id) { app { id } errors { code } } }", id=app_id)
    assert saleor.errors("{ app { id } }", app_server.token)
    assert not App.objects.filter(identifier="tiny.app").exists()

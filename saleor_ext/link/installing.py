"""Installing our apps into a Saleor from our side, and keeping what is installed equal to the definitions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, parse, print_ast

from saleor_ext.core.errors import PermanentError, TransientError
from saleor_ext.plugin_api.definitions import SaleorApp

from . import clients, installs, manifests, registry
from .client import GraphQLClient, Operation
from .errors import SaleorRefused
from .results.apps import Installation, InstalledApp, InstalledWebhook
from .results.base import Nodes, Ref

#: Saleor's worker does the installation; a cold one takes its time.
WAIT_SECONDS = 90.0
POLL_SECONDS = 1.0

APPS: Operation[list[InstalledApp]] = Operation("admin/apps", Nodes[InstalledApp], ("apps",))
INSTALL: Operation[Ref] = Operation("admin/app_install", Ref, ("appInstall", "appInstallation"))
INSTALLATIONS: Operation[list[Installation]] = Operation(
    "admin/apps_installations", list[Installation], ("appsInstallations",)
)
DROP_FAILED: Operation[Any] = Operation("admin/app_delete_failed_installation", Any)
TOKEN: Operation[str] = Operation("admin/app_token_create", str, ("appTokenCreate", "authToken"))
APP_UPDATE: Operation[Any] = Operation("admin/app_update", Any, idempotent=True)
ACTIVATE: Operation[Any] = Operation("admin/app_activate", Any, idempotent=True)
WEBHOOK_CREATE: Operation[Any] = Operation("admin/webhook_create", Any)
WEBHOOK_UPDATE: Operation[Any] = Operation("admin/webhook_update", Any, idempotent=True)
WEBHOOK_DELETE: Operation[Any] = Operation("admin/webhook_delete", Any)

Say = Callable[[str], None]


def install_apps(
    client: GraphQLClient, *, app_url: str, answers_url: str, changed: Say, missing: Say, progress: Say
) -> None:
    """Install what is not there, take over what is there without a token of ours, mend what differs."""
    known = {app.identifier: app for app in client.run(APPS) if app.identifier}
    for app in registry.apps().values():
        present = known.get(app.identifier)
        manifest = manifests.manifest(app, app_url, answers_url)
        if present is None:
            _install(
                client,
                app,
                f"{app_url.rstrip('/')}/saleor/{app.identifier}/manifest",
                changed,
                missing,
                progress,
            )
            continue
        if not clients.installed(client.api_url, app.identifier):
            token = client.run(TOKEN, app=present.id, name="ponte")
            installs.register(app.identifier, client.api_url, token)
            changed(f"app {app.identifier}: taken over with a new token")
        _mend(client, present, manifest, changed)


def _install(
    client: GraphQLClient, app: SaleorApp, manifest_url: str, changed: Say, missing: Say, progress: Say
) -> None:
    progress(f"app {app.identifier}: installing from {manifest_url}")
    # The permissions given here count, not the manifest's: left out, the app would get none and hear nothing.
    given = {
        "appName": app.name,
        "manifestUrl": manifest_url,
        "activateAfterInstallation": True,
        "permissions": list(app.permissions),
    }
    _drop_failed(client, manifest_url)
    try:
        installation = client.run(INSTALL, input=given)
    except SaleorRefused as error:
        if error.code != "PermissionDenied":
            raise
        missing(
            f"app {app.identifier}: only a staff member may install apps. Give --email and --password, or run "
            f"`manage.py install_app {manifest_url} --activate` on Saleor's side"
        )
        return
    _wait(client, installation.id, app.identifier)
    if not clients.installed(client.api_url, app.identifier):
        raise PermanentError(
            f"{app.identifier} was installed, but its token did not arrive here: does {manifest_url} belong to this "
            "platform's database?"
        )
    changed(f"app {app.identifier}: installed")


def _drop_failed(client: GraphQLClient, manifest_url: str) -> None:
    for installation in client.run(INSTALLATIONS):
        if installation.manifest_url == manifest_url and installation.status == "FAILED":
            client.run(DROP_FAILED, id=installation.id)


def _wait(client: GraphQLClient, installation_id: str, identifier: str) -> None:
    """Wait until Saleor's worker is through: the row disappears on success and stays with a message on failure."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        row = next((i for i in client.run(INSTALLATIONS) if i.id == installation_id), None)
        if row is None:
            return
        if row.status == "FAILED":
            raise PermanentError(
                f"Saleor could not install {identifier}: {row.message or 'it does not say why'}"
            )
        time.sleep(POLL_SECONDS)
    raise TransientError(
        f"{identifier} is still pending after {WAIT_SECONDS:.0f} s: does Saleor's worker run?"
    )


def _mend(client: GraphQLClient, present: InstalledApp, manifest: dict[str, Any], changed: Say) -> None:
    """Bring an installed app's permissions and webhooks to what the definitions say."""
    name = manifest["id"]
    if present.is_active is False:
        client.run(ACTIVATE, id=present.id)
        changed(f"app {name}: activated")
    if {permission.code for permission in present.permissions} != set(manifest["permissions"]):
        client.run(APP_UPDATE, id=present.id, input={"permissions": manifest["permissions"]})
        changed(f"app {name}: permissions")
    _mend_webhooks(clients.app_client(client.api_url, name), present, manifest, changed)


def _mend_webhooks(own: GraphQLClient, present: InstalledApp, manifest: dict[str, Any], changed: Say) -> None:
    """Change webhooks with the app's own token: Saleor lets an app touch its own, and another app's token none."""
    name = manifest["id"]
    wanted = {entry["name"]: entry for entry in manifest["webhooks"]}
    known = {webhook.name or "": webhook for webhook in present.webhooks}
    for slug in sorted(wanted.keys() - known.keys()):
        own.run(WEBHOOK_CREATE, input=_webhook_input(wanted[slug]))
        changed(f"app {name}: webhook {slug} added")
    for slug in sorted(known.keys() - wanted.keys()):
        own.run(WEBHOOK_DELETE, id=known[slug].id)
        changed(f"app {name}: webhook {slug} removed")
    for slug in sorted(wanted.keys() & known.keys()):
        if not _same(known[slug], wanted[slug]):
            own.run(WEBHOOK_UPDATE, id=known[slug].id, input=_webhook_input(wanted[slug]))
            changed(f"app {name}: webhook {slug} changed")


def _webhook_input(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        key: entry[key] for key in ("name", "targetUrl", "asyncEvents", "syncEvents", "query", "isActive")
    }


def _same(known: InstalledWebhook, wanted: dict[str, Any]) -> bool:
    return (
        known.is_active
        and known.target_url == wanted["targetUrl"]
        and {event.event_type for event in known.async_events} == set(wanted["asyncEvents"])
        and {event.event_type for event in known.sync_events} == set(wanted["syncEvents"])
        and _normal(known.subscription_query) == _normal(wanted["query"])
    )


def _normal(query: str | None) -> str:
    try:
        return print_ast(parse(query or ""))
    except GraphQLError:
        return query or ""

"""Apps, webhooks, deliveries: types, queries and mutations."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import json

from sandbox.jobs import schedule
from sandbox.saleor import manifest as manifests
from sandbox.saleor import models as m
from sandbox.saleor.auth import app_user_token, new_app_token
from sandbox.saleor.errors import Invalid, PermissionDenied
from sandbox.saleor.ids import find, key_of
from sandbox.saleor.schema.account import permission_list
from sandbox.saleor.schema.common import PAGE, connection, paginate
from sandbox.saleor.sdl import error_type, mutation, obj, plain, query
from sandbox.saleor.webhooks import payload
from sandbox.saleor.webhooks.events import emit

error_type("AppError", "AppErrorCode", "permissions: [PermissionEnum!]")
error_type("AppProblemCreateError", "AppProblemCreateErrorCode")
error_type("WebhookError", "WebhookErrorCode")
plain("WebhookEventAsync", "name: String! eventType: WebhookEventTypeAsyncEnum!")
plain("WebhookEventSync", "name: String! eventType: WebhookEventTypeSyncEnum!")
plain(
    "EventDeliveryAttempt & Node",
    "createdAt: DateTime! duration: Float response: String responseStatusCode: Int status: EventDeliveryStatusEnum!",
)
connection("EventDeliveryAttempt")


@obj(
    "EventDelivery & Node",
    f"""
    createdAt: DateTime! status: EventDeliveryStatusEnum! eventType: WebhookEventTypeEnum!
    attempts({PAGE}): EventDeliveryAttemptCountableConnection payload: String
    """,
)
class EventDelivery:
    def resolve_attempts(root, info, **page):
        return paginate(root.attempts.all(), page, by="created_at", descending=True, what="attempts")


connection("EventDelivery")


def named(events):
    return [{"name": e.replace("_", " ").capitalize(), "event_type": e} for e in events]


@obj(
    "Webhook & Node",
    f"""
    name: String identifier: String app: App! targetUrl: String! isActive: Boolean! subscriptionQuery: String
    syncEvents: [WebhookEventSync!]! asyncEvents: [WebhookEventAsync!]! customHeaders: JSONString
    eventDeliveries(filter: EventDeliveryFilterInput, {PAGE}): EventDeliveryCountableConnection
    """,
)
class Webhook:
    def resolve_sync_events(root, info):
        return named(root.sync_events)

    def resolve_async_events(root, info):
        return named(root.async_events)

    def resolve_event_deliveries(root, info, filter=None, **page):
        # Saleor deletes what was delivered; we only keep it for the demo page.
        rows = root.event_deliveries.exclude(status="SUCCESS")
        for key, value in (filter or {}).items():
            rows = rows.filter(**{key: value})
        return paginate(rows, page, by="created_at", descending=True, what="eventDeliveries")


plain("AppToken & Node", "name: String authToken: String")
plain(
    "AppProblem & Node", "createdAt: DateTime! message: String! key: String! count: Int! isCritical: Boolean!"
)


@obj(
    "AppExtension & Node",
    """
    identifier: String app: App! label: String! url: String! mountName: String! targetName: String! settings: JSON!
    permissions: [Permission!]! accessToken: String
    """,
)
class AppExtension:
    def resolve_permissions(root, info):
        return permission_list(root.permissions)

    def resolve_access_token(root, info):
        context = info.context
        if not context.is_staff or not set(root.permissions) <= context.permissions:
            return None
        return app_user_token(root.app, context.user, root)


OWN = "@need(any: [MANAGE_APPS, OWNER])"


@obj(
    "App & Node & ObjectWithMetadata",
    f"""
    identifier: String name: String type: AppTypeEnum isActive: Boolean permissions: [Permission!] created: DateTime
    tokens: [AppToken!] {OWN} webhooks: [Webhook!] {OWN} aboutApp: String dataPrivacyUrl: String homepageUrl: String
    supportUrl: String appUrl: String manifestUrl: String version: String accessToken: String author: String
    extensions: [AppExtension!]!
    problems(limit: PositiveInt): [AppProblem!] @need(any: [AUTHENTICATED_APP, MANAGE_APPS])
    """,
)
class App:
    def resolve_permissions(root, info):
        return permission_list(root.permissions)

    def resolve_tokens(root, info):
        return root.tokens.all()

    def resolve_webhooks(root, info):
        return root.webhooks.order_by("pk")

    def resolve_access_token(root, info):
        if root.type != "THIRDPARTY" or not root.is_active or not info.context.is_staff:
            return None
        return app_user_token(root, info.context.user)

    def resolve_extensions(root, info):
        return root.extensions.order_by("pk")

    def resolve_problems(root, info, limit=None):
        return root.problems.order_by("-updated_at")[:limit]


connection("App")
plain(
    "AppInstallation & Node",
    "status: JobStatusEnum! createdAt: DateTime! updatedAt: DateTime! message: String appName: String! "
    "manifestUrl: String!",
)
plain(
    "AppManifestExtension",
    "permissions: [Permission!]! label: String! url: String! mountName: String! targetName: String! settings: JSON!",
)
plain(
    "AppManifestWebhook",
    "name: String! asyncEvents: [WebhookEventTypeAsyncEnum!] syncEvents: [WebhookEventTypeSyncEnum!] query: String! "
    "targetUrl: String!",
)
plain("AppManifestRequiredSaleorVersion", "constraint: String! satisfied: Boolean!")
plain(
    "Manifest",
    """
    identifier: String! version: String! name: String! about: String author: String appUrl: String
    tokenTargetUrl: String permissions: [Permission!] extensions: [AppManifestExtension!]!
    webhooks: [AppManifestWebhook!]! requiredSaleorVersion: AppManifestRequiredSaleorVersion
    """,
)


@query("app(id: ID): App @need(any: [AUTHENTICATED_STAFF_USER, AUTHENTICATED_APP])")
def app(info, id=None):
    own = info.context.app
    if id is None:
        return own
    key = key_of(id, "App")
    if own and str(own.pk) != key:
        info.context.require("MANAGE_APPS")
    return m.App.objects.filter(pk=key, is_installed=True).first()


@query(
    f"apps(filter: AppFilterInput, {PAGE}): AppCountableConnection @need(any: [AUTHENTICATED_STAFF_USER, MANAGE_APPS])"
)
def apps(info, filter=None, **page):
    rows = m.App.objects.filter(is_installed=True).prefetch_related("webhooks", "extensions")
    wanted = filter or {}
    if wanted.get("search"):
        rows = rows.filter(name__icontains=wanted["search"])
    for key in ("is_active", "type"):
        if wanted.get(key) is not None:
            rows = rows.filter(**{key: wanted[key]})
    return paginate(rows, page, by="name", what="apps")


@query("appsInstallations: [AppInstallation!]! @need(any: [MANAGE_APPS])")
def apps_installations(info):
    return m.AppInstallation.objects.order_by("-created_at")


@query("webhook(id: ID!): Webhook @need(any: [MANAGE_APPS, OWNER, AUTHENTICATED_APP])")
def webhook(info, id):
    row = m.Webhook.objects.select_related("app").filter(pk=key_of(id, "Webhook")).first()
    if row and not info.context.has("MANAGE_APPS", "OWNER", root=row):
        return None
    return row


@mutation(
    "appFetchManifest(manifestUrl: String!): AppFetchManifest",
    "manifest: Manifest",
    errors="AppError",
    need="MANAGE_APPS",
    atomic=False,
)
def app_fetch_manifest(info, manifest_url):
    data = manifests.fetch(manifest_url)
    constraint = data.get("requiredSaleorVersion")
    data = manifests.clean({**data, "requiredSaleorVersion": None})
    shown = {
        "identifier": data["id"],
        "version": data["version"],
        "name": data["name"],
        "about": data.get("about"),
        "author": data.get("author"),
        "app_url": data.get("appUrl"),
        "token_target_url": data.get("tokenTargetUrl"),
        "permissions": permission_list(data["permissions"]),
        "required_saleor_version": constraint
        and {"constraint": constraint, "satisfied": manifests.satisfied(constraint)},
        "webhooks": [
            {
                "name": w["name"],
                "query": w["query"],
                "target_url": w["targetUrl"],
                "async_events": w["asyncEvents"],
                "sync_events": w["syncEvents"],
            }
            for w in data["webhooks"]
        ],
        "extensions": [
            {
                "label": e["label"],
                "url": e["url"],
                "mount_name": e["mount"],
                "target_name": e.get("target") or "POPUP",
                "settings": e.get("options") or {},
                "permissions": permission_list(e.get("permissions") or []),
            }
            for e in data["extensions"]
        ],
    }
    return {"manifest": shown}


@mutation(
    "appInstall(input: AppInstallInput!): AppInstall",
    "appInstallation: AppInstallation",
    errors="AppError",
    need="MANAGE_APPS",
)
def app_install(info, input):
    if not info.context.is_staff:
        raise PermissionDenied("AUTHENTICATED_STAFF_USER")
    permissions = [str(p) for p in input.get("permissions") or []]
    _check_scope(info, permissions)
    manifests.check_url(input["manifest_url"], "manifestUrl")
    row = m.AppInstallation.objects.create(
        app_name=input["app_name"],
        manifest_url=input["manifest_url"],
        permissions=permissions,
        activate=input.get("activate_after_installation", True),
    )
    schedule("saleor.install", {"installation": row.pk})
    return {"app_installation": row}


@mutation(
    "appRetryInstall(id: ID!, activateAfterInstallation: Boolean = true): AppRetryInstall",
    "appInstallation: AppInstallation",
    errors="AppError",
    need="MANAGE_APPS",
)
def app_retry_install(info, id, activate_after_installation=True):
    row = find(m.AppInstallation.objects.all(), id, "AppInstallation")
    if row.status != "FAILED":
        raise Invalid("id", "INVALID_STATUS", "Only failed installations can be retried.")
    row.status, row.message, row.activate = "PENDING", None, activate_after_installation
    row.save()
    schedule("saleor.install", {"installation": row.pk})
    return {"app_installation": row}


@mutation(
    "appDeleteFailedInstallation(id: ID!): AppDeleteFailedInstallation",
    "appInstallation: AppInstallation",
    errors="AppError",
    need="MANAGE_APPS",
)
def app_delete_failed_installation(info, id):
    row = find(m.AppInstallation.objects.all(), id, "AppInstallation")
    if row.status != "FAILED":
        raise Invalid("id", "INVALID_STATUS", "Cannot delete installation with different status than failed.")
    key = row.pk
    row.delete()
    row.pk = key
    return {"app_installation": row}


@mutation(
    "appUpdate(id: ID!, input: AppInput!): AppUpdate", "app: App", errors="AppError", need="MANAGE_APPS"
)
def app_update(info, id, input):
    row = find(m.App.objects.select_for_update().filter(is_installed=True), id, "App")
    _check_scope(info, [str(p) for p in input.get("permissions") or []])
    if input.get("name"):
        row.name = input["name"][:60]
    if "permissions" in input:
        row.permissions = [str(p) for p in input["permissions"] or []]
    row.save()
    emit("APP_UPDATED", only=row, app=row)
    return {"app": row}


@mutation(
    "appTokenCreate(input: AppTokenInput!): AppTokenCreate",
    "authToken: String appToken: AppToken",
    errors="AppError",
    need="MANAGE_APPS",
)
def app_token_create(info, input):
    row = find(m.App.objects.filter(is_installed=True), input["app"], "App", "app")
    _check_scope(info, row.permissions)
    clear = new_app_token(row, input.get("name") or "")
    return {"auth_token": clear, "app_token": row.tokens.order_by("pk").last()}


def _check_scope(info, permissions):
    """Nobody gives away what they do not hold."""
    beyond = [p for p in permissions if p not in info.context.permissions]
    if beyond:
        message = "You can't add permission that you don't have."
        raise Invalid("permissions", "OUT_OF_SCOPE_PERMISSION", message, permissions=beyond)


def _switch(info, id, active):
    row = find(m.App.objects.filter(is_installed=True), id, "App")
    row.is_active = active
    row.save(update_fields=["is_active"])
    emit("APP_STATUS_CHANGED", only=row, app=row)
    return {"app": row}


@mutation("appActivate(id: ID!): AppActivate", "app: App", errors="AppError", need="MANAGE_APPS")
def app_activate(info, id):
    return _switch(info, id, True)


@mutation("appDeactivate(id: ID!): AppDeactivate", "app: App", errors="AppError", need="MANAGE_APPS")
def app_deactivate(info, id):
    return _switch(info, id, False)


@mutation("appDelete(id: ID!): AppDelete", "app: App", errors="AppError", need="MANAGE_APPS")
def app_delete(info, id):
    row = find(m.App.objects.filter(is_installed=True), id, "App")
    key = row.pk
    row.delete()
    row.pk = key
    return {"app": row}


@mutation(
    "appProblemCreate(input: AppProblemCreateInput!): AppProblemCreate",
    "appProblem: AppProblem",
    errors="AppProblemCreateError",
    need="AUTHENTICATED_APP",
)
def app_problem_create(info, input):
    """Report a fault; the same key within the aggregation period counts up instead of adding a row."""
    from datetime import timedelta

    from django.utils import timezone

    if not 3 <= len(input["message"].strip()) <= 2048 or not 3 <= len(input["key"]) <= 128:
        raise Invalid("message", "INVALID", "Message needs 3 to 2048 characters, key 3 to 128.")
    since = timezone.now() - timedelta(minutes=input.get("aggregation_period") or 0)
    row = (
        m.AppProblem.objects.select_for_update()
        .filter(app=info.context.app, key=input["key"], updated_at__gte=since)
        .first()
    )
    row = row or m.AppProblem(app=info.context.app, key=input["key"], count=0)
    row.count, row.message = row.count + 1, input["message"]
    threshold = input.get("critical_threshold")
    row.is_critical = bool(threshold and row.count >= threshold)
    row.save()
    return {"app_problem": row}


def _fill_webhook(row, input):
    for key in ("name", "identifier", "target_url", "is_active"):
        if input.get(key) is not None:
            setattr(row, key, input[key])
    if input.get("query") is not None:
        problems = payload.check_subscription(input["query"])
        if problems:
            raise Invalid("query", "INVALID", problems[0])
        row.subscription_query = input["query"]
    for key in ("async_events", "sync_events"):
        if input.get(key) is not None:
            setattr(row, key, [str(e) for e in input[key]])
    if input.get("custom_headers") is not None:
        raw = input["custom_headers"]
        row.custom_headers = json.loads(raw) if isinstance(raw, str) else raw
    if not row.async_events and not row.sync_events and row.subscription_query:
        row.async_events = payload.events_of(row.subscription_query, manifests.ASYNC)
        row.sync_events = payload.events_of(row.subscription_query, manifests.SYNC)
    manifests.check_url(row.target_url, "targetUrl")
    row.save()
    return {"webhook": row}


@mutation(
    "webhookCreate(input: WebhookCreateInput!): WebhookCreate",
    "webhook: Webhook",
    errors="WebhookError",
    need="MANAGE_APPS AUTHENTICATED_APP",
)
def webhook_create(info, input):
    own = info.context.app or find(m.App.objects.all(), input.get("app") or "", "App", "app")
    if not input.get("query"):
        raise Invalid("query", "MISSING_SUBSCRIPTION", "A subscription query is required.")
    return _fill_webhook(m.Webhook(app=own), input)


@mutation(
    "webhookUpdate(id: ID, identifier: String, input: WebhookUpdateInput!): WebhookUpdate",
    "webhook: Webhook",
    errors="WebhookError",
    need="MANAGE_APPS AUTHENTICATED_APP",
)
def webhook_update(info, input, id=None, identifier=None):
    return _fill_webhook(_webhook_meant(info, id, identifier), input)


def _webhook_meant(info, id, identifier):
    """Load a webhook by id or identifier; an app without MANAGE_APPS only finds its own."""
    rows = m.Webhook.objects.select_related("app")
    if info.context.app and not info.context.has("MANAGE_APPS"):
        rows = rows.filter(app=info.context.app)
    row = find(rows, id, "Webhook") if id else rows.filter(identifier=identifier).first()
    if row is None:
        raise Invalid("identifier", "NOT_FOUND", "Webhook not found.")
    return row


@mutation(
    "eventDeliveryRetry(id: ID!): EventDeliveryRetry",
    "delivery: EventDelivery",
    errors="WebhookError",
    need="MANAGE_APPS",
)
def event_delivery_retry(info, id):
    row = find(m.EventDelivery.objects.all(), id, "EventDelivery")
    row.status, row.attempts_made = "PENDING", 0
    row.save()
    schedule("saleor.deliver", {"delivery": row.pk})
    return {"delivery": row}


@mutation(
    "webhookDelete(id: ID, identifier: String): WebhookDelete",
    "webhook: Webhook",
    errors="WebhookError",
    need="MANAGE_APPS AUTHENTICATED_APP",
)
def webhook_delete(info, id=None, identifier=None):
    row = _webhook_meant(info, id, identifier)
    key = row.pk
    row.delete()
    row.pk = key
    return {"webhook": row}

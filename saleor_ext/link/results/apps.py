"""Apps and their installation."""

from __future__ import annotations

from .base import Maybe, Result


class AppSelf(Result):
    """The app that a token belongs to."""

    id: str
    identifier: str | None = None


class Code(Result):
    code: str


class EventType(Result):
    event_type: str


class InstalledWebhook(Result):
    id: str
    name: str | None = None
    is_active: bool = True
    target_url: str = ""
    subscription_query: str | None = None
    async_events: list[EventType] = []
    sync_events: list[EventType] = []


class InstalledApp(Result):
    id: str
    identifier: str | None = None
    name: str | None = None
    type: str | None = None
    is_active: bool | None = None
    version: str | None = None
    manifest_url: str | None = None
    permissions: Maybe[Code] = []
    webhooks: Maybe[InstalledWebhook] = []


class Installation(Result):
    id: str
    status: str
    message: str | None = None
    app_name: str = ""
    manifest_url: str = ""


class CreatedApp(Result):
    """An app made by ``appCreate``; the token is shown this once."""

    auth_token: str | None = None
    app: AppSelf

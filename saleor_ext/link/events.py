"""Asynchronous events on their way through the inbox: named by content, worked by the handler of their definition."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.module_loading import import_string

from saleor_ext.core import inbox
from saleor_ext.core.errors import PermanentError
from saleor_ext.core.models import InboxMessage
from saleor_ext.plugin_api.definitions import WebhookContext, WebhookDefinition

from . import registry, transport
from .client import GraphQLClient
from .clients import app_client
from .models import SaleorInstance

SOURCE = "saleor"
#: Fields that change with every sending of the same event, or that only a webhook has.
VOLATILE = frozenset({"issuedAt", "version"})
_OBJECT_KEYS = ("order", "product", "productVariant", "checkout", "transaction", "fulfillment", "channel")


class LazyClient:
    """A client of the receiving app that is made when it is first used: most handlers only touch the database."""

    def __init__(self, api_url: str, identifier: str) -> None:
        self.api_url = api_url
        self.identifier = identifier
        self._client: GraphQLClient | None = None

    def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, idempotent: bool = False
    ) -> dict[str, Any]:
        if self._client is None:
            self._client = app_client(self.api_url, self.identifier)
        return self._client.execute(document, variables, idempotent=idempotent)


def context_for(api_url: str, identifier: str, event: str) -> WebhookContext:
    return WebhookContext(
        api_url=api_url, app_identifier=identifier, event=event, saleor=LazyClient(api_url, identifier)
    )


def receive(
    instance: SaleorInstance,
    identifier: str,
    webhook: WebhookDefinition,
    body: bytes,
    payload: Mapping[str, Any],
) -> tuple[InboxMessage, bool]:
    """Store an event for work; the same event again, from webhook or poller, is only counted."""
    return inbox.receive(
        instance.source,
        event_id(identifier, webhook, payload),
        webhook.event,
        body,
        {"app": identifier, "webhook": webhook.slug},
    )


def event_id(identifier: str, webhook: WebhookDefinition, payload: Mapping[str, Any]) -> str:
    """Name an event by its content: Saleor sends no delivery id, and the same body on every try."""
    stable = {key: value for key, value in payload.items() if key not in VOLATILE}
    canonical = json.dumps(stable, sort_keys=True, separators=(",", ":"), default=transport.encode)
    digest = hashlib.sha256(f"{identifier}\0{webhook.slug}\0{canonical}".encode()).hexdigest()
    return f"{webhook.event}:{object_id(payload)}:{digest[:40]}"[:200]


def object_id(payload: Mapping[str, Any]) -> str:
    """Return the id of what the event is about, for people who search the inbox."""
    for key in _OBJECT_KEYS:
        value = payload.get(key)
        if isinstance(value, Mapping) and value.get("id"):
            return str(value["id"])[:100]
    return "-"


@inbox.handler(SOURCE)
def work(message: InboxMessage) -> None:
    """Hand a stored event to the handler its definition names."""
    identifier, slug = message.headers.get("app", ""), message.headers.get("webhook", "")
    webhook = registry.webhooks(identifier).get(slug)
    if webhook is None or webhook.sync:
        raise PermanentError(f"no asynchronous webhook {slug!r} of {identifier!r}; was a plugin removed?")
    instance = SaleorInstance.objects.filter(pk=message.source.partition(":")[2]).first()
    if instance is None:
        raise PermanentError(f"the instance of {message.source} is gone")
    payload = transport.decode(bytes(message.body))
    import_string(webhook.handler)(context_for(instance.api_url, identifier, message.kind), payload)

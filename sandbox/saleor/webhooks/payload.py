"""Bodies: the webhook's own subscription, run against the schema with the app's permissions."""

from __future__ import annotations

import functools
import json
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType, execute, parse, validate
from graphql.language import FieldNode, InlineFragmentNode, OperationDefinitionNode

from sandbox.saleor.auth import Context
from sandbox.saleor.errors import CircularSubscriptionSyncEvent
from sandbox.saleor.models import Webhook
from sandbox.saleor.webhooks.events import WITHOUT_TAXED_PRICES, Event, type_name


@functools.lru_cache(maxsize=500)
def _document(query: str) -> DocumentNode:
    return parse(query)


def render(webhook: Webhook, event: Event, *, may_ask_apps: bool = True) -> str:
    """Build the body: the content of `event`, with `errors` beside it when a field was refused."""
    from sandbox.saleor.schema import schema

    context = Context(
        app=webhook.app,
        permissions=frozenset(webhook.app.permissions),
        may_ask_apps=may_ask_apps,
        may_see_taxed_prices=event.name not in WITHOUT_TAXED_PRICES,
    )
    result = execute(
        schema().graphql_schema,
        _document(webhook.subscription_query or ""),
        root_value={"event": event},
        context_value=context,
    )
    if not isinstance(result, ExecutionResult):
        raise TypeError("resolvers of the stand-in are synchronous")
    body: dict[str, Any] = dict((result.data or {}).get("event") or {})
    # A taxed price leaves only its null behind: official Saleor says nothing of it beside the body.
    told = [e for e in result.errors or () if not isinstance(e.original_error, CircularSubscriptionSyncEvent)]
    if told:
        from sandbox.saleor.views import format_error

        body["errors"] = [format_error(error) for error in told]
    # ASCII only, as Saleor sends: a receiver that verifies raw bytes must meet what production sends.
    return json.dumps(body)


def check_subscription(query: str) -> list[str]:
    """Say what is wrong with a subscription query; nothing when it can serve a webhook."""
    from sandbox.saleor.schema import schema

    try:
        document = parse(query)
    except GraphQLError as error:
        return [f"Unable to parse a query: {error.message}"]
    if errors := validate(schema().graphql_schema, document):
        return [error.message for error in errors]
    operation = _operation(document)
    if operation is None:
        return ["Subscription operation can't be found."]
    roots = [s for s in operation.selection_set.selections if isinstance(s, FieldNode)]
    return [] if len(roots) == 1 else ["Subscription must select exactly one top field."]


def _operation(document: DocumentNode) -> OperationDefinitionNode | None:
    found = [
        d
        for d in document.definitions
        if isinstance(d, OperationDefinitionNode) and d.operation == OperationType.SUBSCRIPTION
    ]
    return found[0] if len(found) == 1 else None


def events_of(query: str, known: list[str]) -> list[str]:
    """Derive event names from the types a subscription spreads on, for manifests that name none."""
    operation = _operation(parse(query))
    names = set()
    for root in operation.selection_set.selections if operation else ():
        for part in (
            root.selection_set.selections if isinstance(root, FieldNode) and root.selection_set else ()
        ):
            if isinstance(part, InlineFragmentNode) and part.type_condition:
                names.add(part.type_condition.name.value)
    return [event for event in known if type_name(event) in names]

"""Manifests and subscription documents, made from the apps' definitions and checked before they leave the house."""

from __future__ import annotations

from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    print_ast,
)

from saleor_ext.core.errors import ConfigurationError
from saleor_ext.plugin_api.definitions import Extension, SaleorApp, WebhookDefinition
from saleor_ext.plugin_api.documents import document

from .documents import with_fragments

REQUIRED_SALEOR = ">=3.23 <4"
AUTHOR = "Ponte"
#: Saleor stores these in columns; a longer value makes an installation hang without a message.
LONGEST = {
    "name": 60,
    "version": 60,
    "identifier": 256,
    "target_url": 255,
    "extension_url": 200,
    "app_url": 200,
}
#: Asked of every event, so that each payload says which event and which installation it is meant for.
COMMON_FIELDS = "{ issuedAt version recipient { id } }"


def manifest(app: SaleorApp, base_url: str, answers_url: str = "") -> dict[str, Any]:
    """Return the manifest of an app that Saleor reaches at ``base_url`` (from settings: Saleor's Host has no port).

    Its quick webhooks are called at ``answers_url``, if there is one.

    :raises ConfigurationError: when Saleor would refuse it
    """
    root = f"{base_url.rstrip('/')}/saleor/{app.identifier}"
    built = {
        "id": app.identifier,
        "name": app.name,
        "version": app.version,
        "about": app.about,
        "author": AUTHOR,
        "permissions": list(app.permissions),
        "appUrl": f"{base_url.rstrip('/')}/console/",
        "tokenTargetUrl": f"{root}/register",
        "requiredSaleorVersion": REQUIRED_SALEOR,
        "webhooks": [
            webhook_entry(app, webhook, answers_url if webhook.quick and answers_url else base_url)
            for webhook in app.webhooks
        ],
        "extensions": [_extension(extension, base_url) for extension in app.extensions],
    }
    _check(app, built)
    return built


def webhook_entry(app: SaleorApp, webhook: WebhookDefinition, base_url: str) -> dict[str, Any]:
    """Return one webhook as manifest and ``webhookCreate`` want it."""
    return {
        "name": webhook.slug,
        "identifier": webhook.slug,
        "syncEvents": [webhook.event] if webhook.sync else [],
        "asyncEvents": [] if webhook.sync else [webhook.event],
        "query": subscription(app.package, webhook.query),
        "targetUrl": f"{base_url.rstrip('/')}/saleor/{app.identifier}/webhooks/{webhook.slug}",
        "isActive": True,
    }


def _extension(extension: Extension, base_url: str) -> dict[str, Any]:
    return {
        "identifier": extension.identifier,
        "label": extension.label,
        "mount": extension.mount,
        "target": extension.target,
        "url": f"{base_url.rstrip('/')}/{extension.path.lstrip('/')}",
        "permissions": list(extension.permissions),
        "options": dict(extension.options),
    }


@cache
def subscription(package: str, path: str) -> str:
    """Return a subscription document with the common fields added.

    :raises ConfigurationError: when it is not a subscription to ``event`` alone
    """
    where = f"{package}/{path}"
    try:
        tree = parse(with_fragments(document(package, path)))
    except (OSError, GraphQLError) as error:
        raise ConfigurationError(f"subscription {where} cannot be read: {error}") from error
    event = event_field(tree)
    if event is None or event.selection_set is None:
        raise ConfigurationError(f"subscription {where} must select the one field `event`")
    branches = [node for node in event.selection_set.selections if isinstance(node, InlineFragmentNode)]
    if not branches:
        raise ConfigurationError(f"subscription {where} selects no event type")
    for branch in branches:
        branch.selection_set.selections = _merged(COMMON_FIELDS, branch.selection_set)
    event.selection_set.selections = _merged("{ __typename }", event.selection_set)
    return print_ast(tree)


@cache
def event_types(package: str, path: str) -> frozenset[str]:
    """Return the event types that a subscription selects, e.g. ``{"OrderFullyPaid"}``."""
    event = event_field(parse(subscription(package, path)))
    assert event is not None and event.selection_set is not None  # `subscription` has checked it
    return frozenset(
        node.type_condition.name.value
        for node in event.selection_set.selections
        if isinstance(node, InlineFragmentNode) and node.type_condition
    )


def event_field(tree: DocumentNode) -> FieldNode | None:
    """Return the root field ``event`` of a document that is one subscription with nothing else at its root."""
    operations = [node for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
    others = [
        n for n in tree.definitions if not isinstance(n, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    if len(operations) != 1 or others or operations[0].operation is not OperationType.SUBSCRIPTION:
        return None
    roots = operations[0].selection_set.selections
    if len(roots) != 1 or not isinstance(roots[0], FieldNode) or roots[0].name.value != "event":
        return None
    return roots[0]


def _merged(fields: str, into: SelectionSetNode) -> tuple[Any, ...]:
    """Put fields in front of a selection, leaving out what it selects already."""
    present = {node.name.value for node in into.selections if isinstance(node, FieldNode)}
    definition = parse(fields).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)  # `{ … }` parses to a query
    wanted = [
        node
        for node in definition.selection_set.selections
        if isinstance(node, FieldNode) and (node.name.value not in present or node.name.value == "recipient")
    ]
    kept = (
        [
            node
            for node in into.selections
            if not (isinstance(node, FieldNode) and node.name.value == "recipient")
        ]
        if any(node.name.value == "recipient" for node in wanted)
        else list(into.selections)
    )
    return (*wanted, *kept)


def _check(app: SaleorApp, built: dict[str, Any]) -> None:
    """Refuse what Saleor would: it joins its messages into 255 characters and hangs on more."""
    faults = [
        f"{name} is empty or longer than {LONGEST[name]}"
        for name in ("name", "version")
        if not 0 < len(built[name]) <= LONGEST[name]
    ]
    slugs = [webhook.slug for webhook in app.webhooks]
    if len(set(slugs)) != len(slugs):
        faults.append("two webhooks share a slug")
    for entry in built["webhooks"]:
        if len(entry["targetUrl"]) > LONGEST["target_url"]:
            faults.append(f"the address of webhook {entry['name']} is longer than {LONGEST['target_url']}")
    for entry in built["extensions"]:
        if len(entry["url"]) > LONGEST["extension_url"]:
            faults.append(
                f"the address of extension {entry['identifier']} is longer than {LONGEST['extension_url']}"
            )
        if missing := set(entry["permissions"]) - set(app.permissions):
            faults.append(f"extension {entry['identifier']} asks for more than the app: {sorted(missing)}")
    if faults:
        raise ConfigurationError(f"manifest of {app.identifier}: " + "; ".join(faults))

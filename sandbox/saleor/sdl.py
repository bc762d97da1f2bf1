"""Declare graphene types in GraphQL's own notation, so that the contract with Saleor reads like one.

`@obj("Order & Node", "number: String! total: TaxedMoney!")` makes a graphene ObjectType; methods of the decorated
class are its resolvers. A field may carry `@need(any: [MANAGE_ORDERS])`; its resolver is then guarded.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Callable
from typing import Any

import graphene
from django.db import transaction
from graphene.utils.str_converters import to_snake_case
from graphql import (
    DirectiveNode,
    FieldDefinitionNode,
    GraphQLError,
    ListTypeNode,
    NonNullTypeNode,
    TypeNode,
    parse,
)
from graphql.utilities import value_from_ast_untyped

from sandbox.saleor.errors import Invalid

TYPES: dict[str, Any] = {
    "ID": graphene.ID,
    "String": graphene.String,
    "Int": graphene.Int,
    "Float": graphene.Float,
    "Boolean": graphene.Boolean,
}
QUERIES: dict[str, Any] = {}
MUTATIONS: dict[str, Any] = {}


def snake(name: str) -> str:
    """Give the Python name of a GraphQL field; digits stay glued (`streetAddress1` → `street_address_1`)."""
    return re.sub(r"([a-z])(\d)", r"\1_\2", to_snake_case(name)).strip("_").lower()


def ref(node: TypeNode) -> Any:
    """Turn a type expression into a lazily resolved graphene one."""
    if isinstance(node, NonNullTypeNode):
        return graphene.NonNull(ref(node.type))
    if isinstance(node, ListTypeNode):
        return graphene.List(ref(node.type))
    name = node.name.value  # type: ignore[attr-defined]  # the third kind of TypeNode is NamedTypeNode
    return functools.partial(TYPES.__getitem__, name)


def _default(node: Any, type_node: TypeNode) -> Any:
    value = value_from_ast_untyped(node.default_value)
    named = TYPES.get(getattr(getattr(type_node, "name", None), "value", ""))
    members = getattr(getattr(named, "_meta", None), "enum", None)
    return members[value] if members is not None and isinstance(value, str) else value


def _arguments(node: FieldDefinitionNode) -> dict[str, graphene.Argument]:
    out = {}
    for arg in node.arguments:
        keywords = {} if arg.default_value is None else {"default_value": _default(arg, arg.type)}
        out[snake(arg.name.value)] = graphene.Argument(ref(arg.type), name=arg.name.value, **keywords)
    return out


def _needs(directives: tuple[DirectiveNode, ...]) -> tuple[str, ...]:
    for directive in directives:
        if directive.name.value == "need":
            value = value_from_ast_untyped(directive.arguments[0].value)
            return tuple(value if isinstance(value, list) else [value])
    return ()


def _definitions(body: str) -> tuple[FieldDefinitionNode, ...]:
    document = parse(f"type X {{ {body} }}", no_location=True)
    return document.definitions[0].fields  # type: ignore[attr-defined]  # we wrote a type definition


def _attribute(field: str, raw: Any, _info: Any, **_args: Any) -> Any:
    return raw.get(field) if isinstance(raw, dict) else getattr(raw, field, None)


def guarded(needs: tuple[str, ...], resolver: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a resolver with the permission its field states."""

    def check(root: Any, info: Any, **arguments: Any) -> Any:
        info.context.require(*needs, root=root)
        return resolver(root, info, **arguments)

    return check


def fields(body: str, resolvers: dict[str, Any] | None = None) -> dict[str, Any]:
    """Build the class body of an object type: fields plus guarded resolvers."""
    out: dict[str, Any] = dict(resolvers or {})
    for node in _definitions(body):
        name = snake(node.name.value)
        out[name] = graphene.Field(ref(node.type), args=_arguments(node), name=node.name.value)
        if needs := _needs(node.directives):
            plain = out.get(f"resolve_{name}") or functools.partial(_attribute, name)
            out[f"resolve_{name}"] = guarded(needs, plain)
    return out


def _resolvers(cls: type) -> dict[str, Any]:
    return {k: v for k, v in vars(cls).items() if not k.startswith("__")}


def _head(head: str) -> tuple[str, tuple[Any, ...]]:
    name, *interfaces = [part.strip() for part in head.split("&")]
    return name, tuple(TYPES[i] for i in interfaces)


def obj(head: str, body: str) -> Callable[[type], type]:
    """Make an object type named and interfaced by `head`; `body` lists its fields."""

    def make(cls: type) -> type:
        name, interfaces = _head(head)
        meta = type("Meta", (), {"name": name, "interfaces": interfaces})
        made = type(name, (graphene.ObjectType,), {**fields(body, _resolvers(cls)), "Meta": meta})
        TYPES[name] = made
        return made

    return make


def plain(head: str, body: str) -> type:
    """Make an object type whose fields are read straight off the value."""
    return obj(head, body)(type("Plain", (), {}))


def interface(name: str, body: str) -> Callable[[type], type]:
    """Make an interface; values tell their own type through `typename`."""

    def make(cls: type) -> type:
        meta = type("Meta", (), {"name": name})
        attrs = {**fields(body, _resolvers(cls)), "Meta": meta, "resolve_type": classmethod(_resolve_type)}
        TYPES[name] = type(name, (graphene.Interface,), attrs)
        return TYPES[name]

    return make


def _resolve_type(_cls: type, value: Any, _info: Any) -> Any:
    return TYPES[typename(value)]


def union(name: str, members: str) -> type:
    """Make a union of already declared object types."""
    meta = type("Meta", (), {"name": name, "types": tuple(TYPES[m] for m in members.split())})
    TYPES[name] = type(name, (graphene.Union,), {"Meta": meta, "resolve_type": classmethod(_resolve_type)})
    return TYPES[name]


def typename(value: Any) -> str:
    """Name the GraphQL type of a value: said by a dict, by a model's `graph_type`, or by its class name."""
    if isinstance(value, dict):
        return str(value["__typename"])
    return str(getattr(value, "graph_type", type(value).__name__))


def enumeration(name: str, values: str) -> Any:
    """Make an enum whose Python members are strings, so that rows and inputs compare without conversion."""
    members = enum.StrEnum(name, [(v, v) for v in values.split()])  # type: ignore[misc]  # members are data
    TYPES[name] = graphene.Enum.from_enum(members)
    return members


def input_type(name: str, body: str) -> None:
    """Make an input type; absent fields stay absent in the value, so that updates can tell them from null."""
    document = parse(f"input {name} {{ {body} }}", no_location=True)
    attrs: dict[str, Any] = {}
    for node in document.definitions[0].fields:  # type: ignore[attr-defined]  # we wrote an input definition
        keywords = {} if node.default_value is None else {"default_value": _default(node, node.type)}
        attrs[snake(node.name.value)] = graphene.InputField(ref(node.type), name=node.name.value, **keywords)
    TYPES[name] = type(name, (graphene.InputObjectType,), {**attrs, "Meta": type("Meta", (), {"name": name})})


def error_type(name: str, code: str, extra: str = "", nullable: bool = False) -> None:
    """Make a payload error type; every one has field, message and a code of its own enum."""
    plain(name, f"field: String message: String code: {code}{'' if nullable else '!'} {extra}")


def _signature(text: str) -> FieldDefinitionNode:
    return _definitions(text)[0]


def query(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a root query; the function gets `info` and the arguments."""
    node = _signature(signature)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        def resolve(_root: Any, info: Any, **arguments: Any) -> Any:
            if needs := _needs(node.directives):
                info.context.require(*needs)
            try:
                return function(info, **arguments)
            except Invalid as error:
                raise GraphQLError(str(error)) from error

        QUERIES[snake(node.name.value)] = graphene.Field(
            ref(node.type), args=_arguments(node), name=node.name.value, resolver=resolve
        )
        return function

    return register


def mutation(
    signature: str, payload: str, *, errors: str, need: str = "", atomic: bool = True, **empty: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a mutation and its payload type.

    The function returns the payload as a dict. `Invalid` becomes payload errors (with `empty` as the rest).
    `atomic=False` is for those that call webhooks: no transaction may be open while an app calls back.
    """
    node = _signature(signature)
    payload_name = node.type.name.value  # type: ignore[attr-defined]  # payloads are nullable named types
    if payload_name not in TYPES:
        plain(payload_name, f"{payload} errors: [{errors}!]!")

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        run = transaction.atomic(function) if atomic else function

        def resolve(_root: Any, info: Any, **arguments: Any) -> Any:
            if need:
                info.context.require(*need.split())
            try:
                return {"errors": [], **run(info, **arguments)}
            except Invalid as error:
                return {**empty, "errors": error.errors}

        MUTATIONS[snake(node.name.value)] = graphene.Field(
            ref(node.type), args=_arguments(node), name=node.name.value, resolver=resolve
        )
        return function

    return register

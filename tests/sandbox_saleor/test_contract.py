"""The schema is a part of Saleor's, field by field.

Compared with `../shared/data/saleor-3.23.28.graphql` beside the repository, or with the server at SALEOR_API_URL.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_client_schema,
    build_schema,
    get_introspection_query,
    is_required_argument,
    is_required_input_field,
    parse,
    print_schema,
    specified_rules,
    validate,
)

ROOT = Path(__file__).resolve().parents[2]
SDL = ROOT.parent / "shared" / "data" / "saleor-3.23.28.graphql"
OPERATIONS = ROOT.parent / "shared" / "data" / "saleor-operations"
# A shop between Macau and Mainland China: the languages it does not speak are left out.
NARROWED = {"LanguageCodeEnum"}


@pytest.fixture(scope="module")
def real() -> GraphQLSchema:
    if SDL.exists():
        return build_schema(SDL.read_text(), assume_valid=True)
    url = os.environ.get("SALEOR_API_URL", "")
    if not url or ".test/" in url:
        pytest.skip(f"no Saleor to compare with: neither {SDL} nor a server at SALEOR_API_URL")
    query = get_introspection_query(descriptions=False, input_value_deprecation=True)
    return build_client_schema(httpx2.post(url, json={"query": query}, timeout=60).json()["data"])


@pytest.fixture(scope="module")
def ours() -> GraphQLSchema:
    from sandbox.saleor.schema import schema

    return build_schema(print_schema(schema().graphql_schema))


def differences(ours: GraphQLSchema, real: GraphQLSchema) -> list[str]:
    """List what of ours Saleor does not have, or has otherwise."""
    found: list[str] = []
    for name, mine in ours.type_map.items():
        theirs = real.type_map.get(name)
        if name.startswith("__"):
            continue
        if type(mine) is not type(theirs):
            found.append(f"{name}: not in Saleor, or of another kind")
        elif isinstance(mine, GraphQLObjectType | GraphQLInterfaceType):
            found += _object(name, mine, theirs)
        elif isinstance(mine, GraphQLInputObjectType):
            found += _input(name, mine, theirs)
        elif isinstance(mine, GraphQLEnumType):
            extra, missing = set(mine.values) - set(theirs.values), set(theirs.values) - set(mine.values)
            if extra or (missing and name not in NARROWED):
                found.append(f"{name}: extra {sorted(extra)}, missing {sorted(missing)[:5]}")
        elif isinstance(mine, GraphQLUnionType):
            extra_members = {t.name for t in mine.types} - {t.name for t in theirs.types}
            found += [f"{name}: extra {sorted(extra_members)}"] if extra_members else []
    return found


def _object(name: str, mine: Any, theirs: Any) -> list[str]:
    found = [
        f"{name} implements {i.name}"
        for i in mine.interfaces
        if i.name not in {x.name for x in theirs.interfaces}
    ]
    for field, definition in mine.fields.items():
        other = theirs.fields.get(field)
        if other is None:
            found.append(f"{name}.{field}: not in Saleor")
            continue
        if str(definition.type) != str(other.type):
            found.append(f"{name}.{field}: {definition.type}, Saleor {other.type}")
        for arg, ours in definition.args.items():
            given = other.args.get(arg)
            if given is None or str(ours.type) != str(given.type) or not _same_default(ours, given):
                found.append(f"{name}.{field}({arg}): {ours.type}, Saleor {given and given.type}")
        found += [
            f"{name}.{field}({arg}) is missing"
            for arg, given in other.args.items()
            if is_required_argument(given) and arg not in definition.args
        ]
    return found


def _input(name: str, mine: Any, theirs: Any) -> list[str]:
    found = []
    for field, definition in mine.fields.items():
        other = theirs.fields.get(field)
        if other is None or str(definition.type) != str(other.type) or not _same_default(definition, other):
            found.append(f"{name}.{field}: {definition.type}, Saleor {other and other.type}")
    return found + [
        f"{name}.{field} is missing"
        for field, other in theirs.fields.items()
        if is_required_input_field(other) and field not in mine.fields
    ]


def _same_default(mine: Any, theirs: Any) -> bool:
    a, b = mine.default_value, theirs.default_value
    return (a is Undefined) == (b is Undefined) and (a is Undefined or a == b)


def test_our_schema_is_a_part_of_saleors(ours: GraphQLSchema, real: GraphQLSchema) -> None:
    assert differences(ours, real) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("isConfirmed: Boolean!", "isConfirmed: Boolean"),
        ("thumbnail(size: Int, ", "thumbnail(size: String, "),
        ("type CountryDisplay {", "type CountryDisplay {\n  flag: String"),
        ("format: ThumbnailFormatEnum = ORIGINAL", "format: ThumbnailFormatEnum = WEBP"),
        ("enum AddressTypeEnum {", "enum AddressTypeEnum {\n  HOME"),
        ("union DeliveryMethod = Warehouse", "union DeliveryMethod = Product | Warehouse"),
        ("activateAfterInstallation: Boolean = true", "activateAfterInstallation: Boolean = false"),
        ("type CountryDisplay {", "type CountryDisplay implements Node {\n  id: ID!"),
    ],
)
def test_the_comparison_sees_differences(
    ours: GraphQLSchema, real: GraphQLSchema, old: str, new: str
) -> None:
    text = print_schema(ours)
    assert old in text
    assert differences(build_schema(text.replace(old, new)), real)


def _documents(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.graphql") if p.stem != "fragments")


@pytest.mark.skipif(not OPERATIONS.exists(), reason=f"the recorded operations are not at {OPERATIONS}")
def test_all_recorded_operations_are_served(ours: GraphQLSchema) -> None:
    rules = [rule for rule in specified_rules if rule.__name__ != "NoUnusedFragmentsRule"]
    fragments = (OPERATIONS / "fragments.graphql").read_text()
    problems = [
        f"{path.stem}: {error.message}"
        for path in _documents(OPERATIONS)
        for error in validate(ours, parse(fragments + path.read_text()), rules)
    ]
    assert problems == []


def test_the_platforms_own_operations_are_served(ours: GraphQLSchema) -> None:
    folder = ROOT / "saleor_ext" / "link" / "operations"
    rules = [rule for rule in specified_rules if rule.__name__ != "NoUnusedFragmentsRule"]
    fragments = "\n".join(p.read_text() for p in sorted((folder / "fragments").glob("*.graphql")))
    documents = [p for p in sorted(folder.glob("*/*.graphql")) if p.parent.name != "fragments"]
    assert documents
    problems = [
        f"{path.stem}: {error.message}"
        for path in documents
        for error in validate(ours, parse(fragments + path.read_text()), rules)
    ]
    assert problems == []

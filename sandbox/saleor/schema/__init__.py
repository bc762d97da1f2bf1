"""The GraphQL schema, put together from its parts."""

from __future__ import annotations

import functools

import graphene


@functools.lru_cache(maxsize=1)
def schema() -> graphene.Schema:
    """Build the schema once; parts register themselves when imported, in the order their types need."""
    from sandbox.saleor import sdl
    from sandbox.saleor.schema import (  # noqa: F401 - importing registers types, queries and mutations
        common,
        shop,
        product,
        account,
        payment,
        order,
        checkout,
        apps,
        metadata,
        events,
        shop_admin,
        product_admin,
        variant_admin,
        checkout_mutations,
        payment_mutations,
        order_admin,
        account_mutations,
    )

    query = type("Query", (graphene.ObjectType,), dict(sdl.QUERIES))
    mutation = type("Mutation", (graphene.ObjectType,), dict(sdl.MUTATIONS))
    objects = [t for t in sdl.TYPES.values() if isinstance(t, type) and issubclass(t, graphene.ObjectType)]
    return graphene.Schema(
        query=query, mutation=mutation, subscription=sdl.TYPES["Subscription"], types=objects, auto_camelcase=False
    )

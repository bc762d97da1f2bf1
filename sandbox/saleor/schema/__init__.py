"""The GraphQL schema, put together from its parts."""

from __future__ import annotations

import functools

import graphene


@functools.lru_cache(maxsize=1)
def schema() -> graphene.Schema:
    """Build the schema once; parts register themselves when imported, in the order their types need."""
    from sandbox.saleor import sdl
    from sandbox.saleor.schema import (  # noqa: F401 - importing registers types, queries and mutations
        account,
        account_mutations,
        apps,
        checkout,
        checkout_mutations,
        common,
        events,
        metadata,
        order,
        order_admin,
        payment,
        payment_mutations,
        product,
        product_admin,
        product_queries,
        shop,
        shop_admin,
        variant_admin,
    )

    query = type("Query", (graphene.ObjectType,), dict(sdl.QUERIES))
    mutation = type("Mutation", (graphene.ObjectType,), dict(sdl.MUTATIONS))
    objects = [t for t in sdl.TYPES.values() if isinstance(t, type) and issubclass(t, graphene.ObjectType)]
    return graphene.Schema(
        query=query,
        mutation=mutation,
        subscription=sdl.TYPES["Subscription"],
        types=objects,
        auto_camelcase=False,
    )

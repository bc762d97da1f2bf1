"""HTTP: the GraphQL endpoint, the key set, media, and a page for people."""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.static import serve
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute, get_operation_ast, parse, validate

from sandbox.saleor import VERSION, conf, keys, models
from sandbox.saleor.auth import Context, context_of
from sandbox.saleor.errors import Invalid, PermissionDenied

log = logging.getLogger("sandbox.saleor")
COST = {"requestedQueryCost": 0, "maximumAvailable": 50000}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Authorization, Authorization-Bearer",
}


def format_error(error: GraphQLError) -> dict[str, Any]:
    """Shape an error as Saleor does: the class of the cause is its code; internals are not told."""
    shown: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error:
        cause = cause.original_error
    known = cause is None or isinstance(cause, PermissionDenied | Invalid | GraphQLError)
    if not known:
        log.error("resolver failed at %s", error.path, exc_info=cause)
        shown["message"] = f"{type(cause).__name__}: {cause}" if settings.DEBUG else "Internal Server Error"
    shown["extensions"] = {"exception": {"code": type(cause or error).__name__}}
    return shown


def _wrong(message: str, status: int = 400) -> JsonResponse:
    body = {"errors": [{"message": message, "extensions": {"exception": {"code": "GraphQLError"}}}]}
    return JsonResponse(body, status=status, headers=CORS)


@csrf_exempt
def graphql(request: HttpRequest) -> HttpResponseBase:
    """Serve `/graphql/`: JSON, batches and multipart uploads."""
    if request.method == "OPTIONS":
        return HttpResponse(status=200, headers=CORS)
    if request.method == "GET":
        return render(request, "sandbox_saleor/graphql.html", {"version": VERSION, "api_url": conf.api_url()})
    if request.method != "POST":
        return _wrong("GraphQL only supports POST requests.", 405)
    try:
        data = _read(request)
    except (ValueError, KeyError, TypeError):
        return _wrong("Unable to parse query.")
    context = context_of(request)
    if isinstance(data, list):
        answers = [_run(item, context) for item in data]
        response = JsonResponse(
            [body for body, _ in answers],
            status=max((s for _, s in answers), default=200),
            safe=False,
            headers=CORS,
        )
    else:
        body, status = _run(data, context)
        response = JsonResponse(body, status=status, headers=CORS)
    if token := context.cache.get("refresh_token"):
        response.set_cookie("refreshToken", token, max_age=30 * 86400, httponly=True, samesite="Lax")
    return response


def _read(request: HttpRequest) -> Any:
    if (request.content_type or "").startswith("multipart/"):
        return _read_multipart(request)
    data = json.loads(request.body)
    if not isinstance(data, dict | list):
        raise ValueError("a GraphQL request is an object or a list of them")
    return data


def _read_multipart(request: HttpRequest) -> Any:
    """Put uploaded files into the variables, as the multipart request specification maps them."""
    data = json.loads(request.POST["operations"])
    for name, paths in json.loads(request.POST.get("map", "{}")).items():
        for path in paths:
            *parents, last = path.split(".")
            place: Any = data
            for part in parents:
                place = place[int(part)] if isinstance(place, list) else place[part]
            place[int(last) if isinstance(place, list) else last] = request.FILES[name]
    return data


@lru_cache(maxsize=512)
def _checked(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    """Parse and validate a document once: clients send the same few again and again."""
    from sandbox.saleor.schema import schema

    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    problems = validate(schema().graphql_schema, document)
    return (None if problems else document), problems


def _run(data: Any, context: Context) -> tuple[dict[str, Any], int]:
    from sandbox.saleor.schema import schema

    query = data.get("query") if isinstance(data, dict) else None
    if not query or not isinstance(query, str):
        return {"errors": [_plain("Must provide a query string.")], "extensions": {"cost": COST}}, 400
    if not isinstance(data.get("variables") or {}, dict):
        return {"errors": [_plain("Variables are invalid JSON.")], "extensions": {"cost": COST}}, 400
    built = schema().graphql_schema
    document, problems = _checked(query)
    if document is not None and _is_subscription(document, data.get("operationName")):
        problems = [GraphQLError("Subscriptions are served by webhooks only.")]
    if document is None or problems:
        return {"errors": [format_error(e) for e in problems], "extensions": {"cost": COST}}, 400
    context.cache.pop("names", None)
    result = execute(
        built,
        document,
        variable_values=data.get("variables") or {},
        operation_name=data.get("operationName"),
        context_value=context,
    )
    if not isinstance(result, ExecutionResult):
        raise TypeError("resolvers of the stand-in are synchronous")
    body: dict[str, Any] = {"data": result.data, "extensions": {"cost": COST}}
    if result.errors:
        body["errors"] = [format_error(e) for e in result.errors]
    # Without a path the document itself was at fault (a variable of the wrong type, say).
    refused = bool(result.errors) and result.data is None and all(e.path is None for e in result.errors or ())
    return body, 400 if refused else 200


def _plain(message: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"exception": {"code": "GraphQLError"}}}


def _is_subscription(document: DocumentNode, name: str | None) -> bool:
    operation = get_operation_ast(document, name)
    return operation is not None and operation.operation.value == "subscription"


def jwks(_request: HttpRequest) -> JsonResponse:
    """Publish the key webhooks and tokens are signed with."""
    return JsonResponse(keys.jwks(), headers={"Access-Control-Allow-Origin": "*"})


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve uploaded pictures."""
    response = serve(request, path, document_root=str(conf.directory() / "media"))
    response["Cache-Control"] = "public, max-age=86400"
    return response


def dashboard(request: HttpRequest) -> HttpResponse:
    """Show what the stand-in holds. Read only; it is no replacement for Saleor's Dashboard."""
    try:
        rows = {
            "channels": models.Channel.objects.order_by("pk"),
            "products": models.Product.objects.prefetch_related("variants__stocks").order_by("-updated_at")[
                :25
            ],
            "orders": models.Order.objects.select_related("channel").order_by("-created")[:25],
            "apps": models.App.objects.prefetch_related("webhooks").order_by("pk"),
            "installations": models.AppInstallation.objects.order_by("-pk"),
            "deliveries": models.EventDelivery.objects.select_related("webhook__app")[:40],
        }
        context = {name: list(value) for name, value in rows.items()}
    except DatabaseError as error:
        raise Http404 from error
    return render(
        request, "sandbox_saleor/dashboard.html", {**context, "version": VERSION, "api_url": conf.api_url()}
    )

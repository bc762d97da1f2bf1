"""Payment mutations: sessions with gateways, reports from them, requests to them."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import ipaddress
import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone

from sandbox.jobs import schedule
from sandbox.saleor import models as m
from sandbox.saleor import payments, prices
from sandbox.saleor.errors import Invalid, PermissionDenied
from sandbox.saleor.ids import find, split_global
from sandbox.saleor.schema import metadata
from sandbox.saleor.schema.checkout import checkout_rows
from sandbox.saleor.schema.payment import find_transaction, may_touch
from sandbox.saleor.sdl import mutation
from sandbox.saleor.webhooks import payload, sync
from sandbox.saleor.webhooks.events import Event, emit, webhooks_for

FINAL = [
    "AUTHORIZATION_FAILURE",
    "AUTHORIZATION_SUCCESS",
    "AUTHORIZATION_REQUEST",
    "CHARGE_FAILURE",
    "CHARGE_SUCCESS",
    "CHARGE_REQUEST",
]
TRANSACTIONS_LIMIT = 100


def source_of(id):
    """Load the checkout or order a payment is for."""
    try:
        kind, _ = split_global(id)
    except ValueError as error:
        raise Invalid("id", "GRAPHQL_ERROR", str(error)) from error
    if kind == "Order":
        return find(m.Order.objects.select_related("channel"), id, "Order")
    return find(checkout_rows(), id, "Checkout")


def open_amount(source):
    """Tell what is left to pay."""
    if isinstance(source, m.Order):
        paid = source.total_charged + source.total_authorized
        return max(source.total_gross - paid, prices.ZERO)
    prices.ensure(source, may_ask_apps=True)
    paid = sum(
        (
            t.charged_value + t.authorized_value + t.charge_pending_value + t.authorize_pending_value
            for t in source.transactions.all()
        ),
        prices.ZERO,
    )
    return max(source.total_gross - paid, prices.ZERO)


def customer_ip(info, given, code="INVALID"):
    if given and not (info.context.app and "HANDLE_PAYMENTS" in info.context.permissions):
        raise PermissionDenied("HANDLE_PAYMENTS")
    request = info.context.request
    value = given or (request.META.get("REMOTE_ADDR") if request is not None else None)
    try:
        return str(ipaddress.ip_address(value)) if value else None
    except ValueError as error:
        raise Invalid("customerIpAddress", code, "Provided IP address is not valid.") from error


@mutation(
    "paymentGatewayInitialize(amount: PositiveDecimal, id: ID!, paymentGateways: [PaymentGatewayToInitialize!]): "
    "PaymentGatewayInitialize",
    "gatewayConfigs: [PaymentGatewayConfig!]",
    errors="PaymentGatewayInitializeError",
    atomic=False,
)
def payment_gateway_initialize(info, id, amount=None, payment_gateways=None):
    source = source_of(id)
    wanted = None if payment_gateways is None else {g["id"]: g.get("data") for g in payment_gateways}
    due = open_amount(source) if amount is None else prices.quantize(amount)
    configs = [
        {
            "id": name,
            "data": data,
            "errors": [
                {
                    "field": "id",
                    "code": "INVALID" if data is None and wanted and name in wanted else "NOT_FOUND",
                    "message": problem,
                }
            ]
            if problem
            else [],
        }
        for name, data, problem in sync.gateways(source, due, wanted)
    ]
    return {"gateway_configs": configs}


@mutation(
    "transactionInitialize(action: TransactionFlowStrategyEnum, amount: PositiveDecimal, customerIpAddress: String, "
    "id: ID!, idempotencyKey: String, paymentGateway: PaymentGatewayToInitialize!): TransactionInitialize",
    "transaction: TransactionItem transactionEvent: TransactionEvent data: JSON",
    errors="TransactionInitializeError",
    atomic=False,
)
def transaction_initialize(
    info, id, payment_gateway, action=None, amount=None, customer_ip_address=None, idempotency_key=None
):
    source = source_of(id)
    if action and not (info.context.app and "HANDLE_PAYMENTS" in info.context.permissions):
        raise PermissionDenied("HANDLE_PAYMENTS")
    if idempotency_key is not None and not 0 < len(idempotency_key) <= 512:
        raise Invalid("idempotencyKey", "INVALID", "The idempotency key must have 1 to 512 characters.")
    address = customer_ip(info, customer_ip_address)
    due = open_amount(source) if amount is None else prices.quantize(amount)
    app = m.App.objects.filter(identifier=payment_gateway["id"], is_active=True, is_installed=True).first()
    if app is None:
        raise Invalid(
            "paymentGateway", "NOT_FOUND", "The payment gateway app with provided id doesn't exist."
        )
    flow = str(action or source.channel.default_transaction_flow_strategy)
    key = idempotency_key or str(uuid.uuid4())
    item, request = _start(source, app, flow, due, key)
    data, problem = sync.session(
        "INITIALIZE",
        app,
        item,
        source,
        data=payment_gateway.get("data"),
        customer_ip_address=address,
        idempotency_key=key,
        action={"amount": due, "currency": source.currency, "action_type": flow},
    )
    event = payments.apply_session_answer(request, app, data, problem)
    item.refresh_from_db()
    answer = data.get("data") if isinstance(data, dict) else None
    return {"transaction": item, "transaction_event": event, "data": answer}


def _start(source, app, flow, amount, key):
    """Make the transaction and its uncounted request, or find those the key already made."""
    where = {"order": source} if isinstance(source, m.Order) else {"checkout": source}
    if source.transactions.count() >= TRANSACTIONS_LIMIT:
        raise Invalid(
            "id", "INVALID", f"{type(source).__name__} transactions limit of {TRANSACTIONS_LIMIT} reached."
        )
    defaults = {"app": app, "currency": source.currency, "name": app.name[:60]}
    try:
        with transaction.atomic():
            item, _ = m.TransactionItem.objects.get_or_create(
                idempotency_key=key, app_identifier=app.identifier, **where, defaults=defaults
            )
            request, _ = m.TransactionEvent.objects.get_or_create(
                transaction=item,
                idempotency_key=key,
                defaults={
                    "type": f"{flow}_REQUEST",
                    "currency": source.currency,
                    "amount_value": amount,
                    "include_in_calculations": False,
                    "created_at": timezone.now(),
                },
            )
    except IntegrityError as error:
        message = "Different transaction with provided idempotency key already exists."
        raise Invalid("idempotencyKey", "UNIQUE", message) from error
    if request.amount_value != amount:
        message = "Different transaction with provided idempotency key already exists."
        raise Invalid("idempotencyKey", "UNIQUE", message)
    return item, request


@mutation(
    "transactionProcess(customerIpAddress: String, data: JSON, id: ID, token: UUID): TransactionProcess",
    "transaction: TransactionItem transactionEvent: TransactionEvent data: JSON",
    errors="TransactionProcessError",
    atomic=False,
)
def transaction_process(info, id=None, token=None, data=None, customer_ip_address=None):
    item = find_transaction(id, token)
    done = item.events.filter(include_in_calculations=True, type__in=FINAL).order_by("id").last()
    if done:
        # Decided already: the app is not asked again, which makes polling cheap.
        return {"transaction": item, "transaction_event": done, "data": None}
    request = item.events.filter(
        include_in_calculations=False, type__in=("AUTHORIZATION_REQUEST", "CHARGE_REQUEST")
    ).last()
    if request is None:
        raise Invalid("id", "INVALID", "Transaction doesn't have any request event.")
    app = m.App.objects.filter(
        identifier=item.app_identifier or "", is_active=True, is_installed=True
    ).first()
    if app is None:
        raise Invalid("id", "MISSING_PAYMENT_APP", "Payment app attached to the transaction, doesn't exist.")
    address = customer_ip(info, customer_ip_address)
    source = item.order or item.checkout
    if source is None:
        raise Invalid("id", "INVALID", "Transaction doesn't have attached order or checkout.")
    flow = request.type.removesuffix("_REQUEST")
    answer, problem = sync.session(
        "PROCESS",
        app,
        item,
        source,
        data=data,
        customer_ip_address=address,
        action={"amount": request.amount_value, "currency": item.currency, "action_type": flow},
    )
    event = payments.apply_session_answer(request, app, answer, problem)
    item.refresh_from_db()
    told = answer.get("data") if isinstance(answer, dict) else None
    return {"transaction": item, "transaction_event": event, "data": told}


@mutation(
    """transactionEventReport(amount: PositiveDecimal, availableActions: [TransactionActionEnum!], externalUrl: String,
    id: ID, message: String, paymentMethodDetails: PaymentMethodDetailsInput, pspReference: String!, time: DateTime,
    token: UUID, transactionMetadata: [MetadataInput!], transactionPrivateMetadata: [MetadataInput!],
    type: TransactionEventTypeEnum!): TransactionEventReport""",
    "alreadyProcessed: Boolean transaction: TransactionItem transactionEvent: TransactionEvent",
    errors="TransactionEventReportError",
    need="HANDLE_PAYMENTS",
    atomic=False,
)
def transaction_event_report(info, psp_reference, type, id=None, token=None, amount=None, **rest):
    item = find_transaction(id, token)
    if not may_touch(info.context, item):
        raise PermissionDenied("OWNER", "HANDLE_PAYMENTS")
    kind = str(type)
    value = payments.deduce_amount(kind, psp_reference) if amount is None else amount
    event = m.TransactionEvent(
        transaction=item,
        type=kind,
        psp_reference=psp_reference,
        amount_value=prices.quantize(value),
        currency=item.currency,
        created_at=rest.get("time") or timezone.now(),
        external_url=rest.get("external_url") or "",
        message=(rest.get("message") or "")[:512],
        app=info.context.app,
        user=info.context.user,
        related_granted_refund_id=_granted(item, kind, psp_reference),
    )
    event, refusal, known = payments.record(event)
    if refusal:
        raise _refused(event, refusal)
    actions = rest.get("available_actions")
    if actions is not None:
        item.available_actions = payments.clean_actions(actions)
    if rest.get("payment_method_details"):
        item.payment_method = _details(rest["payment_method_details"])
    if known:
        item.save()
        return {"already_processed": True, "transaction": item, "transaction_event": event}
    before = payments.snapshot(item)
    _enrich(item, event, rest)
    payments.save_amounts(item)
    payments.after_change(item, before, info.context)
    payments.follow_granted_refund(event)
    item.refresh_from_db()
    return {"already_processed": False, "transaction": item, "transaction_event": event}


def _granted(item, kind, psp_reference):
    if not kind.startswith("REFUND_"):
        return None
    request = item.events.filter(type="REFUND_REQUEST", psp_reference=psp_reference).last()
    return request.related_granted_refund_id if request else None


def _refused(event, refusal):
    if refusal == "INCORRECT_DETAILS":
        field = "pspReference"
        cause = (
            "The transaction with provided `pspReference` and `type` already exists with different amount."
        )
    else:
        field = "type"
        cause = (
            "Event with `AUTHORIZATION_SUCCESS` already reported for the transaction. "
            "Use `AUTHORIZATION_ADJUSTMENT` to change the authorization amount."
        )
    payments.fail(event, cause)
    return Invalid(field, refusal, cause)


def _details(given):
    chosen = [key for key in ("card", "other", "gift_card") if given.get(key)]
    if len(chosen) != 1:
        raise Invalid("paymentMethodDetails", "INVALID", "Exactly one kind of details must be given.")
    data = given[chosen[0]]
    if chosen[0] != "card":
        return {"type": "OTHER", "name": data["name"]}
    return {
        "type": "CARD",
        "name": data["name"],
        "brand": data.get("brand"),
        "firstDigits": data.get("first_digits"),
        "lastDigits": data.get("last_digits"),
        "expMonth": data.get("exp_month"),
        "expYear": data.get("exp_year"),
    }


def _enrich(item, event, rest):
    if event.type in payments.COUNTED and not item.psp_reference:
        item.psp_reference = event.psp_reference
    public = metadata.clean(rest.get("transaction_metadata"), "metadata")
    private = metadata.clean(rest.get("transaction_private_metadata"), "privateMetadata")
    item.metadata = {**item.metadata, **public}
    item.private_metadata = {**item.private_metadata, **private}
    if public or private:
        emit("TRANSACTION_ITEM_METADATA_UPDATED", transaction=item)


WEBHOOK_OF = {
    "CHARGE": "TRANSACTION_CHARGE_REQUESTED",
    "REFUND": "TRANSACTION_REFUND_REQUESTED",
    "CANCEL": "TRANSACTION_CANCELATION_REQUESTED",
}


def request_action(info, item, action, amount, granted=None):
    """Write a request event and hand it to the app that owns the transaction, through the worker."""
    name = WEBHOOK_OF[action]
    owner = m.App.objects.filter(
        identifier=item.app_identifier or "", is_active=True, is_installed=True
    ).first()
    hooks = webhooks_for(name, sync=True, app=owner) if owner else []
    if not hooks:
        code = "MISSING_TRANSACTION_ACTION_REQUEST_WEBHOOK"
        raise Invalid("id", code, "No app or webhook is configured to handle the request.")
    event = m.TransactionEvent.objects.create(
        transaction=item,
        type=f"{action}_REQUEST",
        amount_value=amount,
        currency=item.currency,
        include_in_calculations=False,
        created_at=timezone.now(),
        idempotency_key=str(uuid.uuid4()),
        app=info.context.app,
        user=info.context.user,
        related_granted_refund=granted,
    )
    values = {
        "transaction": item,
        "action": {"action_type": action, "amount": amount, "currency": item.currency},
        "granted_refund": granted,
    }
    # Built once: a repeated delivery carries the same bytes.
    body = payload.render(hooks[0], Event(name, hooks[0].app, values), may_ask_apps=False)
    data = {"webhook": hooks[0].pk, "event": event.pk, "name": name, "body": body, "attempt": 0}
    schedule("saleor.transaction_request", data)
    return event


@mutation(
    "transactionRequestAction(actionType: TransactionActionEnum!, amount: PositiveDecimal, id: ID, "
    "refundReason: String, token: UUID): TransactionRequestAction",
    "transaction: TransactionItem",
    errors="TransactionRequestActionError",
    need="HANDLE_PAYMENTS",
)
def transaction_request_action(info, action_type, id=None, token=None, amount=None, refund_reason=None):
    item = find_transaction(id, token)
    action = str(action_type)
    source = {"CHARGE": "authorized", "REFUND": "charged", "CANCEL": "authorized"}[action]
    most = getattr(item, f"{source}_value")
    asked = most if amount is None or action == "CANCEL" else min(prices.quantize(amount), most)
    request_action(info, item, action, asked)
    if item.order and action == "REFUND":
        payments.note(item.order, "TRANSACTION_REFUND_REQUESTED", info.context, refund_reason)
    return {"transaction": item}


@mutation(
    "transactionRequestRefundForGrantedRefund(grantedRefundId: ID!, id: ID, token: UUID): "
    "TransactionRequestRefundForGrantedRefund",
    "transaction: TransactionItem",
    errors="TransactionRequestRefundForGrantedRefundError",
    need="HANDLE_PAYMENTS",
)
def transaction_request_refund_for_granted_refund(info, granted_refund_id, id=None, token=None):
    item = find_transaction(id, token)
    rows = m.OrderGrantedRefund.objects.select_for_update()
    granted = find(rows, granted_refund_id, "OrderGrantedRefund", "grantedRefundId")
    if granted.order_id != item.order_id:
        raise Invalid("grantedRefundId", "INVALID", "The granted refund belongs to different order.")
    if granted.status == "SUCCESS":
        raise Invalid("grantedRefundId", "REFUND_ALREADY_PROCESSED", "Refund already processed.")
    if granted.status == "PENDING":
        raise Invalid("grantedRefundId", "REFUND_IS_PENDING", "Refund is pending.")
    if granted.amount_value > item.charged_value:
        raise Invalid(
            "id", "AMOUNT_GREATER_THAN_AVAILABLE", "The amount of the refund is greater than charged."
        )
    request_action(info, item, "REFUND", granted.amount_value, granted)
    granted.status = "PENDING"
    granted.save(update_fields=["status"])
    return {"transaction": item}

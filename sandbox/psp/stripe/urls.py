"""Addresses of Stripe's API, its hosted page, and the same for programs."""

from django.urls import path

from sandbox.psp.stripe import checkout, events, pages, reads, refunds
from sandbox.psp.stripe.wire import api

urlpatterns = [
    path("v1/checkout/sessions", api(post=checkout.create, get=checkout.list_sessions)),
    path("v1/checkout/sessions/<str:ref>", api(get=checkout.retrieve)),
    path("v1/checkout/sessions/<str:ref>/expire", api(post=checkout.expire)),
    path("v1/payment_intents/<str:ref>", api(get=reads.intent)),
    path("v1/charges/<str:ref>", api(get=reads.charge)),
    path("v1/refunds", api(post=refunds.create, get=refunds.list_refunds)),
    path("v1/refunds/<str:ref>", api(get=refunds.retrieve)),
    path("v1/disputes", api(get=reads.list_disputes)),
    path("v1/disputes/<str:ref>", api(get=reads.dispute, post=reads.update_dispute)),
    path("v1/disputes/<str:ref>/close", api(post=reads.close_dispute)),
    path("v1/balance_transactions", api(get=reads.list_transactions)),
    path("v1/balance_transactions/<str:ref>", api(get=reads.transaction)),
    path("v1/events", api(get=events.list_events)),
    path("v1/events/<str:ref>", api(get=events.retrieve_event)),
    path("v1/webhook_endpoints", api(post=events.add_endpoint, get=events.list_endpoints)),
    path("v1/webhook_endpoints/<str:ref>", api(delete=events.remove_endpoint)),
    path("stripe/pay/<str:token>/", pages.hosted, name="stripe-pay"),
    path("sandbox/psp/stripe/pay", pages.pay_json, name="stripe-pay-json"),
]

"""Addresses of Antom, below ``/ams/api/v1/``."""

from django.urls import path

from sandbox.psp.antom import customs, payments, refunds
from sandbox.psp.antom.wire import api

urlpatterns = [
    path("payments/pay", api(payments.pay)),
    path("payments/inquiryPayment", api(payments.inquire)),
    path("payments/cancel", api(payments.cancel)),
    path("payments/refund", api(refunds.give_back)),
    path("payments/inquiryRefund", api(refunds.inquire)),
    path("customs/declare", api(customs.declare)),
    path("customs/inquiryDeclarationRequests", api(customs.inquire)),
]

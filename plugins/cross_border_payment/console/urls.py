"""Pages below ``/console/payment/``; staff only, by the console itself."""

from django.urls import path

from . import differences, payments

app_name = "payments"
urlpatterns = [
    path("", payments.table, name="payments"),
    path("disagreements/", differences.table, name="disagreements"),
    path("<uuid:payment_id>/", payments.show, name="payment"),
    path("<uuid:payment_id>/refund/", payments.refund, name="refund"),
    path("<uuid:payment_id>/ask/", payments.ask, name="ask"),
    path("<uuid:payment_id>/declare/", payments.declare, name="declare"),
]

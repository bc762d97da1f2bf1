"""Pages below ``/console/payment/``; staff only, by the console itself."""

from django.urls import path

from . import differences, disputes, payments, reconciliation

app_name = "payments"
urlpatterns = [
    path("", payments.table, name="payments"),
    path("disagreements/", differences.table, name="disagreements"),
    path("disputes/", disputes.table, name="disputes"),
    path("reconciliation/", reconciliation.table, name="reconciliation"),
    path("reconciliation/day/", reconciliation.compare, name="reconcile"),
    path("reconciliation/<uuid:item_id>/", reconciliation.take_off, name="take_off"),
    path("<uuid:payment_id>/", payments.show, name="payment"),
    path("<uuid:payment_id>/refund/", payments.refund, name="refund"),
    path("<uuid:payment_id>/ask/", payments.ask, name="ask"),
    path("<uuid:payment_id>/declare/", payments.declare, name="declare"),
]

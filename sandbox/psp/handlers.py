"""Imports the modules whose jobs the worker runs, and those that tell merchants of what became of a job."""

from sandbox.psp import customs, notify, refunds
from sandbox.psp.antom import payments as antom_payments
from sandbox.psp.antom import refunds as antom_refunds
from sandbox.psp.stripe import checkout, events, paying
from sandbox.psp.stripe import refunds as stripe_refunds

__all__ = [
    "antom_payments",
    "antom_refunds",
    "checkout",
    "customs",
    "events",
    "notify",
    "paying",
    "refunds",
    "stripe_refunds",
]

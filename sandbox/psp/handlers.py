"""Imports the modules whose jobs the worker runs."""

from sandbox.psp import customs, notify, refunds
from sandbox.psp.stripe import checkout, events, paying
from sandbox.psp.stripe import refunds as stripe_refunds

__all__ = ["checkout", "customs", "events", "notify", "paying", "refunds", "stripe_refunds"]

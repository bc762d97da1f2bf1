"""Imports the modules whose jobs the worker runs."""

from sandbox.psp import antom, customs, notify, refunds
from sandbox.psp.antom import payments as antom_payments
from sandbox.psp.antom import refunds as antom_refunds

__all__ = ["antom", "antom_payments", "antom_refunds", "customs", "notify", "refunds"]

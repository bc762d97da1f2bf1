"""Imports the modules whose jobs the worker runs."""

from sandbox.psp import customs, notify, refunds

__all__ = ["customs", "notify", "refunds"]

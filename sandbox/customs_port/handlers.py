"""Imports the modules whose jobs the worker runs."""

from sandbox.customs_port import intake, realtime, receipts, review

__all__ = ["intake", "realtime", "receipts", "review"]

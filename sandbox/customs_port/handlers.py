"""Imports the modules whose jobs the worker runs."""

from sandbox.customs_port import intake, receipts, review

__all__ = ["intake", "receipts", "review"]

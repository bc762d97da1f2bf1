"""Imports the modules whose jobs the worker runs."""

from sandbox.customs_port import broker, intake, realtime, receipts, review

__all__ = ["broker", "intake", "realtime", "receipts", "review"]

"""Imports the modules whose jobs the worker runs."""

from sandbox.carrier import routes, service

__all__ = ["routes", "service"]

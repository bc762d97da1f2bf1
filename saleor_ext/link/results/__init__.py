"""Typed results of operations, by domain."""

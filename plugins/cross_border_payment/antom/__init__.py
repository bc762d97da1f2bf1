"""Alipay through Antom (AMS)."""

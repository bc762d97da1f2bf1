"""Merchants: the firms that sell, and who may act for them."""

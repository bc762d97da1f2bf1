"""Nansha logistics: bonded book, delivery quotes, waybills, the release gate and tracking."""

"""Antom's interface (AMS) to the same payments, refunds and customs records: its own words, keys and signatures."""

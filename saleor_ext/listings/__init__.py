"""Listings: the master copy of what merchants sell, in all languages, and its publishing to Saleor."""

"""Demonstration data: invented merchants, goods, pictures and accounts."""

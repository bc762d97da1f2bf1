"""Parcels: a paid order's way from payment to the buyer's door, one step after another."""

"""Draws the demonstration pictures: flat polygons, soft gradients, no fonts, no photographs."""

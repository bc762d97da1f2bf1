"""The main job, driven from end to end without a browser: ``ponte walk``."""

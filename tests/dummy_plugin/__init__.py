"""A plugin that uses the public contract only; the tests' parcels on lane ``dummy`` go through it."""

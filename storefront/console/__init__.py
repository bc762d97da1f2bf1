"""The operator's pages: parcels, dead letters, plugins, merchants, health."""

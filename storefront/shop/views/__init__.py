"""The shop's views: they read a service, map nothing, and render."""

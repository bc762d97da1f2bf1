"""The sandbox: stand-ins for the outside world on one laptop. It imports nothing of the platform."""

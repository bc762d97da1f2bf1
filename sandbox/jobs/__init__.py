"""Background work of the sandbox on one PostgreSQL table.

``@job("kind")`` registers a handler, ``schedule`` asks for one run, ``@periodic`` runs something all the
time. Handlers live in an app's ``handlers`` module (found by itself) or in any module its ``ready`` imports.
"""

from sandbox.jobs.queue import GiveUp, RetryLater, job, periodic, schedule, speed

__all__ = ["GiveUp", "RetryLater", "job", "periodic", "schedule", "speed"]

"""Celery: wakes the inbox and outbox, repeats the plugins' periodic work."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")

app = Celery("ponte")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def schedule() -> dict[str, dict[str, object]]:
    """Return beat's table: the platform's own entries and one per plugin ``Periodic``."""
    from saleor_ext.plugin_api.registry import plugins

    table: dict[str, dict[str, object]] = {
        "drain-inbox": {"task": "ponte.drain_inbox", "schedule": 1.0, "options": {"expires": 5}},
        "drain-outbox": {"task": "ponte.drain_outbox", "schedule": 1.0, "options": {"expires": 5}},
        "poll-saleor": {"task": "ponte.poll_saleor", "schedule": 20.0, "options": {"expires": 20}},
        "settle-parcels": {"task": "ponte.settle_parcels", "schedule": 10.0, "options": {"expires": 10}},
        "forget-tries": {"task": "ponte.forget_tries", "schedule": 3600.0, "options": {"expires": 3600}},
    }
    for plugin in plugins():
        for periodic in plugin.periodic:
            table[f"{plugin.identifier}.{periodic.name}"] = {
                "task": "ponte.run_periodic",
                "schedule": periodic.seconds,
                "args": (periodic.function,),
                "options": {"expires": max(periodic.seconds, 5)},
            }
    return table


app.conf.beat_schedule = schedule()

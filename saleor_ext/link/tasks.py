"""What Celery repeats for the link."""

from __future__ import annotations

from celery import shared_task

from . import poller


@shared_task(name="ponte.poll_saleor", ignore_result=True)
def poll_saleor() -> int:
    return poller.poll_all()

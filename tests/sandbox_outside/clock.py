"""Runs the job table through time without waiting."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.utils import timezone

from sandbox.jobs.models import Job
from sandbox.jobs.worker import drain


def run_for(seconds: float = 0, limit: int = 10_000) -> int:
    """Run all jobs of the next ``seconds``, each at its own moment; return how many ran."""
    end, count = timezone.now() + timedelta(seconds=seconds), 0
    while count < limit:
        job = Job.objects.filter(state=Job.State.WAITING, run_at__lte=end).order_by("run_at", "id").first()
        if job is None:
            break
        with time_machine.travel(max(job.run_at, timezone.now()), tick=False):
            count += drain(limit=1)
    return count

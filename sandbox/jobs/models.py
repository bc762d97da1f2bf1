"""Jobs, and the few settings that may be changed while the sandbox runs."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class Job(models.Model):
    """One piece of work. A job that is RUNNING past its lease belongs to a dead worker and is taken again."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    kind = models.CharField(max_length=100)
    payload = models.JSONField(default=dict)
    unique_key = models.CharField(max_length=250, null=True, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    run_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    #: Changes at every claim, so that a worker thought dead cannot finish what another has taken over.
    claim = models.UUIDField(default=uuid.uuid4)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(default="")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run_at"], condition=models.Q(state="waiting"), name="sandbox_job_due"),
            models.Index(
                fields=["lease_until"], condition=models.Q(state="running"), name="sandbox_job_lease"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk} {self.state}"


class Knob(models.Model):
    """A setting changed on the control page; it wins over the environment."""

    name = models.CharField(max_length=100, primary_key=True)
    value = models.JSONField()

    def __str__(self) -> str:
        return f"{self.name} = {self.value!r}"

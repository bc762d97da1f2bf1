"""Tables of the core: inbox, outbox, audit log, idempotency keys, cursors, windows of tries, breakers."""

from __future__ import annotations

import uuid

from django.db import models


class InboxMessage(models.Model):
    """A message that arrived: stored as it came, worked once, kept as proof."""

    class State(models.TextChoices):
        NEW = "new"
        DONE = "done"
        DEAD = "dead"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.CharField(max_length=160)
    event_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=80)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    attempts = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField()
    run_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    duplicates = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "event_id"], name="inbox_once")]
        indexes = [
            models.Index(fields=["run_at"], name="inbox_due", condition=models.Q(state="new")),
            models.Index(fields=["state", "-received_at"], name="inbox_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.event_id}"


class OutboxMessage(models.Model):
    """A piece of work promised in a transaction and done after it, at least once."""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        DEAD = "dead"
        DROPPED = "dropped"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    topic = models.CharField(max_length=80)
    key = models.CharField(max_length=200, null=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    run_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    finished_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    #: Set by a claim: the lease of the worker before ran out.
    lost = False

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "key"], name="outbox_once")]
        indexes = [
            models.Index(fields=["run_at"], name="outbox_due", condition=models.Q(state="pending")),
            models.Index(fields=["state", "-created_at"], name="outbox_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key or self.id}"


class AuditEntry(models.Model):
    """Who did what to which object, when and why; a trigger refuses change and deletion."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id", "-at"], name="audit_by_object")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.actor} {self.action} {self.object_type} {self.object_id}"


class IdempotencyKey(models.Model):
    """The answer given to a request, kept so that the same request gets the same answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    body = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class Cursor(models.Model):
    """How far a poller has read."""

    name = models.CharField(primary_key=True, max_length=200)
    value = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class TryWindow(models.Model):
    """How often something was tried since its window began; the key is a hash of what and who."""

    key = models.CharField(primary_key=True, max_length=64)
    tries = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tries} tries until {self.ends_at:%F %T}"


class BreakerState(models.Model):
    """Failures in a row of one way out of the house, and since when nothing goes that way."""

    name = models.CharField(primary_key=True, max_length=120)
    failures = models.PositiveIntegerField(default=0)
    #: Set while the way is closed; ``retry_at`` is when one caller may try it, ``probe_until`` how long he has.
    opened_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    probe_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.failures} failures"

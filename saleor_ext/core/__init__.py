"""What every other part rests on: money, time, secrets, inbox, outbox, audit, idempotency."""

"""A GraphQL client of the stand-in, over real HTTP."""

from __future__ import annotations

import functools
import json
from typing import Any

import httpx2

SETUP_TOKEN = "setupsetupsetupsetupsetupsetup"


class Refused(AssertionError):
    """An operation answered with errors of its payload."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(json.dumps(errors, ensure_ascii=False))
        self.errors = errors

    @property
    def codes(self) -> list[str]:
        return [e["code"] for e in self.errors]


class Saleor:
    """Talks to one server; `token` chooses who speaks."""

    def __init__(self, url: str) -> None:
        from sandbox.saleor.bootstrap import bootstrap, create_app

        self.url = url
        self.http = httpx2.Client(timeout=30, trust_env=False)
        bootstrap()
        self.setup_token = create_app(token=SETUP_TOKEN)

    def __enter__(self) -> Saleor:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @functools.cached_property
    def staff_token(self) -> str:
        made = self.run(
            'mutation { tokenCreate(email: "admin@ponte.example", password: "ponte-demo") { token errors { code } } }',
            None,
        )
        return str(made["tokenCreate"]["token"])

    def raw(self, query: str, token: str | None = None, **variables: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"query": query, "variables": variables}
        return self.http.post(f"{self.url}/graphql/", json=body, headers=headers)

    def run(self, query: str, token: str | None = "setup", **variables: Any) -> dict[str, Any]:
        """Run an operation and return its data; any error fails the test. `token="setup"` may do anything."""
        response = self.raw(query, self.setup_token if token == "setup" else token, **variables)
        body = response.json()
        if body.get("errors"):
            raise AssertionError(
                f"{response.status_code} {json.dumps(body['errors'], ensure_ascii=False)[:2000]}"
            )
        return dict(body["data"])

    def do(self, query: str, token: str | None = "setup", **variables: Any) -> dict[str, Any]:
        """Run a mutation of one field and return its payload; payload errors raise Refused."""
        (payload,) = self.run(query, token, **variables).values()
        if payload["errors"]:
            raise Refused(payload["errors"])
        return dict(payload)

    def errors(self, query: str, token: str | None = None, **variables: Any) -> list[dict[str, Any]]:
        """Return the top-level errors of an operation."""
        return list(self.raw(query, token, **variables).json().get("errors", []))

    def drain(self, horizon_seconds: float = 0) -> int:
        """Do the worker's work up to a moment from now."""
        from datetime import timedelta

        from django.utils import timezone

        from sandbox.jobs.models import Job
        from sandbox.jobs.worker import drain

        count = drain()
        if horizon_seconds:
            limit = timezone.now() + timedelta(seconds=horizon_seconds)
            Job.objects.filter(state=Job.State.WAITING, run_at__lte=limit).update(run_at=timezone.now())
            count += drain()
        failed = Job.objects.filter(state=Job.State.FAILED) | Job.objects.exclude(error="")
        assert not failed.exists(), [job.error for job in failed]
        return count

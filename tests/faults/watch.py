"""Walks under way and processes to kill; what is left in the end is read from the tables and stand-ins themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
import psycopg

from tests.demo_process import ROOT, DemoProcess

#: The steps of a walk on the bonded lane, in the order in which they are told.
STEPS = (
    "publish", "catalogue", "checkout", "identity", "delivery", "payment_session", "paid", "order", "parcel",
    "reserve_stock", "declare_payment", "obtain_waybill", "declare_order", "declare_inventory", "released", "gate_out",
    "fulfilled", "delivered",
)  # fmt: skip  # one line a table
#: Far longer than anything takes: faults add up, each has its own wait, and a slow machine stretches them.
PATIENCE = 420
#: Staff sign in again before Saleor's access token ends, which lives five minutes.
TOKEN_SECONDS = 240


@dataclass
class WalkProcess:
    """One ``ponte walk`` against a demonstration; ``told`` is called after each of its lines."""

    demo: DemoProcess
    listing: str
    told: Callable[[WalkProcess, str], None] = lambda walk, step: None
    lines: list[dict[str, Any]] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None
    _thread: threading.Thread | None = None

    def start(self) -> WalkProcess:
        command = [sys.executable, "-m", "saleor_ext.cli", "walk", "--json", "--patience", str(PATIENCE)]
        self._process = subprocess.Popen(
            [*command, "--listing", self.listing],
            cwd=ROOT,
            env=self.demo.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def wait(self) -> None:
        """Wait for the end; the last line must be the delivery."""
        assert self._process is not None
        assert self._thread is not None
        code = self._process.wait()
        self._thread.join()
        assert code == 0, (
            f"{self.listing}: {self.lines[-1:]}\n{Records(self.demo).unfinished()}\n{self.demo.log(80)}"
        )
        assert [line["step"] for line in self.lines] == list(STEPS)
        assert all(line["ok"] for line in self.lines)

    def __enter__(self) -> WalkProcess:
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Leave no process behind when the test fails in the middle."""
        if self._process is not None and self._thread is not None:
            self._process.kill()
            self._process.wait()
            self._thread.join()

    def reference(self, step: str) -> str:
        return next(str(line["ref"]) for line in self.lines if line["step"] == step)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as output:
            self.told(self, STEPS[0])
            for text in output:
                line = json.loads(text)
                self.lines.append(line)
                following = STEPS.index(line["step"]) + 1
                if line["ok"] and following < len(STEPS):
                    self.told(self, STEPS[following])


class Records:
    """Reads a demonstration's two databases and its Saleor, to count what there is."""

    def __init__(self, demo: DemoProcess) -> None:
        stored = (demo.var / "demo.env").read_text().splitlines()
        self._environment = dict(line.split("=", 1) for line in stored)
        self._saleor = f"{demo.sandbox}/graphql/"
        self._staff, self._signed_in = "", 0.0
        self._before: dict[str, int] = {}

    def begin(self) -> None:
        """Count from now on."""
        self._before = self._totals()

    def at_rest(self) -> bool:
        """Tell whether no parcel is on its way and no paid checkout waits to become an order."""
        open_steps = "SELECT count(*) FROM orders_parcelstep WHERE state IN ('pending', 'running', 'waiting')"
        promised = (
            "SELECT count(*) FROM core_outboxmessage WHERE state = 'pending' AND topic LIKE 'payment.%%'"
        )
        return self.platform(open_steps) == [(0,)] and self.platform(promised) == [(0,)]

    def unfinished(self) -> str:
        """Tell what platform and stand-ins still have to do, for the message of a failure."""
        promised = self.platform(
            "SELECT topic, key, attempts, run_at, lease_until, last_error FROM core_outboxmessage"
            " WHERE state <> 'done' ORDER BY run_at"
        )
        arrived = self.platform(
            "SELECT source, kind, state, attempts, last_error FROM core_inboxmessage WHERE state <> 'done'"
        )
        steps = self.platform(
            "SELECT p.number, s.name, s.state, s.changed_at FROM orders_parcelstep s"
            " JOIN orders_parcel p ON p.id = s.parcel_id WHERE s.state IN ('running', 'waiting', 'failed')"
        )
        documents = self.platform(
            "SELECT d.order_no, c.kind, c.state, c.status, c.status_at, c.sends, c.sent_at"
            " FROM customs_declaration_customsdocument c JOIN customs_declaration_declaration d"
            " ON d.id = c.declaration_id WHERE d.released_at IS NULL"
        )
        jobs = self.sandbox(
            "SELECT kind, payload, state, attempts, run_at, error FROM sandbox_jobs_job"
            " WHERE state <> 'done' ORDER BY run_at LIMIT 30"
        )
        return "\n".join(str(row) for row in (*promised, *arrived, *steps, *documents, *jobs))

    def platform(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._rows("DATABASE_URL", query, values)

    def sandbox(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._rows("SANDBOX_DATABASE_URL", query, values)

    def saleor(self, document: str, **variables: Any) -> dict[str, Any]:
        """Ask the stand-in for Saleor as its staff; a mutation's errors fail the test."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        return self._ask(document, variables, headers)

    def _token(self) -> str:
        if time.monotonic() - self._signed_in > TOKEN_SECONDS or not self._staff:
            names = {name: self._environment[f"SALEOR_{name.upper()}"] for name in ("email", "password")}
            document = (
                "mutation($email: String!, $password: String!)"
                " { tokenCreate(email: $email, password: $password) { token errors { code } } }"
            )
            self._signed_in = time.monotonic()
            self._staff = str(self._ask(document, names, {})["tokenCreate"]["token"])
        return self._staff

    def _ask(self, document: str, variables: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        body = {"query": document, "variables": variables}
        answer = httpx2.post(self._saleor, json=body, headers=headers, timeout=30, trust_env=False).json()
        assert "errors" not in answer, answer
        return dict(answer["data"])

    def listings(self, lane: str = "bonded_1210") -> list[str]:
        """Addresses of what is on sale."""
        query = "SELECT slug FROM listings_listing WHERE lane = %s AND state = 'published' ORDER BY slug"
        return [slug for (slug,) in self.platform(query, lane)]

    def assert_arrived_once(self, walk: WalkProcess) -> None:
        """One parcel, reservation a line, waybill, fulfilment; payment, order and inventory each declared once."""
        order_id, number, waybill = (walk.reference(step) for step in ("order", "parcel", "obtain_waybill"))
        declared = walk.reference("declare_payment")
        [(parcel, lines)] = self.platform(
            "SELECT p.id::text, count(l.id) FROM orders_parcel p JOIN orders_parcelline l ON l.parcel_id = p.id"
            " WHERE p.order_id = %s GROUP BY p.id",
            order_id,
        )
        assert self.platform(
            "SELECT state, count(*) FROM nansha_logistics_reservation WHERE parcel = %s GROUP BY state",
            parcel,
        ) == [("deducted", lines)]
        assert self.platform(
            "SELECT kind, count(*) FROM nansha_logistics_movement WHERE document = %s GROUP BY kind ORDER BY kind",
            number,
        ) == [("deduct", lines), ("reserve", lines)]
        assert self.sandbox("SELECT waybill_no FROM sandbox_carrier_order WHERE order_id = %s", number) == [
            (waybill,)
        ]
        assert self.sandbox(
            "SELECT kind, status FROM sandbox_customs_port_document WHERE order_no = %s ORDER BY kind",
            declared,
        ) == [("311", "120"), ("621", "800")]
        assert self.sandbox(
            "SELECT count(*) FROM sandbox_psp_declaration d JOIN sandbox_psp_payment p ON p.id = d.payment_id"
            " WHERE p.out_trade_no = %s AND p.state = 'SUCCESS'",
            declared,
        ) == [(1,)]
        order = self.saleor(
            "query($id: ID!) { order(id: $id) { status fulfillments { trackingNumber status } } }",
            id=order_id,
        )["order"]
        assert order["fulfillments"] == [{"trackingNumber": waybill, "status": "FULFILLED"}]

    def _totals(self) -> dict[str, int]:
        """Count what a walk makes one of each; other tests may have bought here before."""
        orders = self.saleor("{ orders(first: 1) { totalCount } }")["orders"]["totalCount"]
        counts = {
            table: int(self.sandbox(f"SELECT count(*) FROM {table}")[0][0])
            for table in ("sandbox_carrier_order", "sandbox_psp_declaration")
        }
        parcels = int(self.platform("SELECT count(*) FROM orders_parcel")[0][0])
        return {"orders": orders, "parcels": parcels, **counts}

    def assert_nothing_else(self, walks: int) -> None:
        """No order, waybill or paid payment beside those of the walks, and a book that agrees with its movements."""
        grown = {what: count - self._before[what] for what, count in self._totals().items()}
        assert grown == dict.fromkeys(grown, walks)
        assert (
            self.platform(
                "SELECT i.gds_mtno FROM nansha_logistics_bookitem i WHERE i.prevd_redc <> 0 OR i.actl_redc <>"
                " (SELECT coalesce(sum(quantity), 0) FROM nansha_logistics_movement m"
                "  WHERE m.item_id = i.id AND m.kind = 'deduct')"
            )
            == []
        )

    def _rows(self, name: str, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._environment[name]) as connection:
            return connection.execute(query, values).fetchall()

"""``kill -9`` of web, worker and sandbox at every step of the walk: each order still arrives once.

By default each step loses one of the three, in turn. ``PONTE_FAULTS=full`` kills each of the three in every step,
which takes some ten minutes: a killed worker's step is taken over when its lease ends.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import ExitStack
from itertools import cycle

import pytest

from tests.demo_process import DemoProcess

from .watch import STEPS, Records, WalkProcess

#: What is killed together: the stand-ins' server and their worker are one outside world.
VICTIMS = {"web": ("web",), "worker": ("worker",), "sandbox": ("sandbox", "sandbox-worker")}
#: A child that dies younger than this is restarted ever more slowly.
GROWN_UP = 6.5
#: So that a step has begun when its victim dies, and is mostly not done.
INTO_THE_STEP = 0.1
AT_ONCE = 3
MOST_WALKS = 24

pytestmark = pytest.mark.demo


def deaths() -> dict[str, set[str]]:
    """Which step each victim has to die in."""
    if os.environ.get("PONTE_FAULTS") == "full":
        return {victim: set(STEPS) for victim in VICTIMS}
    return {victim: set(STEPS[number :: len(VICTIMS)]) for number, victim in enumerate(VICTIMS)}


class Killer:
    """Kills victims in their steps, once each, whichever walk is in that step then."""

    def __init__(self, demo: DemoProcess) -> None:
        self.demo = demo
        self.open = deaths()
        self.born = dict.fromkeys(VICTIMS, time.monotonic())
        self._lock = threading.Lock()

    def at(self, walk: WalkProcess, step: str) -> None:
        """A walk is about to take a step: kill one victim that has not died in it yet and is grown up."""
        with self._lock:
            ready = [
                victim
                for victim, steps in self.open.items()
                if step in steps and time.monotonic() - self.born[victim] > GROWN_UP
            ]
            if not ready:
                return
            victim = max(ready, key=lambda name: len(self.open[name]))
            self.open[victim].discard(step)
            self.born[victim] = time.monotonic()
        time.sleep(INTO_THE_STEP)
        for process in VICTIMS[victim]:
            self.demo.kill(process)

    @property
    def left(self) -> int:
        return sum(len(steps) for steps in self.open.values())


def test_killed_at_every_step_each_order_arrives_once(demo: DemoProcess, records: Records) -> None:
    killer = Killer(demo)
    listings = cycle(records.listings())
    done: list[WalkProcess] = []
    under_way: deque[WalkProcess] = deque()
    with ExitStack() as started:
        while killer.left and len(done) + len(under_way) < MOST_WALKS:
            under_way.append(started.enter_context(WalkProcess(demo, next(listings), killer.at)))
            if len(under_way) == AT_ONCE:
                done.append(under_way.popleft())
                done[-1].wait()
        for walk in under_way:
            walk.wait()
            done.append(walk)
    assert killer.open == {victim: set() for victim in VICTIMS}, "every victim died in every step of its own"
    for walk in done:
        records.assert_arrived_once(walk)
        assert walk.reference("declare_payment") not in records.unfinished()
    records.assert_nothing_else(len(done))

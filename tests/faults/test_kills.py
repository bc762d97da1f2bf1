"""``kill -9`` of web, worker and sandbox at every step of the walk: each order still arrives once."""

from __future__ import annotations

import threading
import time
from collections import deque

import pytest

from tests.demo_process import DemoProcess

from .watch import STEPS, Records, WalkProcess

#: What is killed together: the stand-ins' server and their worker are one outside world.
VICTIMS = {"web": ("web",), "worker": ("worker",), "sandbox": ("sandbox", "sandbox-worker")}
#: A child that dies younger than this is restarted ever more slowly.
GROWN_UP = 6.5
#: So that a step has begun when its victim dies, and is mostly not done.
INTO_THE_STEP = 0.1
AT_ONCE = 4
MOST_WALKS = 16

pytestmark = pytest.mark.demo


class Killer:
    """Kills each victim during each step once, whichever walk is in that step then."""

    def __init__(self, demo: DemoProcess) -> None:
        self.demo = demo
        self.open = {victim: set(STEPS) for victim in VICTIMS}
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
    listings = deque(records.listings())
    done: list[WalkProcess] = []
    under_way: deque[WalkProcess] = deque()
    while killer.left and len(done) + len(under_way) < MOST_WALKS:
        under_way.append(WalkProcess(demo, listings.popleft(), killer.at).start())
        if len(under_way) == AT_ONCE:
            done.append(under_way.popleft())
            done[-1].wait()
    for walk in under_way:
        walk.wait()
        done.append(walk)
    assert killer.open == {victim: set() for victim in VICTIMS}, "every victim died in every step"
    for walk in done:
        records.assert_arrived_once(walk)
    records.assert_nothing_else(len(done))

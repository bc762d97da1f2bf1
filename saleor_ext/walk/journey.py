"""The main job from listing to delivery, one reported step after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from saleor_ext.core.errors import PonteError
from saleor_ext.core.settings import platform_settings
from saleor_ext.link.clients import default_api_url

from . import merchant, parcel
from .browser import Browser, Stuck
from .people import new_shopper
from .shopper import Purchase

log = logging.getLogger(__name__)

Report = Callable[[dict[str, Any]], None]
#: Names under which the last steps of a parcel are told.
TOLD = {"fulfil": "fulfilled", "track": "delivered"}


class StepFailed(Exception):
    """A step did not succeed and has said why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to walk: the lane, a listing's slug (empty = any that fits), seconds to wait for each step."""

    lane: str
    listing: str = ""
    patience: float = 60.0


class Walk:
    """Does step after step and reports each; stops at the first that does not succeed."""

    def __init__(self, plan: Plan, report: Report) -> None:
        self._plan = plan
        self._report = report

    def run(self) -> bool:
        """Walk to the end; return whether the parcel was delivered."""
        browser = Browser(platform_settings().public_url, patience=self._plan.patience)
        try:
            order_id = self._buy(Purchase(browser, new_shopper(), self._plan.patience))
            self._follow(order_id)
        except StepFailed:
            return False  # the failing step has told why
        finally:
            browser.close()
        return True

    def _buy(self, purchase: Purchase) -> str:
        plan = self._plan
        slug = self._step("publish", partial(merchant.publish, plan.lane, plan.listing, plan.patience))
        self._step("catalogue", partial(purchase.find, slug))
        self._step("checkout", purchase.check_out)
        self._step("identity", purchase.name_buyer)
        self._step("delivery", purchase.choose_delivery)
        self._step("payment_session", purchase.open_wallet)
        self._step("paid", purchase.pay)
        return self._step("order", purchase.order)

    def _follow(self, order_id: str) -> None:
        patience = self._plan.patience
        number = self._step("parcel", partial(parcel.wait_for_parcel, default_api_url(), order_id, patience))
        for name in parcel.step_names(number):
            done = partial(parcel.wait_for_step, number, name, patience)
            reference = self._step(TOLD.get(name, name), done)
            if name == "declare_inventory":
                self._step("released", partial(str, reference))

    def _step(self, name: str, do: Callable[[], str]) -> str:
        """Do one step and report it; its failure is reported with the reason."""
        started = time.monotonic()
        try:
            reference = do()
        except (Stuck, PonteError) as error:
            self._tell(name, started, ok=False, ref="", reason=str(error))
            raise StepFailed from error
        except Exception as error:  # whatever it was, the line that tells of it must come
            log.debug("step %s", name, exc_info=True)
            self._tell(name, started, ok=False, ref="", reason=f"{type(error).__name__}: {error}".strip())
            raise StepFailed from error
        self._tell(name, started, ok=True, ref=reference)
        return reference

    def _tell(self, name: str, started: float, **facts: Any) -> None:
        self._report({"step": name, **facts, "ms": round((time.monotonic() - started) * 1000)})

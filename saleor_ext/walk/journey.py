"""The main job from listing to delivery, one reported step after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from saleor_ext.core.errors import PonteError
from saleor_ext.core.settings import platform_settings
from saleor_ext.link.clients import default_api_url
from saleor_ext.plugin_api import ParcelAction

from . import merchant, parcel
from .browser import Browser, Stuck
from .people import new_shopper
from .shopper import Purchase

log = logging.getLogger(__name__)

Report = Callable[[dict[str, Any]], None]
#: What the walk calls itself, and why it does things, in the audit log.
ACTOR, REASON = "ponte walk", "演示"
LIST_STEP = "declare_inventory"
#: Given names that the stand-in for customs knows: one is released slowly, of one the first list is returned.
BUYERS = {"cancel": "缓放行", "amend": "改后放行"}
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
    #: Another way to go on: ``cancel``, ``amend`` or ``return``; empty for the ordinary one.
    then: str = ""
    #: Identifier of the payment company to pay with; empty for the first that is offered.
    wallet: str = ""


class Walk:
    """Does step after step and reports each; stops at the first that does not succeed."""

    def __init__(self, plan: Plan, report: Report) -> None:
        self._plan = plan
        self._report = report

    def run(self) -> bool:
        """Walk to the end; return whether every step succeeded."""
        browser = Browser(platform_settings().public_url, patience=self._plan.patience)
        try:
            shopper = new_shopper(given=BUYERS.get(self._plan.then, ""))
            order_id = self._buy(Purchase(browser, shopper, self._plan.patience, self._plan.wallet))
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
            if name == LIST_STEP and self._plan.then == "cancel":
                self._cancel(number)
                return
            if name == LIST_STEP and self._plan.then == "amend":
                self._amend(number)
            done = partial(parcel.wait_for_step, number, name, patience)
            reference = self._step(TOLD.get(name, name), done)
            if name == LIST_STEP:
                self._step("released", partial(str, reference))
        if self._plan.then == "return":
            self._return(number)

    def _cancel(self, number: str) -> None:
        """Cancel the order while customs have its list; they let it go, and the money goes back."""
        patience = self._plan.patience
        self._step("accepted", partial(parcel.wait_for_event, number, "accepted", patience))
        self._step("cancelled", partial(parcel.cancel_order, number))
        self._step("withdrawn", partial(parcel.wait_for_event, number, "withdrawn", patience))
        self._step("refunded", partial(parcel.wait_for_refund, number, patience, whole=True))

    def _amend(self, number: str) -> None:
        """Amend the list that customs returned, and send it again."""
        self._step("rejected", partial(parcel.wait_for_failure, number, LIST_STEP, self._plan.patience))
        self._step("amended", partial(self._act, number, "amend"))

    def _return(self, number: str) -> None:
        """Send one piece back: asked for, granted, its money returned, and back inside."""
        patience = self._plan.patience
        self._step("return_asked", partial(self._act, number, "return", {1: 1}))
        self._step("return_approved", partial(parcel.wait_for_event, number, "return_approved", patience))
        self._step("refunded", partial(parcel.wait_for_refund, number, patience, whole=False))
        self._step("returned", partial(self._act, number, "receive"))

    def _act(
        self,
        number: str,
        name: Literal["amend", "return", "receive"],
        lines: Mapping[int, int] | None = None,
    ) -> str:
        return parcel.act(number, ParcelAction(name, ACTOR, REASON, lines=lines or {}))

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

"""Words, icons and colours of every state people meet; colour is never alone."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .viewmodels import StateLook

#: Keys are lower-case state codes of parcels, steps, orders, listings, declarations and jobs.
STATES: dict[str, StateLook] = {
    "draft": StateLook(_("Draft"), "edit", ""),
    "submitted": StateLook(_("Submitted"), "upload", "blue"),
    "in_review": StateLook(_("In review"), "eye", "blue"),
    "approved": StateLook(_("Approved"), "done", "green"),
    "published": StateLook(_("Published"), "store", "green"),
    "publishing": StateLook(_("Publishing"), "refresh", "blue"),
    "incomplete": StateLook(_("Incomplete"), "alert", "yellow"),
    "rejected": StateLook(_("Rejected"), "stop", "red"),
    "suspended": StateLook(_("Suspended"), "stop", "yellow"),
    "archived": StateLook(_("Archived"), "lock", ""),
    "pending": StateLook(_("Pending"), "clock", ""),
    "ready": StateLook(_("Ready"), "clock", "blue"),
    "running": StateLook(_("Running"), "refresh", "blue"),
    "waiting": StateLook(_("Waiting"), "clock", "blue"),
    "done": StateLook(_("Done"), "done", "green"),
    "failed": StateLook(_("Failed"), "alert", "red"),
    "dead": StateLook(_("Given up"), "stop", "red"),
    "skipped": StateLook(_("Not needed"), "right", ""),
    "unpaid": StateLook(_("Waiting for payment"), "wallet", "yellow"),
    "paid": StateLook(_("Paid"), "wallet", "blue"),
    "declared": StateLook(_("Declared"), "stamp", "blue"),
    "accepted": StateLook(_("Accepted by customs"), "stamp", "blue"),
    "inspection": StateLook(_("Customs are looking at it"), "eye", "yellow"),
    "declaring": StateLook(_("In customs declaration"), "stamp", "blue"),
    "shipped": StateLook(_("On the road"), "truck", "blue"),
    "released": StateLook(_("Released by customs"), "done", "green"),
    "packed": StateLook(_("Packed"), "parcel", "blue"),
    "on_the_road": StateLook(_("On the road"), "truck", "blue"),
    "delivered": StateLook(_("Delivered"), "home", "green"),
    "cancelled": StateLook(_("Cancelled"), "stop", ""),
    "refunded": StateLook(_("Refunded"), "return", ""),
    "active": StateLook(_("Active"), "done", "green"),
    "inactive": StateLook(_("Inactive"), "stop", ""),
    "in_stock": StateLook(_("In stock"), "done", "green"),
    "low_stock": StateLook(_("Only a few left"), "clock", "yellow"),
    "sold_out": StateLook(_("Sold out"), "stop", ""),
}

UNKNOWN = StateLook("", "info", "")


def look(code: str) -> StateLook:
    """Find the look of a state; an unknown code keeps its own name rather than failing."""
    key = str(code).lower()
    return STATES.get(key) or StateLook(str(code).replace("_", " "), UNKNOWN.icon, UNKNOWN.tone)

"""The consumer notice of cross-border retail import, and the consent to use a resident ID number.

Both are recorded with a hash of the text as shown, so a change of words is a new version.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERSION = "2026-11"

#: Shangcaifa [2018] 486, section 4 (1): the three points a buyer is told before ordering.
POINTS = (
    _(
        "These goods meet the standards of the place they come from, which may differ from those of the Mainland. "
        "You accept the risk that follows from this."
    ),
    _(
        "They are bought abroad and may carry no Chinese label on the package. "
        "The electronic Chinese label stands on the product page."
    ),
    _("They are for your own use only and must not be sold on."),
)

NOTICE_AGREED = _("I have read the three points above and agree to them.")

IDENTITY_CONSENT = _(
    "I agree that my name and resident ID number are used to declare this order to customs, kept encrypted, "
    "and deleted once the law no longer requires them."
)


def notice_text() -> str:
    """Return the notice as one text, in the language of the page."""
    return "\n".join([*(str(point) for point in POINTS), str(NOTICE_AGREED)])

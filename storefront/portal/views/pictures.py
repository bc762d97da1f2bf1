"""Pictures of a listing: shown to members only, added, removed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from saleor_ext.listings import services
from saleor_ext.listings.data import ListingInvalid
from saleor_ext.listings.models import LANGUAGES, ListingPicture

from ..access import PortalRequest, editor_page, member_page
from .listings import own_listing

TYPES = {".webp": "image/webp", ".jpg": "image/jpeg", ".png": "image/png"}


def _own_picture(request: PortalRequest, listing_id: uuid.UUID, picture_id: uuid.UUID) -> ListingPicture:
    listing = own_listing(request, listing_id)
    picture = next((one for one in listing.pictures.all() if one.pk == picture_id), None)
    if picture is None:
        raise Http404
    return picture


@require_GET
@member_page
def show(request: PortalRequest, listing_id: uuid.UUID, picture_id: uuid.UUID) -> FileResponse:
    """Send a picture; its address never shows another one, so the browser may keep it."""
    picture = _own_picture(request, listing_id, picture_id)
    suffix = "." + str(picture.file.name).rpartition(".")[2]
    response = FileResponse(
        picture.file.open("rb"), content_type=TYPES.get(suffix, "application/octet-stream")
    )
    response.headers["Cache-Control"] = "private, max-age=86400, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@editor_page
def upload(request: PortalRequest, listing_id: uuid.UUID) -> HttpResponse:
    """Add the chosen pictures; each that cannot be taken is named with the reason."""
    listing = own_listing(request, listing_id)
    files = request.FILES.getlist("pictures")
    if not files:
        messages.error(request, _("Choose at least one picture."))
    for file in files:
        try:
            if (file.size or 0) > services.PICTURE_BYTES:
                raise ListingInvalid({"pictures": [_("A picture may have at most 5 MB.")]})
            services.add_picture(listing, file.read(), actor=request.member.email)
        except ListingInvalid as error:
            messages.error(request, f"{file.name}: {' '.join(map(str, error.problems['pictures']))}")
    return redirect("portal:listing", listing.pk)


@require_POST
@editor_page
def remove(request: PortalRequest, listing_id: uuid.UUID, picture_id: uuid.UUID) -> HttpResponse:
    """Take a picture off the listing."""
    services.remove_picture(_own_picture(request, listing_id, picture_id), actor=request.member.email)
    messages.success(request, _("Picture removed."))
    return redirect("portal:listing", listing_id)


@require_POST
@editor_page
def describe(request: PortalRequest, listing_id: uuid.UUID, picture_id: uuid.UUID) -> HttpResponse:
    """Set what a picture shows, in words, per language."""
    picture = _own_picture(request, listing_id, picture_id)
    texts = {code: request.POST.get(f"alt-{code}", "") for code in LANGUAGES}
    services.set_alts(picture.listing, {str(picture.pk): texts}, actor=request.member.email)
    messages.success(request, _("Saved."))
    return redirect("portal:listing", listing_id)

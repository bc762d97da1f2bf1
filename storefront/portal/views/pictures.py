"""Pictures of a listing: shown to members only, added, removed."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saleor_ext.listings import services
from saleor_ext.listings.data import ListingInvalid
from saleor_ext.listings.models import LANGUAGES, Listing, ListingPicture
from saleor_ext.listings.pictures import MOST_BYTES

from ..access import PortalRequest, editor_page, member_page
from ..forms import AltForm
from .listings import keep_typing, own_listing

#: A file's name is repeated to its owner, but not for pages on end.
NAME_SHOWN = 80
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


@require_http_methods(["GET", "POST"])
@editor_page
def upload(request: PortalRequest, listing_id: uuid.UUID) -> HttpResponse:
    """Add the chosen pictures; each that cannot be taken is named at its field with the reason.

    What was typed into the listing comes along and stays as it is, neither lost nor saved.
    """
    listing = own_listing(request, listing_id)
    if request.method == "GET":
        # Whoever changes the language of a refusal, or loads it again, means the listing.
        return redirect("portal:listing", listing.pk)
    files = request.FILES.getlist("pictures")
    refused = [reason for file in files if (reason := _take(listing, file, request.member.email))]
    if not files:
        refused.append(_("Choose at least one picture."))
    if added := len(files) - len(refused) if files else 0:
        messages.success(
            request, ngettext("%(n)d picture added.", "%(n)d pictures added.", added) % {"n": added}
        )
    if refused or "variants" in request.POST:
        return keep_typing(request, listing_id, version=listing.version, refused=refused)
    return redirect("portal:listing", listing.pk)


def _take(listing: Listing, file: UploadedFile[Any], actor: str) -> str:
    """Add one file; return why it was refused, empty when it was not."""
    name = str(file.name)[:NAME_SHOWN]
    if (file.size or 0) > MOST_BYTES:
        return f"{name}: {_('A picture may have at most 5 MB.')}"
    try:
        services.add_picture(listing, file.read(), actor=actor)
    except ListingInvalid as error:
        return f"{name}: {' '.join(map(str, error.problems['pictures']))}"
    return ""


@require_POST
@editor_page
def remove(request: PortalRequest, listing_id: uuid.UUID, picture_id: uuid.UUID) -> HttpResponse:
    """Take a picture off the listing."""
    services.remove_picture(_own_picture(request, listing_id, picture_id), actor=request.member.email)
    messages.success(request, _("Picture removed."))
    return redirect("portal:listing", listing_id)


@require_http_methods(["GET", "POST"])
@editor_page
def describe(request: PortalRequest, listing_id: uuid.UUID, picture_id: uuid.UUID) -> HttpResponse:
    """Set what a picture shows, in words, per language."""
    picture = _own_picture(request, listing_id, picture_id)
    if request.method == "GET":
        return redirect("portal:listing", listing_id)
    form = AltForm(request.POST)
    if not form.is_valid():
        told = [f"{form[name].label}: {' '.join(map(str, texts))}" for name, texts in form.errors.items()]
        typed = {code: request.POST.get(f"alt-{code}", "") for code in LANGUAGES}
        return keep_typing(request, listing_id, refused=told, alts={str(picture.pk): typed})
    texts = {code: form.cleaned_data[f"alt-{code}"] for code in LANGUAGES}
    services.set_alts(picture.listing, {str(picture.pk): texts}, actor=request.member.email)
    messages.success(request, _("Saved."))
    return redirect("portal:listing", listing_id)

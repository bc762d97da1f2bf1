"""Tables of listings."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath

from django.db import models
from django.utils.translation import gettext_lazy as _

from saleor_ext.merchants.models import Merchant, in_language

LANGUAGES = ("zh-hant", "zh-hans", "pt", "en")


class Category(models.Model):
    """A shelf of the shop; ``names`` maps language code to name."""

    slug = models.SlugField(max_length=80, unique=True)
    names = models.JSONField(default=dict)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.slug

    def name(self, language: str) -> str:
        return in_language(self.names, language)


class Listing(models.Model):
    """What a merchant sells: facts shared by its articles. ``version`` grows with every change."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        READY = "ready", _("Ready")
        PUBLISHING = "publishing", _("Publishing")
        PUBLISHED = "published", _("Published")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="listings")
    #: Ties the listing to its Saleor product; never changes.
    external_reference = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=120, unique=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="listings")
    lane = models.CharField(max_length=20)
    warehouse = models.CharField(max_length=80)
    #: Customs country code, three digits.
    origin = models.CharField(max_length=3, blank=True)
    brand = models.CharField(max_length=100, blank=True)
    shelf_life_days = models.PositiveIntegerField(null=True)
    allergens = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    published_version = models.PositiveIntegerField(null=True)
    saleor_product_id = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-changed_at"]
        indexes = [models.Index(fields=["merchant", "-changed_at"], name="listing_by_merchant")]

    def __str__(self) -> str:
        return self.external_reference

    @property
    def changed_since_published(self) -> bool:
        return self.published_version is not None and self.published_version != self.version

    def text(self, language: str) -> ListingText | None:
        """Return the text of exactly this language."""
        return next((text for text in self.texts.all() if text.language == language), None)

    def name(self, language: str) -> str:
        """Return the name in a language, or in the first other one that has a name."""
        return in_language({text.language: text.name for text in self.texts.all()}, language)


class ListingText(models.Model):
    """What a listing is called and said to be, in one language."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(max_length=10)
    name = models.CharField(max_length=120, blank=True)
    short = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    ingredients = models.TextField(blank=True)
    storage = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["listing", "language"], name="listing_text_once")]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.language}"


class ListingVariant(models.Model):
    """One article: what customs, warehouse and buyer know by its number. Price in CNY without tax."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="variants")
    position = models.PositiveIntegerField(default=0)
    #: itemNo of CEB messages: at most 20 characters.
    sku = models.CharField(max_length=20, unique=True)
    external_reference = models.CharField(max_length=120, unique=True)
    #: What sets it apart from its siblings, by language; empty for an only child.
    options = models.JSONField(default=dict)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    hs_code = models.CharField(max_length=10, blank=True)
    gmodel = models.CharField(max_length=510, blank=True)
    unit = models.CharField(max_length=3, blank=True)
    unit1 = models.CharField(max_length=3, blank=True)
    qty1 = models.DecimalField(max_digits=18, decimal_places=5, null=True)
    unit2 = models.CharField(max_length=3, blank=True)
    qty2 = models.DecimalField(max_digits=18, decimal_places=5, null=True)
    #: ml, g or pieces in one article sold, where a tax threshold counts them.
    content = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    net_g = models.PositiveIntegerField(null=True)
    gross_g = models.PositiveIntegerField(null=True)
    barcode = models.CharField(max_length=14, blank=True)
    item_record_no = models.CharField(max_length=30, blank=True)
    stock = models.PositiveIntegerField(default=0)
    #: Stock as last sent to Saleor, which counts down from there by itself.
    published_stock = models.PositiveIntegerField(null=True)
    saleor_variant_id = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["position", "sku"]

    def __str__(self) -> str:
        return self.sku

    def option(self, language: str) -> str:
        return in_language(self.options, language)


def picture_path(picture: ListingPicture, filename: str) -> str:
    """Keep a picture under its listing; the name given by people is not used."""
    return f"listings/{picture.listing_id}/{uuid.uuid4().hex}{PurePosixPath(filename).suffix.lower()}"


class ListingPicture(models.Model):
    """A picture with its alternative text per language; ``digest`` is SHA-256 of the file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="pictures")
    file = models.FileField(upload_to=picture_path, max_length=200)
    digest = models.CharField(max_length=64)
    alts = models.JSONField(default=dict)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["listing", "digest"], name="listing_picture_once")]

    def __str__(self) -> str:
        return str(self.file.name)


class PublicationRun(models.Model):
    """One publishing of one listing, with its progress."""

    class State(models.TextChoices):
        PENDING = "pending", _("Not yet started")
        RUNNING = "running", _("At work")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="runs")
    #: Version of the listing that was sent; set when the work begins.
    version = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    step = models.CharField(max_length=40, blank=True)
    step_number = models.PositiveIntegerField(default=0)
    step_total = models.PositiveIntegerField(default=0)
    #: What the last try said; kept while the work is to be tried again.
    error = models.TextField(blank=True)
    changed = models.JSONField(default=list)
    actor = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["listing"],
                condition=models.Q(state__in=["pending", "running"]),
                name="one_open_publication",
            )
        ]

    def __str__(self) -> str:
        return f"{self.listing_id} {self.state}"

    @property
    def open(self) -> bool:
        return self.state in {self.State.PENDING, self.State.RUNNING}

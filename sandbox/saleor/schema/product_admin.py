"""Catalogue mutations: attributes, types, categories, collections, products, media, translations."""

# Resolvers take the value they resolve first, which a type checker reads as `self`.
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import mimetypes
import uuid

from django.utils import timezone
from django.utils.text import slugify

from sandbox.saleor import conf
from sandbox.saleor import models as m
from sandbox.saleor.errors import Invalid
from sandbox.saleor.ids import find, find_many, key_of
from sandbox.saleor.schema.metadata import set_both
from sandbox.saleor.schema.shop_admin import assign, unique_slug
from sandbox.saleor.sdl import mutation
from sandbox.saleor.webhooks.events import emit

IMAGE_TYPES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}


@mutation(
    "attributeCreate(input: AttributeCreateInput!): AttributeCreate",
    "attribute: Attribute",
    errors="AttributeError",
)
def attribute_create(info, input):
    pages = input["type"] == "PAGE_TYPE"
    info.context.require(
        "MANAGE_PAGE_TYPES_AND_ATTRIBUTES" if pages else "MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES"
    )
    row = m.Attribute(name=input["name"], type=input["type"])
    row.slug = unique_slug(m.Attribute, input.get("slug"), input["name"])
    assign(row, input, "input_type", "entity_type", "unit", "value_required", "is_variant_only")
    assign(row, input, "visible_in_storefront", "external_reference")
    row.save()
    for value in input.get("values") or []:
        _value(row, value["name"], value=value.get("value") or "", reference=value.get("external_reference"))
    return {"attribute": row}


def _value(attribute, name, *, slug=None, reference=None, **columns):
    slug = slug or slugify(name, allow_unicode=True) or uuid.uuid4().hex[:12]
    found, _ = attribute.values.get_or_create(
        slug=slug, defaults={"name": name[:250], "external_reference": reference, **columns}
    )
    return found


def _attribute_of(data, allowed):
    if data.get("id"):
        key = key_of(data["id"], "Attribute", "attributes")
        row = next((a for a in allowed if str(a.pk) == key), None)
    else:
        row = next((a for a in allowed if a.external_reference == data.get("external_reference")), None)
    if row is None:
        raise Invalid(
            "attributes", "ATTRIBUTE_CANNOT_BE_ASSIGNED", "The attribute doesn't belong to the product type."
        )
    return row


def _values_of(attribute, data, owner):
    """Read an attribute input by the kind of the attribute; unlisted choices are made on the way, as in Saleor."""
    kind = attribute.input_type
    if kind in ("DROPDOWN", "SWATCH", "MULTISELECT"):
        chosen = data.get(kind.lower()) or [{"value": v} for v in data.get("values") or []]
        return [_choice(attribute, c) for c in (chosen if isinstance(chosen, list) else [chosen])]
    own = f"{owner.graph_type.lower()}-{owner.pk}_{attribute.pk}"
    if kind == "BOOLEAN" and data.get("boolean") is not None:
        name = f"{attribute.name}: {'Yes' if data['boolean'] else 'No'}"
        return [
            _value(attribute, name, slug=f"{attribute.pk}_{data['boolean']}".lower(), boolean=data["boolean"])
        ]
    columns = {
        "PLAIN_TEXT": ("plain_text", data.get("plain_text")),
        "RICH_TEXT": ("rich_text", data.get("rich_text")),
        "NUMERIC": ("value", data.get("numeric")),
        "DATE": ("date_time", data.get("date")),
        "DATE_TIME": ("date_time", data.get("date_time")),
    }
    column, value = columns.get(kind, (None, None))
    if column is None or value is None:
        return []
    if kind == "DATE":
        value = timezone.datetime(value.year, value.month, value.day, tzinfo=timezone.get_current_timezone())
    found, _ = attribute.values.update_or_create(slug=own, defaults={"name": str(value)[:200], column: value})
    return [found]


def _choice(attribute, data):
    if data.get("id"):
        return find(attribute.values.all(), data["id"], "AttributeValue", "attributes")
    if data.get("external_reference"):
        found = attribute.values.filter(external_reference=data["external_reference"]).first()
        if found:
            return found
    return _value(attribute, data["value"], reference=data.get("external_reference"))


def set_attributes(owner, inputs, allowed):
    """Assign attribute values to a product or a variant, replacing those of the attributes given."""
    side = "product" if isinstance(owner, m.Product) else "variant"
    for data in inputs or []:
        attribute = _attribute_of(data, allowed)
        values = _values_of(attribute, data, owner)
        m.AssignedValue.objects.filter(**{side: owner}, attribute=attribute).delete()
        m.AssignedValue.objects.bulk_create(
            m.AssignedValue(**{side: owner}, attribute=attribute, value=value) for value in values
        )


@mutation(
    "productTypeCreate(input: ProductTypeInput!): ProductTypeCreate",
    "productType: ProductType",
    errors="ProductError",
    need="MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES",
)
def product_type_create(info, input):
    if not input.get("name"):
        raise Invalid("name", "REQUIRED", "This field cannot be blank.")
    row = m.ProductType(name=input["name"], slug=unique_slug(m.ProductType, input.get("slug"), input["name"]))
    assign(row, input, "kind", "is_shipping_required", "is_digital")
    row.weight_kg = input.get("weight") or 0
    if input.get("tax_class"):
        row.tax_class = find(m.TaxClass.objects.all(), input["tax_class"], "TaxClass", "taxClass")
    row.save()
    attributes = m.Attribute.objects.all()
    row.product_attributes.set(
        find_many(attributes, input.get("product_attributes"), "Attribute", "productAttributes")
    )
    row.variant_attributes.set(
        find_many(attributes, input.get("variant_attributes"), "Attribute", "variantAttributes")
    )
    return {"product_type": row}


@mutation(
    "productAttributeAssign(operations: [ProductAttributeAssignInput!]!, productTypeId: ID!): ProductAttributeAssign",
    "productType: ProductType",
    errors="ProductError",
    need="MANAGE_PRODUCT_TYPES_AND_ATTRIBUTES",
)
def product_attribute_assign(info, operations, product_type_id):
    row = find(m.ProductType.objects.all(), product_type_id, "ProductType", "productTypeId")
    for operation in operations:
        attribute = find(m.Attribute.objects.all(), operation["id"], "Attribute", "operations")
        side = row.product_attributes if operation["type"] == "PRODUCT" else row.variant_attributes
        if side.filter(pk=attribute.pk).exists():
            raise Invalid(
                "operations", "ATTRIBUTE_ALREADY_ASSIGNED", f"{attribute.name} have already been assigned."
            )
        side.add(attribute)
    return {"product_type": row}


def save_upload(upload, folder, field, error="INVALID"):
    """Store an uploaded image below the media directory, under a name of our own."""
    kind = getattr(upload, "content_type", None)
    if kind not in IMAGE_TYPES:
        raise Invalid(field, error, "Invalid file type.")
    if upload.size > 10 * 1024 * 1024:
        raise Invalid(field, "FILE_SIZE_LIMIT_EXCEEDED", "The file is larger than 10 MB.")
    path = f"{folder}/{uuid.uuid4().hex}{IMAGE_TYPES[kind]}"
    target = conf.directory() / "media" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        for chunk in upload.chunks():
            file.write(chunk)
    return path


def _seo(row, data):
    seo = data.get("seo") or {}
    row.seo_title = seo.get("title", row.seo_title)
    row.seo_description = seo.get("description", row.seo_description)


@mutation(
    "categoryCreate(input: CategoryInput!, parent: ID): CategoryCreate",
    "category: Category",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def category_create(info, input, parent=None):
    if not input.get("name"):
        raise Invalid("name", "REQUIRED", "This field cannot be blank.")
    above = find(m.Category.objects.all(), parent, "Category", "parent") if parent else None
    row = m.Category(name=input["name"], slug=unique_slug(m.Category, input.get("slug"), input["name"]))
    row.parent, row.level = above, above.level + 1 if above else 0
    assign(row, input, "description", "background_image_alt")
    _seo(row, input)
    if input.get("background_image"):
        row.background_image = save_upload(
            input["background_image"], "category-backgrounds", "backgroundImage"
        )
    set_both(row, input)
    row.save()
    emit("CATEGORY_CREATED", category=row)
    return {"category": row}


@mutation(
    "collectionCreate(input: CollectionCreateInput!): CollectionCreate",
    "collection: Collection",
    errors="CollectionError",
    need="MANAGE_PRODUCTS",
)
def collection_create(info, input):
    if not input.get("name"):
        raise Invalid("name", "REQUIRED", "This field cannot be blank.")
    row = m.Collection(name=input["name"], slug=unique_slug(m.Collection, input.get("slug"), input["name"]))
    assign(row, input, "description")
    _seo(row, input)
    set_both(row, input)
    row.save()
    row.products.set(find_many(m.Product.objects.all(), input.get("products"), "Product", "products"))
    return {"collection": row}


def _fill_product(row, data):
    assign(row, data, "name", "rating")
    for column in ("description", "external_reference"):
        if column in data:
            setattr(row, column, data[column] or None)
    if data.get("external_reference"):
        taken = m.Product.objects.filter(external_reference=data["external_reference"]).exclude(pk=row.pk)
        if taken.exists():
            raise Invalid(
                "externalReference", "UNIQUE", "Product with this External reference already exists."
            )
    if "weight" in data:
        row.weight_kg = data["weight"]
    if "category" in data:
        category = data["category"]
        row.category = find(m.Category.objects.all(), category, "Category", "category") if category else None
    if "tax_class" in data:
        found = data["tax_class"]
        row.tax_class = find(m.TaxClass.objects.all(), found, "TaxClass", "taxClass") if found else None
    _seo(row, data)
    set_both(row, data)


def _save_product(row, data):
    row.save()
    if "collections" in data:
        row.collections.set(
            find_many(m.Collection.objects.all(), data["collections"], "Collection", "collections")
        )
    set_attributes(row, data.get("attributes"), list(row.product_type.product_attributes.all()))


@mutation(
    "productCreate(input: ProductCreateInput!): ProductCreate",
    "product: Product",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def product_create(info, input):
    kind = find(m.ProductType.objects.all(), input["product_type"], "ProductType", "productType")
    if not (input.get("name") or "").strip():
        raise Invalid("name", "REQUIRED", "This field cannot be blank.")
    row = m.Product(product_type=kind, slug=unique_slug(m.Product, input.get("slug"), input["name"]))
    _fill_product(row, input)
    _save_product(row, input)
    emit("PRODUCT_CREATED", product=row)
    return {"product": row}


def product_meant(id=None, external_reference=None):
    """Load a product by id or by external reference."""
    if bool(id) == bool(external_reference):
        raise Invalid("id", "GRAPHQL_ERROR", "Exactly one of `id` and `externalReference` is required.")
    if id:
        return find(m.Product.objects.select_for_update(of=("self",)), id, "Product")
    row = (
        m.Product.objects.select_for_update(of=("self",))
        .filter(external_reference=external_reference)
        .first()
    )
    if row is None:
        raise Invalid("externalReference", "NOT_FOUND", f"Couldn't resolve to a node: {external_reference}")
    return row


@mutation(
    "productUpdate(externalReference: String, id: ID, input: ProductInput!): ProductUpdate",
    "product: Product",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def product_update(info, input, **which):
    row = product_meant(**which)
    if input.get("slug"):
        row.slug = unique_slug(m.Product, input["slug"], row.name, row)
    _fill_product(row, input)
    _save_product(row, input)
    emit("PRODUCT_UPDATED", product=row)
    return {"product": row}


@mutation(
    "productDelete(externalReference: String, id: ID): ProductDelete",
    "product: Product",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def product_delete(info, **which):
    row = product_meant(**which)
    emit("PRODUCT_DELETED", product=row)
    key = row.pk
    row.delete()
    row.pk = key
    return {"product": row}


@mutation(
    "productMediaCreate(input: ProductMediaCreateInput!): ProductMediaCreate",
    "product: Product media: ProductMedia",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def product_media_create(info, input):
    row = find(m.Product.objects.all(), input["product"], "Product", "product")
    image, url = input.get("image"), input.get("media_url")
    if bool(image) == bool(url):
        raise Invalid(
            "input", "INVALID" if image else "REQUIRED", "Either image or external URL is required."
        )
    media = m.ProductMedia(product=row, alt=input.get("alt") or "", sort_order=row.media.count())
    if image:
        media.image = save_upload(image, "products", "image")
    else:
        kind = mimetypes.guess_type(url.partition("?")[0])[0]
        if not url.startswith(("http://", "https://")) or (kind and kind not in IMAGE_TYPES):
            raise Invalid(
                "mediaUrl", "UNSUPPORTED_MEDIA_PROVIDER", "Unsupported media provider or incorrect URL."
            )
        # Saleor copies the image in the background; the stand-in shows it from where it is.
        media.external_url = url
    media.save()
    emit("PRODUCT_UPDATED", product=row)
    return {"product": row, "media": media}


@mutation(
    "productMediaDelete(id: ID!): ProductMediaDelete",
    "product: Product media: ProductMedia",
    errors="ProductError",
    need="MANAGE_PRODUCTS",
)
def product_media_delete(info, id):
    row = find(m.ProductMedia.objects.select_related("product"), id, "ProductMedia")
    product, key = row.product, row.pk
    row.delete()
    row.pk = key
    emit("PRODUCT_UPDATED", product=product)
    return {"product": product, "media": row}


def _translate(row, language, data):
    found, _ = row.translations.get_or_create(language_code=language)
    for column in ("name", "slug", "description", "seo_title", "seo_description"):
        if column in data:
            setattr(found, column, data[column])
    found.save()


TRANSLATE = "input: TranslationInput!, languageCode: LanguageCodeEnum!"


@mutation(
    f"productTranslate(id: ID!, {TRANSLATE}): ProductTranslate",
    "product: Product",
    errors="TranslationError",
    need="MANAGE_TRANSLATIONS",
)
def product_translate(info, id, input, language_code):
    row = find(m.Product.objects.all(), id, "Product")
    _translate(row, language_code, input)
    emit("PRODUCT_UPDATED", product=row)
    return {"product": row}


@mutation(
    "productVariantTranslate(id: ID!, input: NameTranslationInput!, languageCode: LanguageCodeEnum!): "
    "ProductVariantTranslate",
    "productVariant: ProductVariant",
    errors="TranslationError",
    need="MANAGE_TRANSLATIONS",
)
def product_variant_translate(info, id, input, language_code):
    row = find(m.ProductVariant.objects.select_related("product"), id, "ProductVariant")
    _translate(row, language_code, input)
    emit("PRODUCT_VARIANT_UPDATED", product_variant=row)
    return {"product_variant": row}


@mutation(
    f"categoryTranslate(id: ID!, {TRANSLATE}): CategoryTranslate",
    "category: Category",
    errors="TranslationError",
    need="MANAGE_TRANSLATIONS",
)
def category_translate(info, id, input, language_code):
    row = find(m.Category.objects.all(), id, "Category")
    _translate(row, language_code, input)
    return {"category": row}

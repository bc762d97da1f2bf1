"""Forms of the portal. Rules live in saleor_ext.listings; here is only how fields are typed and shown."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from saleor_ext.listings.allergens import NAMES as ALLERGENS
from saleor_ext.listings.codes import ORIGINS, UNITS, named
from saleor_ext.listings.data import ListingData, Problems, TextData, VariantData
from saleor_ext.listings.models import LANGUAGES, Listing, ListingVariant
from saleor_ext.listings.selectors import categories, lanes
from storefront.ui.forms import HouseForm, speak_plainly

from .shell import language

LANGUAGE_NAMES = {"zh-hant": "繁體中文", "zh-hans": "简体中文", "pt": "Português", "en": "English"}
HTML_LANG = {"zh-hant": "zh-Hant", "zh-hans": "zh-Hans"}
MOST_VARIANTS = 30
ALT_LENGTH = 250


class SignInForm(HouseForm):
    """E-mail and password, handed to Saleor and not kept."""

    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class HeadForm(HouseForm):
    """Facts of the whole listing."""

    category = forms.ChoiceField(label=_("Category"))
    lane = forms.ChoiceField(label=_("How it reaches the buyer"))
    origin = forms.ChoiceField(label=_("Made in"), required=False)
    brand = forms.CharField(label=_("Brand"), required=False)
    shelf_life_days = forms.IntegerField(label=_("Shelf life in days"), required=False)
    allergens = forms.MultipleChoiceField(
        label=_("Contains"),
        required=False,
        choices=list(ALLERGENS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        blank = [("", "—")]
        choices: dict[str, list[tuple[str, Any]]] = {
            "category": blank + [(row.slug, row.name(language())) for row in categories()],
            "lane": blank + [(lane.code, lane.name) for lane in lanes()],
            "origin": blank + named(ORIGINS, language()),
        }
        for name, pairs in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = pairs


class TextForm(HouseForm):
    """One language; its prefix is the language code."""

    name = forms.CharField(label=pgettext_lazy("goods", "Name"), required=False)
    short = forms.CharField(
        label=_("In one sentence"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 7})
    )
    ingredients = forms.CharField(
        label=_("Ingredients"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    storage = forms.CharField(label=_("Storage"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["lang"] = HTML_LANG.get(str(self.prefix), self.prefix)

    @property
    def code(self) -> str:
        return str(self.prefix)

    @property
    def language_name(self) -> str:
        return LANGUAGE_NAMES[self.code]

    @property
    def html_lang(self) -> str:
        return HTML_LANG.get(self.code, self.code)


class VariantForm(HouseForm):
    """One article; its prefix is ``variant-<number>``. Option fields are added, one a language."""

    id = forms.CharField(widget=forms.HiddenInput, required=False)
    sku = forms.CharField(label=_("Article number"))
    price = forms.DecimalField(label=_("Price without tax, CNY"), required=False)
    stock = forms.IntegerField(label=_("Stock on sale"), required=False)
    barcode = forms.CharField(label=_("Barcode"), required=False)
    net_g = forms.IntegerField(label=_("Net weight, g"), required=False)
    gross_g = forms.IntegerField(label=_("Gross weight, g"), required=False)
    content = forms.DecimalField(
        label=_("Content (ml, g or pieces)"),
        required=False,
        help_text=_("Where the tax depends on it: cosmetics."),
    )
    unit = forms.ChoiceField(label=_("Unit of sale"), required=False)
    hs_code = forms.CharField(label=_("HS code, 10 digits"), required=False)
    unit1 = forms.ChoiceField(label=_("Legal unit"), required=False)
    qty1 = forms.DecimalField(label=_("Legal quantity of one"), required=False)
    unit2 = forms.ChoiceField(label=_("Second legal unit"), required=False)
    qty2 = forms.DecimalField(label=_("Second quantity of one"), required=False)
    item_record_no = forms.CharField(label=_("Record number in the bonded book"), required=False)
    gmodel = forms.CharField(
        label=_("Specification for customs (Chinese)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("unit", "unit1", "unit2"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "—"), *named(UNITS, language())]
        for name in ("sku", "barcode", "hs_code", "item_record_no"):
            self.fields[name].widget.attrs.update(
                {"autocomplete": "off", "spellcheck": "false", "class": "mono"}
            )
        for code in LANGUAGES:
            attrs = {"lang": HTML_LANG.get(code, code)}
            self.fields[f"option-{code}"] = forms.CharField(
                label=LANGUAGE_NAMES[code], required=False, widget=forms.TextInput(attrs=attrs)
            )

    @property
    def options(self) -> list[forms.BoundField]:
        return [self[f"option-{code}"] for code in LANGUAGES]

    def data_of(self) -> VariantData:
        """Return the article; empty fields are left at their defaults."""
        given = {
            k: v for k, v in self.cleaned_data.items() if v not in (None, "") and not k.startswith("option-")
        }
        options = {code: self.cleaned_data.get(f"option-{code}", "") for code in LANGUAGES}
        return VariantData(**{"sku": "", **given}, options=options)


class AltForm(HouseForm):
    """What a picture shows, one text a language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, name in LANGUAGE_NAMES.items():
            self.fields[f"alt-{code}"] = forms.CharField(label=name, required=False, max_length=ALT_LENGTH)
            speak_plainly(self.fields[f"alt-{code}"])


class ListingEditor:
    """The forms of one listing as one thing: head, four languages, articles."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, listing: Listing | None = None, extra: int = 0
    ) -> None:
        self.bound = data is not None
        variants = list(listing.variants.all()) if listing else []
        count = len(variants) or 1
        if data is not None:
            count = _number(data.get("variants"), count)
        texts = {text.language: text for text in listing.texts.all()} if listing else {}
        self.head = HeadForm(data, initial=_head(listing) if listing else {"origin": "121"})
        self.texts = [
            TextForm(data, prefix=code, initial=_fields(TextForm, texts[code]) if code in texts else {})
            for code in LANGUAGES
        ]
        self.variants = [
            VariantForm(
                data, prefix=f"variant-{n}", initial=_variant(variants[n]) if n < len(variants) else {}
            )
            for n in range(count)
        ]
        self.variants += [VariantForm(prefix=f"variant-{count + n}") for n in range(extra)]

    @property
    def parts(self) -> list[forms.Form]:
        return [self.head, *self.texts, *self.variants]

    @property
    def variant_count(self) -> int:
        return len(self.variants)

    def unjudged(self) -> ListingEditor:
        """Show what was typed without a word on it: it was only sent along."""
        for form in self.parts:
            # Django validates at the first look for errors unless there is an answer already.
            form._errors = ErrorDict()  # type: ignore[attr-defined]  # its stubs leave it out
        return self

    def is_valid(self) -> bool:
        """Tell whether every field can be read; all forms are looked at, so that every error shows."""
        answers = [form.is_valid() for form in self.parts]
        return all(answers)

    def listing_data(self) -> ListingData:
        """Return what was entered."""
        head = self.head.cleaned_data
        return ListingData(
            category=head["category"],
            lane=head["lane"],
            origin=head["origin"],
            brand=head["brand"],
            shelf_life_days=head["shelf_life_days"],
            allergens=tuple(head["allergens"]),
            texts={form.code: TextData(**form.cleaned_data) for form in self.texts},
            variants=tuple(form.data_of() for form in self.variants),
        )

    def refuse(self, problems: Problems) -> None:
        """Show problems at their fields; what has no field here stands above the form."""
        by_prefix = {str(form.prefix): form for form in [*self.texts, *self.variants]}
        for path, messages in problems.items():
            form, field = self._place(path, by_prefix)
            for message in messages:
                form.add_error(field, message)

    def _place(self, path: str, by_prefix: dict[str, Any]) -> tuple[forms.Form, str | None]:
        for prefix, form in by_prefix.items():
            name = path.removeprefix(f"{prefix}-")
            if name != path and name in form.fields:
                return form, name
        return self.head, path if path in self.head.fields else None

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """Return (anchor, label, message) of everything that is wrong, in order of the page."""
        found = []
        for form in self.parts:
            found += [("", "", str(message)) for message in form.non_field_errors()]
            for bound in form:
                found += [
                    (bound.id_for_label, self._label(form, bound), str(message)) for message in bound.errors
                ]
        return found

    def _label(self, form: forms.Form, bound: forms.BoundField) -> str:
        if isinstance(form, TextForm):
            return f"{form.language_name}: {bound.label}"
        if isinstance(form, VariantForm) and len(self.variants) > 1:
            return f"{form['sku'].value() or '—'}: {bound.label}"
        return str(bound.label)


def _number(text: Any, otherwise: int) -> int:
    """Read the count of articles, which comes from the browser."""
    number = (
        int(text)
        if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 4
        else otherwise
    )
    return min(max(number, 1), MOST_VARIANTS)


def _head(listing: Listing) -> dict[str, Any]:
    plain = {
        name: getattr(listing, name)
        for name in ("lane", "origin", "brand", "shelf_life_days", "allergens", "version")
    }
    return {**plain, "category": listing.category.slug if listing.category else ""}


def _fields(form: type[forms.Form], row: object) -> dict[str, Any]:
    return {name: getattr(row, name) for name in form.base_fields}


def _variant(row: ListingVariant) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in VariantForm.base_fields}
    for name in ("qty1", "qty2", "content"):
        values[name] = _short(values[name])
    return {**values, **{f"option-{code}": row.options.get(code, "") for code in LANGUAGES}}


def _short(value: Decimal | None) -> str:
    """Write a quantity without zeros that say nothing."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

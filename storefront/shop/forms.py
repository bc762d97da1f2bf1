"""Forms of the shop. What was typed stays; every refusal names its field and what to do."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from saleor_ext.identity.checks import IdentityInvalid, check_id, check_name
from saleor_ext.link.errors import SaleorUserError
from storefront.ui.forms import HouseForm, check_printable, folded

from . import notice
from .regions import PROVINCES

_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")

IDENTITY_WORDS = {
    "required": _("Enter the name."),
    "chinese_name": _("Enter the name in Chinese characters, exactly as on the resident ID card."),
    "length": _("A resident ID number has 18 characters. Count again."),
    "characters": _("A resident ID number has 17 digits, then a digit or X."),
    "region": _("The first six digits are not a known place. Compare with the card."),
    "birth_date": _("Digits 7 to 14 are not a date of birth. Compare with the card."),
    "checksum": _("The last character does not fit the others: one digit is wrong. Compare with the card."),
    "minor": _("The orderer must be of age. Ask an adult of your family to order and pay."),
}

NOT_OFFERED = _("This delivery is no longer offered. Choose one of those shown now.")
NOT_ACCEPTED = _("This is not accepted as it is written. Compare it and type it again.")
#: Saleor's refusals of an address, by code.
ADDRESS_WORDS = {
    "REQUIRED": _("This field is required."),
    "UNIQUE": _("This is in use already."),
}
#: Saleor's refusals of a registration, by code.
ACCOUNT_WORDS = {
    "UNIQUE": _("There is an account with this address already. Sign in instead."),
    "PASSWORD_TOO_SHORT": _("This password is too short."),
    "PASSWORD_TOO_COMMON": _("This password is among those tried first. Choose another."),
    "PASSWORD_TOO_SIMILAR": _("This password is too much like the e-mail address. Choose another."),
    "PASSWORD_ENTIRELY_NUMERIC": _("Digits alone are guessed quickly. Add letters."),
}

#: Saleor's address fields and ours.
SALEOR_FIELDS = {
    "firstName": "receiver",
    "lastName": "receiver",
    "phone": "phone",
    "countryArea": "province",
    "city": "city",
    "cityArea": "district",
    "streetAddress1": "street",
    "postalCode": "postal_code",
    "email": "email",
}


class AddressForm(HouseForm):
    """Where a box goes: structured as carriers and customs want it."""

    receiver = forms.CharField(
        label=_("Receiver"),
        max_length=30,
        min_length=2,
        validators=[check_printable],
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": _("Enter who receives the parcel.")},
    )
    phone = forms.CharField(
        label=_("Mobile phone"),
        max_length=20,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
        error_messages={"required": _("Enter a mobile phone number for the courier.")},
    )
    province = forms.ChoiceField(
        label=_("Province"),
        choices=[("", "—"), *((name, name) for name in PROVINCES)],
        widget=forms.Select({"autocomplete": "address-level1"}),
        error_messages={"required": _("Choose the province.")},
    )
    city = forms.CharField(
        label=_("City"),
        max_length=40,
        validators=[check_printable],
        widget=forms.TextInput({"autocomplete": "address-level2", "placeholder": "成都市"}),
        error_messages={"required": _("Enter the city.")},
    )
    district = forms.CharField(
        label=_("District"),
        max_length=40,
        validators=[check_printable],
        widget=forms.TextInput({"autocomplete": "address-level3", "placeholder": "锦江区"}),
        error_messages={"required": _("Enter the district or county; couriers refuse addresses without it.")},
    )
    street = forms.CharField(
        label=_("Street, building, flat"),
        max_length=120,
        min_length=4,
        validators=[check_printable],
        widget=forms.TextInput({"autocomplete": "street-address"}),
        error_messages={"required": _("Enter the street and the house.")},
    )
    postal_code = forms.CharField(
        label=_("Postcode"),
        max_length=6,
        required=False,
        widget=forms.TextInput({"autocomplete": "postal-code", "inputmode": "numeric"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("For the order and its receipts."),
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={
            "required": _("Enter an e-mail address for the order."),
            "invalid": _("This is not an e-mail address."),
        },
    )

    def __init__(self, *args: Any, known_email: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known_email:
            del self.fields["email"]

    def clean_phone(self) -> str:
        digits = re.sub(r"[\s\-()]", "", folded(self.cleaned_data["phone"]))
        found = _MOBILE.fullmatch(digits)
        if not found:
            raise forms.ValidationError(_("Enter a Mainland mobile number: 11 digits beginning with 1."))
        return f"+86{found[1]}"

    def clean_postal_code(self) -> str:
        code = folded(self.cleaned_data["postal_code"])
        if code and not re.fullmatch(r"[0-9]{6}", code):
            raise forms.ValidationError(_("A postcode has 6 digits; you may leave it empty."))
        return code

    def clean_street(self) -> str:
        street: str = self.cleaned_data["street"].strip()
        province, city = self.cleaned_data.get("province", ""), self.cleaned_data.get("city", "")
        # Pasted full addresses would put province and city on the waybill twice.
        for part in (province, city, self.cleaned_data.get("district", "")):
            street = street.removeprefix(part) if part else street
        if len(street) < 2:
            raise forms.ValidationError(_("Enter the street and the house."))
        return street

    def refuse(self, refused: SaleorUserError) -> None:
        """Show a refusal of Saleor at the fields it belongs to; its own text is English and for developers."""
        for problem in refused.problems:
            name = SALEOR_FIELDS.get(problem.field)
            self.add_error(
                name if name in self.fields else None, ADDRESS_WORDS.get(problem.code, NOT_ACCEPTED)
            )


class BuyerForm(HouseForm):
    """The orderer's real name and resident ID number, with the consent it needs."""

    name = forms.CharField(
        label=_("Name on the resident ID card"),
        max_length=40,
        error_messages={"required": IDENTITY_WORDS["required"]},
    )
    id_number = forms.CharField(
        label=_("Resident ID number"),
        help_text=_("18 characters, as on the card"),
        max_length=64,  # blanks between the digits are taken out
        widget=forms.TextInput({"class": "mono", "inputmode": "text", "spellcheck": "false"}),
        error_messages={"required": _("Enter the resident ID number.")},
    )
    consent = forms.BooleanField(
        label=notice.IDENTITY_CONSENT,
        error_messages={
            "required": _("Without this consent customs cannot be told who orders, and nothing can be sent.")
        },
    )

    def refuse(self, refused: IdentityInvalid) -> None:
        """Show what the register of identities refuses."""
        words = IDENTITY_WORDS.get(refused.code, NOT_ACCEPTED)
        self.add_error(refused.field if refused.field in self.fields else None, words)

    def clean_name(self) -> str:
        return self._checked(check_name, "name")

    def clean_id_number(self) -> str:
        return self._checked(check_id, "id_number")

    def _checked(self, check: Any, field: str) -> str:
        try:
            return str(check(self.cleaned_data[field]))
        except IdentityInvalid as refused:
            raise forms.ValidationError(IDENTITY_WORDS.get(refused.code, refused.message)) from None


class DeliveryForm(HouseForm):
    """Which of the offered ways a box takes."""

    delivery = forms.CharField(
        max_length=200, error_messages={"required": _("Choose how it shall come."), "max_length": NOT_OFFERED}
    )

    def refuse(self, refused: SaleorUserError) -> None:
        """Say that an offer is gone; those of now are shown."""
        self.add_error("delivery", NOT_OFFERED)


class ReviewForm(HouseForm):
    """The last page before money moves."""

    notice = forms.BooleanField(
        label=notice.NOTICE_AGREED,
        error_messages={
            "required": _(
                "Read the consumer notice and tick the box; the law asks for it before every order."
            )
        },
    )
    method = forms.ChoiceField(
        label=_("Pay with"),
        error_messages={
            "required": _("Choose a way to pay."),
            "invalid_choice": _("This way to pay is not open for this box. Choose another."),
        },
    )

    def __init__(self, *args: Any, methods: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["method"]
        assert isinstance(field, forms.ChoiceField)  # narrows the type
        field.choices = methods


class SignInForm(HouseForm):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
        max_length=128,
    )


class RegisterForm(HouseForm):
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        min_length=8,
        max_length=128,
        strip=False,
        help_text=_("At least 8 characters."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def refuse(self, refused: SaleorUserError) -> None:
        """Show a refusal of Saleor at the field it belongs to."""
        for problem in refused.problems:
            field = problem.field if problem.field in self.fields else None
            self.add_error(field, ACCOUNT_WORDS.get(problem.code, NOT_ACCEPTED))


class AddForm(HouseForm):
    """Putting goods into the basket."""

    variant = forms.CharField(max_length=120)
    slug = forms.SlugField(max_length=255)
    quantity = forms.IntegerField(min_value=1, max_value=99, required=False)


class ChangeForm(HouseForm):
    line = forms.CharField(max_length=120)
    quantity = forms.IntegerField(min_value=0, max_value=99)

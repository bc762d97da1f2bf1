"""Reading address inputs: formats checked as far as this market needs them."""

from __future__ import annotations

import re
from typing import Any

from sandbox.saleor.errors import InvalidMany
from sandbox.saleor.models import Address

COLUMNS = [
    "first_name",
    "last_name",
    "company_name",
    "street_address_1",
    "street_address_2",
    "city",
    "city_area",
    "postal_code",
    "country_area",
    "phone",
]
# What Google's address data asks for in the countries of this market; elsewhere street and city.
REQUIRED = {
    "CN": ("street_address_1", "city", "country_area", "postal_code"),
    "MO": ("street_address_1",),
    "HK": ("street_address_1", "country_area"),
}
POSTAL_CODES = {"CN": r"\d{6}", "PT": r"\d{4}-\d{3}", "US": r"\d{5}(-\d{4})?"}


def read_address(
    data: dict[str, Any], kind: str | None = None, rules: dict[str, Any] | None = None
) -> Address:
    """Check an `AddressInput` and store it; `kind` is SHIPPING or BILLING, for the errors."""
    if not data.get("skip_validation"):
        errors = list(_errors(data, kind, rules or {}))
        if errors:
            raise InvalidMany(errors)
    values = {column: (data.get(column) or "").strip() for column in COLUMNS}
    metadata = {item["key"]: item["value"] for item in data.get("metadata") or []}
    return Address.objects.create(country_code=data.get("country") or "", metadata=metadata, **values)


def _errors(data: dict[str, Any], kind: str | None, rules: dict[str, Any]) -> Any:
    country = data.get("country")
    if not country:
        yield _error("country", "REQUIRED", "This field is required.", kind)
        return
    if rules.get("check_required_fields", True):
        for column in REQUIRED.get(country, ("street_address_1", "city")):
            if not (data.get(column) or "").strip():
                yield _error(column, "REQUIRED", "This field is required.", kind)
    if rules.get("check_fields_format", True):
        pattern, code = POSTAL_CODES.get(country), (data.get("postal_code") or "").strip()
        if pattern and code and not re.fullmatch(pattern, code):
            yield _error("postal_code", "INVALID", "This value is not valid for the address.", kind)
        phone = (data.get("phone") or "").strip()
        if phone and not re.fullmatch(r"\+?[\d\s()-]{5,20}", phone):
            yield _error("phone", "INVALID", f"'{phone}' is not a valid phone number.", kind)


def _error(column: str, code: str, message: str, kind: str | None) -> dict[str, Any]:
    head, *rest = column.split("_")
    field = head + "".join(part.capitalize() for part in rest)
    return {"field": field, "code": code, "message": message, "address_type": kind}

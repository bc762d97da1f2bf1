"""What an operator sets: the book, the warehouse, the carrier account, the sender."""

from __future__ import annotations

from pydantic import Field, HttpUrl, SecretStr, field_validator

from saleor_ext.plugin_api import PluginConfig, Secret

#: Fields that a parcel cannot be sent without.
NEEDED = ("logistics_code", "logistics_name", "partner_id", "sender_name", "sender_phone", "sender_street")


class LogisticsConfig(PluginConfig):
    """Configuration of the Nansha logistics plugin."""

    book_number: str = Field(
        "T516526A00001",
        title="Bonded book",
        description="Number of the bonded account book the stock lies in.",
        pattern=r"^[A-Z]{1,2}[0-9A-Z]{6,30}$",
    )
    warehouse: str = Field(
        "nansha",
        title="Warehouse",
        description="Slug of the Saleor warehouse that stands for the bonded shelves.",
        pattern=r"^[-a-z0-9_]+$",
    )
    logistics_code: str = Field(
        "",
        max_length=18,
        title="Carrier's customs code",
        description="Customs registration code of the logistics enterprise (logisticsCode).",
    )
    logistics_name: str = Field(
        "",
        max_length=100,
        title="Carrier's registered name",
        description="Registered name of the logistics enterprise (logisticsName).",
    )
    carrier_url: str = Field(
        "https://sfapi.sf-express.com/std/service",
        title="Carrier address",
        description="Full address of the carrier's standard service.",
    )
    partner_id: str = Field("", title="Partner id", description="partnerID of the carrier account.")
    check_word: Secret = Field(
        SecretStr(""), title="Check word", description="Secret that requests to the carrier are signed with."
    )
    push_secret: Secret = Field(
        SecretStr(""),
        title="Push secret",
        description="Secret that route pushes of the carrier are signed with; the check word when empty.",
    )
    push_url: str = Field(
        "",
        title="Push address per order",
        description="Sent with each order; empty when push/sf is registered at the carrier.",
    )
    express_type: int = Field(
        2,
        ge=1,
        title="Carrier product",
        description="expressTypeId of the carrier's product used for parcels.",
    )
    monthly_card: str = Field("", title="Monthly account", description="Monthly settlement account, if any.")
    sender_name: str = Field("", title="Sender", description="Name on the waybill's sender side.")
    sender_phone: str = Field("", title="Sender's phone", description="Phone on the waybill's sender side.")
    sender_province: str = Field(
        "广东省", title="Sender's province", description="Province of the warehouse."
    )
    sender_city: str = Field("广州市", title="Sender's city", description="City of the warehouse.")
    sender_district: str = Field(
        "南沙区", title="Sender's district", description="District of the warehouse."
    )
    sender_street: str = Field("", title="Sender's street", description="Street address of the warehouse.")
    poll_minutes: float = Field(
        30,
        gt=0,
        title="Poll after (minutes)",
        description="Parcels without news for this long are asked for at the carrier.",
    )
    stuck_hours: float = Field(
        72,
        gt=0,
        title="Stuck after (hours)",
        description="Parcels without news for this long raise a warning.",
    )

    @field_validator("carrier_url", "push_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value:
            HttpUrl(value)
        return value

    def missing(self) -> list[str]:
        """Names of the fields that a parcel cannot be sent without."""
        empty = [name for name in NEEDED if not getattr(self, name)]
        return empty if self.check_word.get_secret_value() else [*empty, "check_word"]

    @property
    def push_key(self) -> str:
        """The secret that verifies route pushes."""
        return self.push_secret.get_secret_value() or self.check_word.get_secret_value()

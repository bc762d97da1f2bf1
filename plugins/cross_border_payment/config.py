"""Configuration of the plugin; the console's form, its checks and its help texts come from here."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from django.utils.translation import gettext as _
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from saleor_ext.plugin_api import PluginConfig, Secret

from . import rsa
from .port import CustomsTarget

_HTTP_URL = TypeAdapter(HttpUrl)
#: Tenpay as China Customs knows it (stated with WeChat's customs interface; read 2026-11).
TENPAY_CODE = "4403169D3W"
TENPAY_NAME = "财付通支付科技有限公司"
#: Alipay as China Customs knows it (stated with customs payment records; read 2026-11).
ALIPAY_CODE = "31222699S7"
ALIPAY_NAME = "支付宝（中国）网络技术有限公司"
APIV3_KEY_BYTES = 32
#: WeChat's web authorization, and the interface of its official accounts.
AUTHORIZE_URL, ACCOUNT_URL = "https://open.weixin.qq.com", "https://api.weixin.qq.com"


def _refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError("ponte", "{message}", {"message": message})


def _web_address(value: str) -> str:
    try:
        _HTTP_URL.validate_python(value)
    except ValidationError:
        raise _refuse(_("Enter an address that begins with http:// or https://.")) from None
    return value.rstrip("/")


def _private_key(value: SecretStr) -> SecretStr:
    """Return an RSA key that can sign, or refuse it; empty stays empty."""
    pem = value.get_secret_value().strip()
    if pem:
        try:
            rsa.load_private_key(pem)
        except ValueError:
            raise _refuse(
                _("Enter an RSA private key in PEM form, 2048 bits or more, without pass phrase.")
            ) from None
    return SecretStr(pem)


class TargetConfig(BaseModel):
    """One customs office that payments are declared to, with the seller's registration there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customs: Annotated[str, Field(pattern=r"^[A-Z][A-Z_]{1,31}$", title="Customs code")]
    merchant_customs_no: Annotated[str, Field(min_length=1, max_length=32, title="Registration number there")]


class GatewayAccountConfig(PluginConfig):
    """What the accounts of all payment companies have in common: for whom and for which amounts they are offered.

    Titles and descriptions are English message ids; the console translates them when it shows the form.
    """

    enabled: bool = Field(
        True, title="Offered", description="Off: no new payment starts; running ones end normally."
    )
    merchant: str = Field(
        "",
        max_length=80,
        title="Merchant",
        description="Short name of the one merchant paid on this account; empty: all who have none of their own.",
    )
    lowest: Decimal | None = Field(
        None,
        ge=0,
        decimal_places=2,
        title="Lowest amount",
        description="Smaller payments are not offered here.",
    )
    highest: Decimal | None = Field(
        None,
        ge=0,
        decimal_places=2,
        title="Highest amount",
        description="Larger payments are not offered here.",
    )
    currencies: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...] = Field(
        ("CNY",), min_length=1, title="Currencies", description="Currencies the account may charge in."
    )
    payer_countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = Field(
        (),
        title="Payers' countries",
        description="Where its wallets or cards are from, two letters each (CN, HK, MO); empty: anywhere.",
    )
    refund_window_days: int = Field(365, ge=1, le=365, title="Days to refund")

    #: Names of the fields without which no payment can start.
    needed: ClassVar[tuple[str, ...]] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of needed fields that are empty."""
        values = {name: getattr(self, name) for name in self.needed}
        return tuple(
            name
            for name, value in values.items()
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value)
        )

    @property
    def offered_for(self) -> dict[str, Any]:
        """What the capabilities of all companies take over from here."""
        return {
            "currencies": frozenset(self.currencies),
            "lowest": self.lowest,
            "highest": self.highest,
            "payer_countries": frozenset(self.payer_countries),
        }


class DeclaringAccountConfig(GatewayAccountConfig):
    """What accounts have in common whose payments are declared to customs by their company."""

    base_url: str = Field("", title="Gateway address")
    customs_targets: tuple[TargetConfig, ...] = Field(
        (),
        title="Customs targets",
        description="Payments of customs lanes are declared to each: customs code and registration.",
    )
    declare_window_days: int = Field(
        30, ge=1, le=365, title="Days to declare", description="Older payments are not declared any more."
    )

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return _web_address(value)

    @field_validator("customs_targets")
    @classmethod
    def _are_distinct(cls, value: tuple[TargetConfig, ...]) -> tuple[TargetConfig, ...]:
        if len({target.customs for target in value}) != len(value):
            raise _refuse(_("The same customs code is listed twice."))
        return value

    @property
    def targets(self) -> tuple[CustomsTarget, ...]:
        return tuple(CustomsTarget(t.customs, t.merchant_customs_no) for t in self.customs_targets)


class WechatConfig(DeclaringAccountConfig):
    """A WeChat Pay Global account with its customs targets."""

    needed = ("mchid", "appid", "merchant_serial", "merchant_private_key", "apiv3_key")

    pay_code: str = Field(
        TENPAY_CODE,
        pattern=r"^[0-9A-Z]{10}$",
        title="Payment enterprise code",
        description="Customs registration of the payment enterprise; Tenpay's unless agreed otherwise.",
    )
    pay_name: str = Field(TENPAY_NAME, min_length=1, max_length=100, title="Payment enterprise name")
    base_url: str = Field(
        "https://apihk.mch.weixin.qq.com",
        title="Gateway address",
        description="Address of WeChat Pay Global, or of the sandbox in a demonstration.",
    )
    mchid: str = Field(
        "", max_length=32, title="Merchant number (mchid)", description="As WeChat Pay assigned it."
    )
    appid: str = Field(
        "", max_length=32, title="App ID", description="Official account bound to the merchant number."
    )
    merchant_category_code: str = Field(
        "5399", pattern=r"^\d{4}$", title="Merchant category code", description="Four digits (MCC)."
    )
    merchant_serial: str = Field(
        "",
        max_length=40,
        title="Merchant certificate serial",
        description="Serial number of the API certificate that belongs to the private key.",
    )
    merchant_private_key: Secret = Field(
        SecretStr(""),
        title="Merchant private key",
        description="PEM, RSA of 2048 bits or more, without pass phrase.",
    )
    apiv3_key: Secret = Field(
        SecretStr(""), title="APIv3 key", description="32 characters; opens notifications."
    )

    app_secret: Secret = Field(
        SecretStr(""),
        title="Official account's secret (AppSecret)",
        description="With it buyers inside WeChat pay without scanning; empty: they press the code for long.",
    )
    authorize_url: str = Field(
        AUTHORIZE_URL,
        title="Address of WeChat's web authorization",
        description="Or the sandbox's.",
    )
    account_url: str = Field(
        ACCOUNT_URL,
        title="Address of the official accounts' interface",
        description="Or the sandbox's.",
    )

    @field_validator("authorize_url", "account_url")
    @classmethod
    def _are_addresses(cls, value: str, info: ValidationInfo) -> str:
        """Return the address; WeChat's own where none is given."""
        own = AUTHORIZE_URL if info.field_name == "authorize_url" else ACCOUNT_URL
        return _web_address(value or own)

    @field_validator("merchant_private_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        return _private_key(value)

    @field_validator("apiv3_key")
    @classmethod
    def _is_apiv3_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        if key and len(key.encode()) != APIV3_KEY_BYTES:
            raise _refuse(_("The APIv3 key has exactly 32 characters."))
        return SecretStr(key)


class AntomConfig(DeclaringAccountConfig):
    """An account at Antom, through which Mainland buyers pay by Alipay."""

    needed = ("client_id", "merchant_private_key", "antom_public_key")

    pay_code: str = Field(
        ALIPAY_CODE,
        pattern=r"^[0-9A-Z]{10}$",
        title="Payment enterprise code",
        description="Customs registration of the payment enterprise; Alipay's unless agreed otherwise.",
    )
    pay_name: str = Field(ALIPAY_NAME, min_length=1, max_length=100, title="Payment enterprise name")
    customs_name: str = Field(
        "",
        max_length=100,
        title="Registered name",
        description="Name under which the registration number is known to customs.",
    )
    base_url: str = Field(
        "https://open-sea-global.alipay.com",
        title="Gateway address",
        description="Address of Antom for your region, or of the sandbox in a demonstration.",
    )
    client_id: str = Field("", max_length=64, title="Client ID", description="As Antom assigned it.")
    key_version: str = Field("1", pattern=r"^[0-9]{1,4}$", title="Key version")
    merchant_private_key: Secret = Field(
        SecretStr(""),
        title="Merchant private key",
        description="PEM, RSA of 2048 bits or more, without pass phrase.",
    )
    antom_public_key: str = Field(
        "",
        max_length=2000,
        title="Antom's public key",
        description="PEM; what Antom signs is checked with it.",
    )
    settlement_currency: str = Field(
        "HKD", pattern=r"^[A-Z]{3}$", title="Settlement currency", description="What Antom pays out in."
    )

    @field_validator("merchant_private_key")
    @classmethod
    def _is_key(cls, value: SecretStr) -> SecretStr:
        return _private_key(value)

    @field_validator("antom_public_key")
    @classmethod
    def _is_public_key(cls, value: str) -> str:
        if value.strip():
            try:
                rsa.load_public_key(value.strip())
            except ValueError:
                raise _refuse(_("Enter an RSA public key in PEM form.")) from None
        return value.strip()


class StripeConfig(GatewayAccountConfig):
    """An account at Stripe: never for lanes whose payments are declared to customs."""

    needed = ("account_id", "api_key", "webhook_secret")

    base_url: str = Field(
        "https://api.stripe.com",
        title="Gateway address",
        description="Address of Stripe, or of the sandbox in a demonstration.",
    )
    account_id: str = Field(
        "", pattern=r"^(acct_[0-9A-Za-z]{1,60})?$", title="Account ID", description="Begins with acct_."
    )
    api_key: Secret = Field(
        SecretStr(""), title="API key", description="Secret or restricted key; test keys move no money."
    )
    webhook_secret: Secret = Field(
        SecretStr(""), title="Webhook signing secret", description="Begins with whsec_; checks notifications."
    )
    methods: tuple[Literal["card", "alipay", "wechat_pay"], ...] = Field(
        ("card", "alipay", "wechat_pay"),
        min_length=1,
        title="Ways to pay",
        description="Any of card, alipay and wechat_pay; each has to be switched on at Stripe too.",
    )

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return _web_address(value)


class PaymentConfig(WechatConfig):
    """The plugin's own form: the first WeChat account, ``main``, and what holds for all accounts."""

    session_minutes: int = Field(
        30,
        ge=6,
        le=120,
        title="Minutes to pay",
        description="A code not paid by then is closed at the gateway.",
    )
    refund_limit: Decimal = Field(
        Decimal(5000),
        ge=0,
        decimal_places=2,
        title="Refund limit",
        description="Larger refunds by hand need Saleor's permission on apps as well, in any currency.",
    )

    @property
    def session_time(self) -> timedelta:
        return timedelta(minutes=self.session_minutes)

"""What an operator sets: who declares, where, through which transport, with which key."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from django.utils.translation import gettext as _
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import PluginConfig, Secret

from .signing import Algorithms, SigningError
from .signing.certificates import CERTIFICATE_FILE, KEY_FILE
from .signing.remote import DEFAULT_BODY, body_template

BONDED, DIRECT = "bonded_1210", "direct_9610"
#: Lanes that pass customs as cross-border retail imports, with their trade mode.
TRADE_MODES = {BONDED: "1210", DIRECT: "9610"}

_ENTERPRISE = r"^([0-9A-Z]{10}|[0-9A-Z]{18})?$"
_FOUR = r"^\d{4}$"


def _refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError("ponte", "{message}", {"message": message})


class CustomsConfig(PluginConfig):
    """Configuration of customs declaration. Titles and descriptions are message ids for translation."""

    ebp_code: str = Field(
        "", pattern=_ENTERPRISE, title="Platform code (ebpCode)",
        description="Customs registration code (10) or credit code (18) of the e-commerce platform.",
    )  # fmt: skip
    ebp_name: str = Field(
        "", max_length=100, title="Platform name", description="Registered name of the platform."
    )
    ebc_code: str = Field(
        "", pattern=_ENTERPRISE, title="Merchant code (ebcCode)",
        description="Used for merchants without a code of their own: usually the domestic agent's.",
    )  # fmt: skip
    ebc_name: str = Field(
        "", max_length=100, title="Merchant name", description="Registered name of that enterprise."
    )
    agent_code: str = Field(
        "", pattern=_ENTERPRISE, title="Declarant code (agentCode)",
        description="Enterprise that declares the inventory list.",
    )  # fmt: skip
    agent_name: str = Field(
        "", max_length=100, title="Declarant name", description="Registered name of the declarant."
    )
    assure_code: str = Field(
        "", max_length=30, title="Guarantor code (assureCode)",
        description="Enterprise whose tax guarantee is used; the declarant's code when empty.",
    )  # fmt: skip
    cop_code: str = Field(
        "",
        pattern=_ENTERPRISE,
        title="Sender code (copCode)",
        description="Enterprise behind the connected client.",
    )
    cop_name: str = Field(
        "", max_length=100, title="Sender name", description="Registered name of the sender."
    )
    dxp_id: str = Field(
        "",
        max_length=30,
        title="Exchange number (dxpId)",
        description="User number at the data exchange platform.",
    )
    customs_code: str = Field(
        "5165", pattern=_FOUR, title="Declaring customs",
        description="Four digits. 5165 is what other systems use for Nansha's bonded e-commerce; confirm locally.",
    )  # fmt: skip
    port_code: str = Field(
        "5165", pattern=_FOUR, title="Port customs", description="Customs where the goods crossed the border."
    )
    area_code: str = Field(
        "", pattern=_ENTERPRISE, title="Warehouse enterprise code (areaCode)",
        description="Needed for bonded stock: the enterprise inside the zone.",
    )  # fmt: skip
    area_name: str = Field(
        "",
        max_length=100,
        title="Warehouse enterprise name",
        description="Registered name of that enterprise.",
    )
    ems_no: str = Field(
        "", max_length=30, title="Bonded book (emsNo)",
        description="Needed for bonded stock, unless the reservation names the book.",
    )  # fmt: skip
    traf_mode_bonded: str = Field(
        "Y", pattern=r"^[0-9A-Z]$", title="Transport mode, bonded",
        description="Leaving the zone. Y (comprehensive bonded zone) fits by definition; other zones use 7 or 8.",
    )  # fmt: skip
    traf_mode_direct: str = Field(
        "4", pattern=r"^[0-9A-Z]$", title="Transport mode, direct", description="Cross-border leg; 4 is road."
    )
    wrap_type: str = Field(
        "2", pattern=r"^[0-9A-Z]?$", title="Packing (wrapType)",
        description="One character; 2 is read as carton. Empty leaves the element out.",
    )  # fmt: skip
    pay_code: str = Field(
        "",
        max_length=18,
        title="Payment enterprise code",
        description="Only where the payment step does not name it.",
    )
    pay_name: str = Field(
        "", max_length=100, title="Payment enterprise name", description="Registered name of that enterprise."
    )
    edition: Literal["202205", "2018-113"] = Field(
        "202205", title="Edition of the messages", description="Which edition's lengths are checked."
    )
    order_ready_status: Literal["2", "3", "120"] = Field(
        "120", title="Order is ready at",
        description="Receipt status after which the inventory list is sent: 120 in the customs database, "
        "3 sent to customs, 2 being declared.",
    )  # fmt: skip
    order_discount: Literal["non_cash", "price_cut"] = Field(
        "non_cash", title="Discounts on the whole order",
        description="Vouchers and points (do not lower the dutiable value) or a public price cut (does).",
    )  # fmt: skip
    sends_logistics: bool = Field(
        False, title="Send waybills (511)", description="On where the carrier has entrusted us with it."
    )
    transport: Literal["folder", "http"] = Field(
        "folder", title="Transport", description="Drop folder of the E-port client, or an HTTP gateway."
    )
    folder: str = Field(
        "",
        title="Drop folder",
        description="Holds outbox, inbox, archive and error; empty: customs-drop under the data folder.",
    )
    folder_settle_seconds: float = Field(
        0.0, ge=0, le=60, title="Leave young receipts (seconds)",
        description="For clients that do not rename files into place.",
    )  # fmt: skip
    gateway_url: str = Field(
        "", max_length=300, title="Gateway address", description="Base address, http or https."
    )
    gateway_token: Secret = Field(
        SecretStr(""), title="Gateway token", description="Sent as bearer token when set."
    )
    key_path: str = Field(
        "",
        title="Private key file",
        description="PEM or DER, RSA or SM2; empty: the demonstration key under the data folder.",
    )
    certificate_path: str = Field("", title="Certificate file", description="PEM or DER.")
    key_password: Secret = Field(
        SecretStr(""), title="Key password", description="When the key file has one."
    )
    signer: Literal["soft", "remote"] = Field(
        "soft", title="Where the key is",
        description="A key file, or a crypto server or the bridge of a USB key, reached over HTTP or WebSocket.",
    )  # fmt: skip
    signer_url: str = Field(
        "", max_length=300, title="Signer address",
        description="http, https, ws or wss address that signs. The certificate file is needed as well.",
    )  # fmt: skip
    signer_token: Secret = Field(
        SecretStr(""), title="Signer token", description="Sent as bearer token when set."
    )
    signer_pin: Secret = Field(
        SecretStr(""), title="PIN of the key", description="Put in place of $pin in the request."
    )
    signer_key: str = Field(
        "", max_length=100, title="Name of the key", description="Put in place of $key in the request."
    )
    signer_body: str = Field(
        DEFAULT_BODY, max_length=2000, title="Request of the signer",
        description="JSON. $data is replaced by the bytes in base64, $text by the bytes as text, $algorithm by "
        "sm2-sm3 or rsa-sha1.",
    )  # fmt: skip
    signer_value_path: str = Field(
        "signature", max_length=100, pattern=r"^[\w.-]+$", title="Place of the signature in the answer",
        description="Names and numbers joined by points, such as _args.Data.0. The value is base64.",
    )  # fmt: skip
    sm2_id: str = Field(
        "1234567812345678", min_length=1, max_length=100, title="SM2 identity",
        description="Under which SM2 signatures are made and checked (GM/T 0009).",
    )  # fmt: skip
    signature_uri: str = Field(
        "",
        title="Signature algorithm URI",
        description="Written into every signature; empty: by the kind of key. Sources disagree for SM2.",
    )
    digest_uri: str = Field(
        "",
        title="Digest algorithm URI",
        description="Written into every signature and decides the hash; empty: by the kind of key.",
    )
    canonicalization_uri: str = Field(
        Algorithms().canonicalization,
        title="Canonicalisation URI",
        description="Prescribed; change with care.",
    )
    transform_uri: str = Field(
        Algorithms().transform, title="Transform URI", description="Prescribed; change with care."
    )
    certificate_warning_days: int = Field(
        45, ge=1, le=365, title="Warn before expiry (days)", description="Of the signing certificate."
    )
    realtime_url: str = Field(
        "", max_length=300, title="Payment data: address of customs",
        description="Full address of realTimeDataUpload, as customs name it on registration.",
    )  # fmt: skip
    realtime_cert_no: str = Field(
        "", max_length=64, title="Payment data: certificate number",
        description="As registered with customs; the signing certificate's serial number when empty.",
    )  # fmt: skip
    realtime_recp_name: str = Field(
        "", max_length=100, title="Payment data: payee", description="The platform's name when empty."
    )
    realtime_recp_code: str = Field(
        "", max_length=18, title="Payment data: payee's code",
        description="Social credit code; may be empty for a payee abroad.",
    )  # fmt: skip
    realtime_recp_account: str = Field(
        "", max_length=60, title="Payment data: payee's account",
        description="The account at the payment company when empty.",
    )  # fmt: skip
    realtime_item_link: str = Field(
        "", max_length=300, title="Payment data: link of an article",
        description="Address with {sku} in it; the shop's search when empty.",
    )  # fmt: skip
    realtime_keep_years: int = Field(
        3, ge=3, le=30, title="Payment data: keep (years)", description="The rule asks for three at least."
    )
    tariff_file: str = Field(
        "",
        title="Tariff file",
        description="CSV or XLSX in the shape of the shipped sample, or a folder of dated editions; "
        "empty: the sample itself.",
    )
    positive_list_file: str = Field(
        "",
        title="Positive list file",
        description="CSV or XLSX in the shape of the shipped sample, or a folder of dated editions; "
        "empty: articles are not checked against it.",
    )
    guarantee_limit: Decimal = Field(
        Decimal(0), ge=0, max_digits=14, decimal_places=2, title="Tax guarantee (yuan)",
        description="What the guarantor has deposited for taxes; nought: not watched.",
    )  # fmt: skip
    guarantee_warning_percent: int = Field(
        80, ge=1, le=100, title="Warn of the guarantee at (percent)",
        description="Share of the guarantee that may be occupied before health warns.",
    )  # fmt: skip
    reservation_minutes: int = Field(
        120, ge=5, le=1440, title="Hold the quota (minutes)",
        description="How long a checkout that is not paid keeps the buyer's yearly quota.",
    )  # fmt: skip
    resend_minutes: int = Field(
        60,
        ge=5,
        le=1440,
        title="Send again after (minutes)",
        description="When the port has not answered at all.",
    )
    max_receipt_mb: int = Field(
        16, ge=1, le=64, title="Largest receipt file (MB)", description="Bigger files are put aside unread."
    )
    quarantine_mb: int = Field(
        50, ge=1, le=50, title="Quarantine: largest file (MB)",
        description="Files that cannot be read are kept whole and sealed up to this size.",
    )  # fmt: skip
    quarantine_days: int = Field(
        90, ge=1, le=1100, title="Quarantine: keep (days)",
        description="Then a file that could not be read is deleted. It may hold personal data.",
    )  # fmt: skip

    @field_validator("gateway_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise _refuse(_("Enter an address that begins with http:// or https://."))
        return value.rstrip("/")

    @field_validator("realtime_url", "realtime_item_link")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise _refuse(_("Enter an address that begins with http:// or https://."))
        return value

    @field_validator("signer_url")
    @classmethod
    def _is_signer(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://", "ws://", "wss://")):
            raise _refuse(_("Enter an address that begins with http://, https://, ws:// or wss://."))
        return value

    @field_validator("signer_body")
    @classmethod
    def _is_template(cls, value: str) -> str:
        try:
            body_template(value)
        except SigningError:
            raise _refuse(_("Enter a JSON object that holds $data or $text.")) from None
        return value

    @field_validator("folder", "key_path", "certificate_path", "tariff_file", "positive_list_file")
    @classmethod
    def _is_path(cls, value: str) -> str:
        if "\x00" in value:
            raise _refuse(_("Enter a file path."))
        return value.strip()

    @model_validator(mode="after")
    def _has_gateway(self) -> CustomsConfig:
        if self.transport == "http" and not self.gateway_url:
            raise _refuse(_("The HTTP transport needs a gateway address."))
        if self.signer == "remote" and not (self.signer_url and self.certificate_path):
            raise _refuse(_("The remote signer needs an address and the certificate file."))
        return self

    def missing(self, lane: str = BONDED) -> list[str]:
        """Names of the fields that a declaration cannot be made without."""
        needed = ["ebp_code", "ebp_name", "agent_code", "agent_name", "cop_code", "cop_name", "dxp_id"]
        if lane == BONDED:
            needed += ["area_code", "area_name"]
        return [name for name in needed if not getattr(self, name)]

    @property
    def algorithms(self) -> Algorithms:
        return Algorithms(self.canonicalization_uri, self.transform_uri, self.signature_uri, self.digest_uri)

    @property
    def sm2_identity(self) -> bytes:
        return self.sm2_id.encode()

    @property
    def reservation_time(self) -> timedelta:
        return timedelta(minutes=self.reservation_minutes)

    @property
    def resend_time(self) -> timedelta:
        return timedelta(minutes=self.resend_minutes)

    @property
    def max_bytes(self) -> int:
        return self.max_receipt_mb * 1024 * 1024

    @property
    def quarantine_bytes(self) -> int:
        return self.quarantine_mb * 1024 * 1024

    @property
    def folder_path(self) -> Path:
        return Path(self.folder) if self.folder else platform_settings().var_dir / "customs-drop"

    @property
    def key_files(self) -> tuple[Path, Path]:
        """Key and certificate; the demonstration pair when none is named."""
        demo = platform_settings().var_dir / "customs"
        return (
            Path(self.key_path) if self.key_path else demo / KEY_FILE,
            Path(self.certificate_path) if self.certificate_path else demo / CERTIFICATE_FILE,
        )

"""What an operator sets: who declares, where, through which transport, with which key."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
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


#: What addresses begin with.
_WEB = ("http://", "https://")
_SIGNER = (*_WEB, "ws://", "wss://")
_BROKER = ("amqp://", "amqps://")


def _refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError("ponte", "{message}", {"message": message})


def _check_address(value: str, schemes: tuple[str, ...]) -> None:
    """Refuse an address that does not begin as it should, or names no host; empty is allowed."""
    if not value:
        return
    try:
        parts = urlsplit(value)
        good = value.startswith(schemes) and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise _refuse(_("Enter an address that begins with %(schemes)s.") % {"schemes": ", ".join(schemes)})


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
    transport: Literal["folder", "http", "amqp"] = Field(
        "folder", title="Transport",
        description="Drop folder of the E-port client, an HTTP gateway, or a message broker (RabbitMQ).",
    )  # fmt: skip
    folder: str = Field(
        "",
        title="Drop folder",
        description="Holds outbox, inbox, archive and error; empty: customs-drop under the data folder.",
    )
    folder_settle_seconds: float = Field(
        0.0, ge=0, le=60, title="Leave young receipts (seconds)",
        description="For clients that do not rename files into place.",
    )  # fmt: skip
    folder_most_waiting: int = Field(
        20_000, ge=0, le=1_000_000, title="Most files waiting in the outbox",
        description="With so many the port's client stands still, and sending waits; 0 is no limit.",
    )  # fmt: skip
    gateway_url: str = Field(
        "", max_length=300, title="Gateway address", description="Base address, http or https."
    )
    gateway_token: Secret = Field(
        SecretStr(""), title="Gateway token", description="Sent as bearer token when set."
    )
    amqp_url: Secret = Field(
        SecretStr(""), title="Broker address",
        description="amqp:// or amqps:// (TLS) with user, password, host, port and virtual host.",
    )  # fmt: skip
    amqp_exchange: str = Field(
        "",
        max_length=200,
        title="Broker: exchange",
        description="Of messages to the port; empty: straight to a queue.",
    )
    amqp_routing_key: str = Field(
        "customs.to-port", min_length=1, max_length=200, title="Broker: queue to the port",
        description="The queue, or with an exchange the routing key, of messages to the port.",
    )  # fmt: skip
    amqp_queue: str = Field(
        "customs.from-port", min_length=1, max_length=200, title="Broker: queue of receipts",
        description="Where the port's receipts wait.",
    )  # fmt: skip
    amqp_dead_queue: str = Field(
        "customs.dead", min_length=1, max_length=200, title="Broker: dead letters",
        description="Queue for what cannot be read, with the reason as a header.",
    )  # fmt: skip
    amqp_declare: bool = Field(
        False, title="Broker: make the queues", description="Off where they belong to the broker's owner."
    )
    amqp_prefetch: int = Field(
        50, ge=1, le=1000, title="Broker: receipts ahead",
        description="How many receipts a worker may have that it has not stored yet.",
    )  # fmt: skip
    amqp_heartbeat: int = Field(
        30, ge=0, le=600, title="Broker: heartbeat (seconds)", description="0 turns heartbeats off."
    )
    amqp_ca_file: str = Field(
        "", title="Broker: authorities", description="PEM file; empty: the authorities of the system."
    )
    amqp_certificate: str = Field(
        "", title="Broker: own certificate", description="PEM file, where the broker asks for one."
    )
    amqp_key: str = Field("", title="Broker: own key", description="PEM file of that certificate's key.")
    breaker_failures: int = Field(
        5, ge=1, le=1000, title="Close the way after (failures)",
        description="So many failures of the transport in a row, and nothing is sent until a probe succeeds.",
    )  # fmt: skip
    breaker_seconds: int = Field(
        30,
        ge=1,
        le=3600,
        title="Probe after (seconds)",
        description="How long the way stays closed at least.",
    )
    most_in_flight: int = Field(
        0, ge=0, le=1_000_000, title="Most unanswered documents",
        description="With so many sent and not answered, sending waits; 0 is no limit.",
    )  # fmt: skip
    batch_size: int = Field(
        1, ge=1, le=100, title="Documents a message",
        description="Documents of one kind that go out under one signature; 1: each by itself.",
    )  # fmt: skip
    batch_seconds: int = Field(
        5, ge=0, le=600, title="Gather for (seconds)",
        description="How long a document waits for others, when there may be several a message.",
    )  # fmt: skip
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

    @field_validator("gateway_url", "realtime_url", "realtime_item_link", "signer_url")
    @classmethod
    def _is_address(cls, value: str, info: ValidationInfo) -> str:
        schemes = _SIGNER if info.field_name == "signer_url" else _WEB
        _check_address(value, schemes)
        return value.rstrip("/") if info.field_name == "gateway_url" else value

    @field_validator("amqp_url")
    @classmethod
    def _is_broker(cls, value: SecretStr) -> SecretStr:
        _check_address(value.get_secret_value(), _BROKER)
        return value

    @field_validator("signer_body")
    @classmethod
    def _is_template(cls, value: str) -> str:
        try:
            body_template(value)
        except SigningError:
            raise _refuse(_("Enter a JSON object that holds $data or $text.")) from None
        return value

    @field_validator(
        "folder", "key_path", "certificate_path", "tariff_file", "positive_list_file",
        "amqp_ca_file", "amqp_certificate", "amqp_key",
    )  # fmt: skip
    @classmethod
    def _is_path(cls, value: str) -> str:
        if "\x00" in value:
            raise _refuse(_("Enter a file path."))
        return value.strip()

    @model_validator(mode="after")
    def _has_gateway(self) -> CustomsConfig:
        if self.transport == "http" and not self.gateway_url:
            raise _refuse(_("The HTTP transport needs a gateway address."))
        if self.transport == "amqp" and not self.amqp_url.get_secret_value():
            raise _refuse(_("The broker needs an address."))
        if bool(self.amqp_certificate) != bool(self.amqp_key):
            raise _refuse(_("The broker's own certificate and its key belong together."))
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
    def batching(self) -> bool:
        return self.batch_size > 1

    @property
    def batch_time(self) -> timedelta:
        return timedelta(seconds=self.batch_seconds)

    @property
    def breaker_pause(self) -> timedelta:
        return timedelta(seconds=self.breaker_seconds)

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

"""The platform's settings, read once from the environment and checked at start."""

from __future__ import annotations

import sys
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, HttpUrl, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_HTTP_URL = TypeAdapter(HttpUrl)


#: ``memory://`` is the broker of tests: nobody consumes.
BROKERS = frozenset({"redis", "rediss", "memory"})


def _http_url(value: str) -> str:
    _HTTP_URL.validate_python(value)
    return value


def _parts(value: str) -> SplitResult:
    """Split an address; a port that is no number is an error here, not when it is first used."""
    parts = urlsplit(value)
    _ = parts.port
    return parts


class PlatformSettings(BaseSettings):
    """Environment variables of the platform; each field's description says what it is for."""

    model_config = SettingsConfigDict(env_prefix="PONTE_", extra="ignore", env_ignore_empty=True)

    database_url: SecretStr = Field(
        validation_alias="DATABASE_URL", description="postgresql:// address of the platform's database"
    )
    redis_url: str = Field(validation_alias="REDIS_URL", description="redis:// address of the Celery broker")
    secret_key: SecretStr = Field(min_length=32, description="Django's signing key, at least 32 characters")
    key_file: Path = Field(description="file with the keys of encrypted fields (see `ponte keys`)")
    public_url: str = Field("http://127.0.0.1:8000", description="address people and wallets use")
    app_url: str = Field("", description="address Saleor reaches the apps at; empty = PONTE_PUBLIC_URL")
    answers_url: str = Field(
        "", description="address Saleor asks for taxes and delivery at; empty = PONTE_APP_URL"
    )
    saleor_api_url: str = Field(
        "http://127.0.0.1:8100/graphql/",
        validation_alias="SALEOR_API_URL",
        description="GraphQL address of the Saleor the shop sells through",
    )
    saleor_allowed: str = Field(
        "", description="comma-separated GraphQL addresses that may install the apps; empty = SALEOR_API_URL"
    )
    dashboard_origin: str = Field("", description="origin of the Saleor Dashboard that may frame our pages")
    channel: str = Field(
        "cn", pattern=r"^[a-z0-9-]+$", description="slug of the Saleor channel the shop sells in"
    )
    demo: bool = Field(False, description="shows demo accounts and the sandbox ribbon; never in production")
    debug: bool = Field(False, description="Django's debug pages")
    proxies: int | None = Field(
        None,
        ge=0,
        le=5,
        description="trusted proxies in front that append to X-Forwarded-For; unset = 1 with https, else 0",
    )
    var_dir: Path = Field(Path("var"), description="folder for keys, media and demo data")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="least severity of log lines"
    )
    outbox_lease: float = Field(
        45, ge=5, le=600, description="seconds until another worker takes over the work of one that died"
    )
    settlement_hold_days: int = Field(
        45, ge=0, le=365, description="days after release or delivery until merchants' money may be paid out"
    )
    payout_minimum: Decimal = Field(
        Decimal(100), ge=0, description="least amount that a merchant is paid, in the payout's currency"
    )
    payout_change_days: int = Field(
        7, ge=0, le=90, description="days that payouts wait after a merchant's bank details changed"
    )
    bank_window_days: int = Field(
        5, ge=0, le=60, description="days until money that was paid out has to be on the bank's statement"
    )
    payout_reserve_percent: Decimal = Field(
        Decimal(0), ge=0, le=100, description="share of lately released money kept back for returns"
    )
    payout_reserve_days: int = Field(
        30, ge=0, le=365, description="days after its release that the reserve is kept of money"
    )
    payout_debtor_name: str = Field("", description="holder of the account that payouts go out from")
    payout_debtor_account: str = Field("", description="number of the account that payouts go out from")
    payout_debtor_bic: str = Field("", description="BIC of the bank that payouts go out from")

    @field_validator("public_url", "app_url", "answers_url", "saleor_api_url", "dashboard_origin")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return _http_url(value).rstrip("/") + ("/" if value.endswith("graphql/") else "") if value else value

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must start with postgresql:// (no other database is supported)")
        if not _parts(value.get_secret_value()).path.strip("/"):
            raise ValueError("names no database: postgresql://user:password@host:port/NAME")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        if _parts(value).scheme not in BROKERS:
            raise ValueError("must start with redis:// or rediss:// (no other broker is supported)")
        return value

    @field_validator("saleor_allowed")
    @classmethod
    def _are_http(cls, value: str) -> str:
        for part in filter(None, (part.strip() for part in value.split(","))):
            _http_url(part)
        return value

    @property
    def apps_base_url(self) -> str:
        """Base address of the Saleor apps' manifests and webhooks, without trailing slash."""
        return self.app_url or self.public_url

    @property
    def answers_base_url(self) -> str:
        """Base address of the webhooks that are answered at once, without trailing slash."""
        return self.answers_url or self.apps_base_url

    @property
    def trusted_proxies(self) -> int:
        """How many addresses at the end of X-Forwarded-For are ours to believe; something in front ends https."""
        return int(self.public_url.startswith("https://")) if self.proxies is None else self.proxies

    @property
    def allowed_saleor_urls(self) -> frozenset[str]:
        listed = {part.strip() for part in self.saleor_allowed.split(",") if part.strip()}
        return frozenset(listed or {self.saleor_api_url})


def explain(error: ValidationError) -> str:
    """Tell in plain lines which variable is wrong and what it should hold."""
    lines = ["Ponte cannot start: the configuration is incomplete or wrong."]
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "?"
        field = PlatformSettings.model_fields.get(name)
        alias = field.validation_alias if field and isinstance(field.validation_alias, str) else None
        variable = alias or (name if name.isupper() else f"PONTE_{name.upper()}")
        if field is None:
            field = next(
                (f for f in PlatformSettings.model_fields.values() if f.validation_alias == name), None
            )
        hint = f" — {field.description}" if field and field.description else ""
        lines.append(f"  {variable}: {problem['msg']}{hint}")
    lines.append("`ponte up` sets all of them for a demonstration; docs/deployment.md lists them.")
    return "\n".join(lines)


@lru_cache(maxsize=1)
def platform_settings() -> PlatformSettings:
    """Read the settings, or leave with a readable message (exit code 2)."""
    try:
        return PlatformSettings()  # type: ignore[call-arg]  # values come from the environment
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
        raise SystemExit(2) from None

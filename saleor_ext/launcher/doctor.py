"""``ponte doctor``: what is wrong with an installation and how to mend it."""

from __future__ import annotations

import email.utils
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
#: Customs and wallets refuse requests whose clock is further off than five minutes; warn well before.
CLOCK_WARNING_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    status: str
    message: str
    remedy: str = ""


def run(*, as_json: bool = False) -> int:
    """Print every check; return 1 when one is an error."""
    worst = 0
    for check in checks():
        if as_json:
            print(json.dumps(asdict(check)))
        else:
            print(f"{MARKS[check.status]} {check.name}: {check.message}")
            if check.status != "ok" and check.remedy:
                print(f"    → {check.remedy}")
        worst = max(worst, check.status == "error")
    return int(worst)


def checks() -> Iterator[Check]:
    """Yield the checks in the order in which one rests on the other; stop where nothing more can be asked."""
    configuration = _configuration()
    yield configuration
    if configuration.status == "error":
        return
    database = _attempt(
        "database", _database, "start PostgreSQL, or correct DATABASE_URL; `ponte up` brings its own"
    )
    yield database
    yield _attempt("broker", _broker, "start Redis or Valkey, or correct REDIS_URL")
    yield _attempt(
        "field keys", _keys, "`ponte keys init` makes a key file; restore the old one if data were sealed"
    )
    yield _clock()
    if database.status == "error":
        return
    yield _attempt("tables", _tables, "run `ponte migrate`")
    yield _attempt("sealed data", _sealed_data, "restore the key file that the data were sealed with")
    yield _attempt("Saleor", _saleor, "check SALEOR_API_URL; then run `ponte saleor setup`")
    yield _bank()
    yield from _plugins()


def _configuration() -> Check:
    from pydantic import ValidationError

    from saleor_ext.core.settings import PlatformSettings, explain

    from . import environment

    global _server  # noqa: PLW0603  # the embedded server stops when its last handle goes
    try:
        _server = environment.load()
    except Exception as error:  # a spoilt folder must be reported, not raised
        return Check(
            "configuration",
            "error",
            f"the demonstration in {environment.var_dir()} cannot be joined: {type(error).__name__}: {error}",
            "start it with `ponte up`, empty it with `ponte reset`, or set DATABASE_URL to use another",
        )
    try:
        settings = PlatformSettings()  # type: ignore[call-arg]  # values come from the environment
    except ValidationError as error:
        return Check(
            "configuration", "error", explain(error), "set the variables above, or run `ponte up` once"
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")
    try:
        import django

        django.setup()
    except Exception as error:  # a broken plugin or setting must be reported, not raised
        return Check("configuration", "error", str(error), "mend what the message names")
    if settings.demo and settings.public_url.startswith("https"):
        return Check("configuration", "error", "PONTE_DEMO is on at a public address", "unset PONTE_DEMO")
    return Check(
        "configuration", "ok", "settings are complete" + (" (demonstration)" if settings.demo else "")
    )


_server: object = None


def _attempt(name: str, probe: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name, "ok", probe())
    except Exception as error:  # whatever went wrong is the answer
        return Check(name, "error", f"{type(error).__name__}: {error}".strip(), remedy)


def _database() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = str(cursor.fetchone()[0])
    if int(version.split(".", maxsplit=1)[0]) < 15:
        raise RuntimeError(f"PostgreSQL {version} is too old; 15 or newer is needed")
    return f"PostgreSQL {version}"


def _tables() -> str:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise RuntimeError(f"{len(missing)} migrations are not applied")
    return "all migrations are applied"


def _broker() -> str:
    import redis

    from saleor_ext.core.settings import platform_settings

    client = redis.Redis.from_url(platform_settings().redis_url, socket_timeout=3, socket_connect_timeout=3)
    version = client.info("server")["redis_version"]
    client.close()
    return f"Redis {version}"


def _keys() -> str:
    from saleor_ext.core import crypto
    from saleor_ext.core.keys import key_ring
    from saleor_ext.core.settings import platform_settings

    ring = key_ring()
    crypto.open_sealed(crypto.seal("probe", "doctor"), "doctor")
    mode = platform_settings().key_file.stat().st_mode & 0o077
    if mode:
        raise RuntimeError(f"{platform_settings().key_file} can be read by others (chmod 600 mends it)")
    return f"{len(ring.keys)} key(s), active {ring.active}"


def _saleor() -> str:
    from saleor_ext.core.settings import platform_settings
    from saleor_ext.link import clients
    from saleor_ext.link.platform_app import PLATFORM_APP
    from saleor_ext.plugin_api.registry import plugins

    url = platform_settings().saleor_api_url
    clients.anonymous_client(url).execute("query Reach { shop { name } }")
    wanted = [PLATFORM_APP, *(plugin.saleor_app for plugin in plugins() if plugin.saleor_app)]
    missing = [app.identifier for app in wanted if not clients.installed(url, app.identifier)]
    if missing:
        raise RuntimeError(f"reached, but these apps are not installed: {', '.join(missing)}")
    return f"{url} answers, {len(wanted)} apps installed"


def _bank() -> Check:
    """Tell what stands open between the ledger and the bank's statements: a person's work, not a fault."""
    from saleor_ext.settlement.bank import reporting

    try:
        found = reporting.queue()
    except Exception as error:  # whatever went wrong is the answer
        return Check("bank statements", "error", f"{type(error).__name__}: {error}", "run `ponte migrate`")
    if not found:
        return Check("bank statements", "ok", "nothing is open")
    oldest = max(one.age for one in found)
    remedy = "work them in the console, Bank statements; `ponte ledger bank show` lists them"
    return Check("bank statements", "warning", f"{len(found)} open, the oldest for {oldest} days", remedy)


def _sealed_data() -> str:
    """Open the first and the last value of every sealed column: a key file may be sound and yet the wrong one."""
    from saleor_ext.core.rotation import sealed_models

    opened = 0
    for model, fields in sealed_models():
        rows = model._default_manager.order_by("pk")
        for row in filter(None, {rows.first(), rows.last()}):
            opened += sum(getattr(row, field.attname) is not None for field in fields)
    return f"{opened} samples opened"


def _clock() -> Check:
    """Compare with Saleor's clock; where it does not answer, the check of Saleor says what to do."""
    import httpx2

    from saleor_ext.core.settings import platform_settings

    try:
        answer = httpx2.post(
            platform_settings().saleor_api_url, json={"query": "{__typename}"}, timeout=5, trust_env=False
        )
        told = email.utils.parsedate_to_datetime(answer.headers["date"])
    except (httpx2.HTTPError, httpx2.InvalidURL):
        return Check("clock", "warning", "not compared: Saleor does not answer", "make Saleor answer first")
    except (KeyError, ValueError):
        return Check("clock", "ok", "Saleor sends no Date header to compare with")
    distance = abs(time.time() - told.timestamp())
    if distance > CLOCK_WARNING_SECONDS:
        remedy = "set the clock by NTP: signatures with a wrong time are refused"
        return Check("clock", "error", f"{distance:.0f} s away from Saleor's clock", remedy)
    return Check("clock", "ok", f"within {distance:.0f} s of Saleor's clock")


def _plugins() -> Iterator[Check]:
    """Ask plugin by plugin, in the language of this command; one that cannot answer does not silence the others."""
    from django.utils.translation import override

    from saleor_ext.plugin_api.registry import health_of, plugins

    for plugin in plugins():
        with override("en"):
            try:
                found = [
                    Check(str(item.name), item.status, str(item.message) or "in order", str(item.remedy))
                    for item in health_of(plugin)
                ]
            except Exception as error:  # whatever went wrong is the answer
                remedy = f"mend what stands above; else look at the configuration of {plugin.identifier}"
                found = [Check(plugin.identifier, "error", f"{type(error).__name__}: {error}", remedy)]
        yield from found

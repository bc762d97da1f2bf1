"""The environment of a demonstration: made once, kept in ``var/demo.env``, used by every ``ponte`` command."""

from __future__ import annotations

import os
import pwd
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saleor_ext.core.embedded import database_url, open_to_others, start_postgresql
from saleor_ext.core.keys import new_ring, write_ring

from .claim import CannotStart

PROJECT = Path(__file__).resolve().parents[2]
#: The user that the embedded PostgreSQL runs as when it is started by root.
ROOT_SERVER_USER = "pgserver"
#: Staff account of the sandbox; it is public, like everything of the sandbox.
STAFF_EMAIL, STAFF_PASSWORD = "admin@ponte.example", "ponte-demo"
#: With these set, the demonstration sells through another Saleor than the sandbox's.
SALEOR_VARIABLES = ("SALEOR_API_URL", "SALEOR_TOKEN", "SALEOR_EMAIL", "SALEOR_PASSWORD")


@dataclass(frozen=True, slots=True)
class Ports:
    web: int = 8000
    sandbox: int = 8100
    redis: int = 8179


def var_dir() -> Path:
    """Folder of everything that a demonstration writes."""
    return Path(os.environ.get("PONTE_VAR_DIR") or PROJECT / "var").resolve()


def postgresql_folder(var: Path) -> Path:
    """Return where the cluster's data lie: under ``var``, unless the embedded server could not work there.

    PostgreSQL refuses to run as root, so root's server runs as another user: a clone below ``/root`` is closed to it.
    Its start script does not take blanks in the folder's name. The choice is written down for later starts.
    """
    note = var / "postgresql.path"
    if note.exists():
        return Path(note.read_text().strip())
    folder = var / "postgresql"
    root = os.geteuid() == 0
    var.mkdir(parents=True, exist_ok=True)
    if " " in str(folder) or (root and not open_to_others(var)):
        folder = _shared_place(root) / f"ponte-{secrets.token_hex(4)}"
    note.write_text(str(folder))
    return folder


def _shared_place(root: bool) -> Path:
    """A folder without blanks that outlives a restart, the user's own where there is one."""
    if root:
        return Path("/var/lib")
    own = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return own if " " not in str(own) else Path(tempfile.gettempdir())


def first_environment(ports: Ports) -> dict[str, str]:
    """Return the environment that does not depend on running servers, making keys on first use."""
    var = var_dir()
    var.mkdir(parents=True, exist_ok=True)
    sandbox = var / "sandbox"
    key_file, secret_file = var / "field-keys.json", var / "secret-key"
    if not key_file.exists():
        write_ring(key_file, new_ring())
    if not secret_file.exists():
        secret_file.touch(mode=0o600)
        secret_file.write_text(secrets.token_urlsafe(48))
    web, stand_in = f"http://127.0.0.1:{ports.web}", f"http://127.0.0.1:{ports.sandbox}"
    saleor = {name: os.environ.get(name, "") for name in SALEOR_VARIABLES}
    if not saleor["SALEOR_API_URL"]:
        saleor = {
            "SALEOR_API_URL": f"{stand_in}/graphql/",
            "SALEOR_EMAIL": STAFF_EMAIL,
            "SALEOR_PASSWORD": STAFF_PASSWORD,
        }
    return {
        "PONTE_DEMO": "1",
        "PONTE_VAR_DIR": str(var),
        "PONTE_KEY_FILE": str(key_file),
        "PONTE_SECRET_KEY": secret_file.read_text(),
        "PONTE_PUBLIC_URL": web,
        "REDIS_URL": f"redis://127.0.0.1:{ports.redis}/0",
        **saleor,
        "SANDBOX_PUBLIC_URL": stand_in,
        "SANDBOX_BIND": f"127.0.0.1:{ports.sandbox}",
        "SANDBOX_DIR": str(sandbox),
        "SANDBOX_CUSTOMS_DROP": str(sandbox / "customs"),
        "SANDBOX_SPEED": os.environ.get("SANDBOX_SPEED", "60"),
        "SANDBOX_ADMIN_EMAIL": STAFF_EMAIL,
        "SANDBOX_ADMIN_PASSWORD": STAFF_PASSWORD,
        "PYTHONUNBUFFERED": "1",
    }


def start_databases(environment: dict[str, str]) -> Any:
    """Start the embedded PostgreSQL unless ``DATABASE_URL`` is given; complete ``environment``; return the handle."""
    if given := os.environ.get("DATABASE_URL"):
        if not os.environ.get("SANDBOX_DATABASE_URL"):
            raise CannotStart(
                "DATABASE_URL is set, so SANDBOX_DATABASE_URL must name a second database, for the sandbox; "
                "or unset DATABASE_URL and both come from the embedded PostgreSQL"
            )
        environment["DATABASE_URL"] = given
        environment["SANDBOX_DATABASE_URL"] = os.environ["SANDBOX_DATABASE_URL"]
        return None
    var = var_dir()
    server = start_postgresql(postgresql_folder(var))
    environment["DATABASE_URL"] = database_url(server, "ponte")
    environment["SANDBOX_DATABASE_URL"] = database_url(server, "ponte_sandbox")
    return server


def save(environment: dict[str, str]) -> None:
    """Write the environment for later commands, readable by its owner only."""
    target = var_dir() / "demo.env"
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.writelines(f"{name}={value}\n" for name, value in sorted(environment.items()))


def load() -> Any:
    """Join the demonstration of this folder, if there is one and nothing else is configured.

    Variables that are set already win. Returns the handle of the embedded server, to be kept alive.
    """
    stored = var_dir() / "demo.env"
    if os.environ.get("DATABASE_URL") or not stored.exists():
        return None
    server = start_postgresql(postgresql_folder(var_dir()))
    for line in stored.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ.setdefault(name, value)
    return server


def user_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name

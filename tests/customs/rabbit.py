"""A RabbitMQ for the tests: the one that ``PONTE_TEST_AMQP_URL`` names, else one of our own in a temporary folder.

Its ports, its name server (epmd), cookie, database and log are its own, and it ends with the tests.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.demo_process import free_ports

#: Debian's start script in the path changes the user; the server's own does not.
PROGRAMS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server")
NEEDED = "needs RabbitMQ: set PONTE_TEST_AMQP_URL, or install rabbitmq-server (Debian: apt-get install rabbitmq-server)"


@dataclass
class Rabbit:
    """``url`` in the clear; ``tls_url`` and ``ca_file`` only where the server is ours."""

    url: str
    tls_url: str = ""
    ca_file: str = ""


def program() -> str | None:
    """Return the server's start script, if there is one."""
    found = shutil.which("rabbitmq-server")
    return next((one for one in (*PROGRAMS, found) if one and Path(one).exists()), None)


@contextmanager
def running(folder: Path) -> Iterator[Rabbit]:
    """Start a server and wait until it answers; its folder must be short-lived."""
    plain, tls, distribution, names = free_ports(4)
    files = _certificate(folder)
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{plain}\nlisteners.ssl.1 = 127.0.0.1:{tls}\n"
        f"ssl_options.certfile = {files[0]}\nssl_options.keyfile = {files[1]}\nssl_options.cacertfile = {files[0]}\n"
        "loopback_users.guest = true\nlog.console = false\nvm_memory_high_watermark.relative = 0.4\n"
        "disk_free_limit.absolute = 1MB\n"
    )
    (folder / "plugins").write_text("[].\n")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"ponte{plain}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
    }
    command = program()
    assert command is not None  # the caller looked
    server = subprocess.Popen(
        [command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(plain, server)
        yield Rabbit(
            f"amqp://guest:guest@127.0.0.1:{plain}//", f"amqps://guest:guest@127.0.0.1:{tls}//", str(files[0])
        )
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)
        subprocess.run(
            ["epmd", "-port", str(names), "-kill"], capture_output=True, env=environment, check=False
        )


def _await(port: int, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until the server greets: it opens its port before it can work."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.settimeout(2)
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                if connection.recv(1):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"RabbitMQ does not answer (exit code {server.poll()})")


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "server.pem", folder / "server.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths

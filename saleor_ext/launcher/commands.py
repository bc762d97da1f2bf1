"""The commands that run, check and empty an installation."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from saleor_ext.core import embedded

from . import environment as env
from .claim import FolderTaken, claimed, sweep

WORKER_THREADS = "6"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``up``, ``web``, ``worker``, ``beat``, ``migrate``, ``assets``, ``seed``, ``doctor``, ``reset``, ``keys``."""
    up = subparsers.add_parser("up", help="run the whole shop with its sandbox on this machine")
    ports = env.Ports()
    up.add_argument("--port", type=_port, default=ports.web, help="port of the shop (%(default)s)")
    up.add_argument(
        "--sandbox-port", type=_port, default=ports.sandbox, help="port of the sandbox (%(default)s)"
    )
    up.add_argument("--redis-port", type=_port, default=ports.redis, help="port of Redis (%(default)s)")
    up.add_argument("--no-seed", action="store_true", help="do not add demo data")
    up.set_defaults(func=_up, needs_django=False)

    web = subparsers.add_parser("web", help="run the web server")
    web.add_argument("--bind", default="0.0.0.0:8000", help="address and port (%(default)s)")  # containers
    web.add_argument(
        "--workers",
        type=int,
        default=int(os.environ.get("WEB_WORKERS", "0")) or _cores(),
        help="processes; one a core, so that a webhook does not wait for a page (%(default)s)",
    )
    web.add_argument("--threads", type=int, default=int(os.environ.get("WEB_THREADS", "8")))
    web.add_argument(
        "--answers",
        action="store_true",
        help="only answer Saleor's questions, one request a process: threads that only compute make each other wait",
    )
    web.set_defaults(func=_web, needs_django=True)

    worker = subparsers.add_parser("worker", help="run a Celery worker")
    worker.set_defaults(func=_worker, needs_django=True)
    beat = subparsers.add_parser("beat", help="run the Celery scheduler")
    beat.set_defaults(func=_beat, needs_django=True)

    migrate = subparsers.add_parser("migrate", help="bring the database tables up to date")
    migrate.set_defaults(func=_migrate, needs_django=True)
    assets = subparsers.add_parser("assets", help="compile translations and collect static files")
    assets.set_defaults(func=_assets, needs_django=True)
    seed = subparsers.add_parser("seed", help="set up Saleor and add the demo data; safe to repeat")
    seed.add_argument(
        "--listing",
        action="append",
        default=[],
        metavar="SLUG",
        help="add this listing only; may be repeated",
    )
    seed.set_defaults(func=_seed, needs_django=True)

    doctor = subparsers.add_parser("doctor", help="check the installation and say how to mend what fails")
    doctor.add_argument("--json", action="store_true", help="print one JSON line per check")
    doctor.set_defaults(func=_doctor, needs_django=False)

    reset = subparsers.add_parser("reset", help="empty the demonstration after asking")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    reset.set_defaults(func=_reset, needs_django=False)

    keys = subparsers.add_parser("keys", help="keys of encrypted fields")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    init = actions.add_parser("init", help="make the key file named by PONTE_KEY_FILE")
    init.set_defaults(func=_keys_init, needs_django=False)
    rotate = actions.add_parser("rotate", help="make a new key and seal every value anew with it")
    rotate.add_argument("--drop-old", action="store_true", help="remove the older keys afterwards")
    rotate.set_defaults(func=_keys_rotate, needs_django=True)


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def _port(text: str) -> int:
    """A port that can be given: ``--port 0`` would be another one at every look."""
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (1 to 65535)")
    return int(text)


def _up(arguments: argparse.Namespace) -> int:
    from .claim import CannotStart
    from .up import up

    try:
        return up(
            env.Ports(arguments.port, arguments.sandbox_port, arguments.redis_port),
            seed=not arguments.no_seed,
        )
    except (CannotStart, OSError) as error:  # OSError: a full disk, a folder of somebody else's
        print(f"ponte up: {error}", file=sys.stderr)
        return 1


def _web(arguments: argparse.Namespace) -> int:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "saleor_ext.config.wsgi:application",
        "--bind",
        arguments.bind,
    ]
    if arguments.answers:
        os.environ["DJANGO_SETTINGS_MODULE"] = "saleor_ext.config.answers"
    threads = 1 if arguments.answers else arguments.threads
    command += ["--worker-class", "gthread", "--threads", str(threads)]
    command += [
        "--workers",
        str(arguments.workers),
        "--timeout",
        "60",
        "--keep-alive",
        "15",
        "--no-control-socket",
    ]
    os.execv(sys.executable, command)


def _worker(arguments: argparse.Namespace) -> int:
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "saleor_ext.config.celery",
        "worker",
        "--pool",
        "threads",
    ]
    command += ["--concurrency", os.environ.get("WORKER_THREADS", WORKER_THREADS), "--loglevel", "WARNING"]
    os.execv(sys.executable, [*command, "--without-gossip", "--without-mingle"])


def _beat(arguments: argparse.Namespace) -> int:
    schedule = env.var_dir() / "celerybeat-schedule"
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "saleor_ext.config.celery",
        "beat",
        "--loglevel",
        "WARNING",
    ]
    os.execv(sys.executable, [*command, "--schedule", str(schedule), "--pidfile="])


def _migrate(arguments: argparse.Namespace) -> int:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=1)
    return 0


def _assets(arguments: argparse.Namespace) -> int:
    from django.conf import settings
    from django.core.management import call_command

    from storefront.ui.messages import compile_all

    compile_all()
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    print("texts compiled, static files collected")
    return 0


def _seed(arguments: argparse.Namespace) -> int:
    """Set Saleor up, configure the plugins for the sandbox, add merchants and listings, fill the catalogue."""
    from django.conf import settings

    from saleor_ext.catalogue.projection import sync
    from saleor_ext.core.errors import PonteError
    from saleor_ext.demo.seed import seed
    from saleor_ext.link import setup

    if not settings.PONTE_DEMO:
        print("ponte seed: demo data belong into a demonstration only (PONTE_DEMO=1)", file=sys.stderr)
        return 1
    try:
        client = setup.staff_client(
            settings.PONTE.saleor_api_url,
            token=os.environ.get("SALEOR_TOKEN", ""),
            email=os.environ.get("SALEOR_EMAIL", ""),
            password=os.environ.get("SALEOR_PASSWORD", ""),
        )
        report = setup.set_up(client, app_url="", progress=_say)
        _configure_plugins()
        seed(_say, arguments.listing)
        sync(_say)
    except PonteError as error:
        print(f"ponte seed: {error.message}", file=sys.stderr)
        return 1
    return 1 if report.missing else 0


def _configure_plugins() -> None:
    """Give each plugin the sandbox's addresses and keys, by its ``demo.configure``."""
    sandbox_dir, sandbox_url = os.environ.get("SANDBOX_DIR"), os.environ.get("SANDBOX_PUBLIC_URL", "")
    if not sandbox_dir:
        return
    from saleor_ext.plugin_api.registry import plugins

    for plugin in plugins():
        module = plugin.hooks.rpartition(".")[0] + ".demo"
        if find_spec(module):
            import_module(module).configure(Path(sandbox_dir), sandbox_url)
            _say(f"configured {plugin.identifier} for the sandbox")


def _say(line: str) -> None:
    print(line, flush=True)


def _doctor(arguments: argparse.Namespace) -> int:
    from .doctor import run

    return run(as_json=arguments.json)


def _reset(arguments: argparse.Namespace) -> int:
    """Delete the demonstration's folder; refuses while it runs."""
    var = env.var_dir()
    stored = var / "demo.env"
    if not stored.exists():
        print(f"nothing to empty: {var} holds no demonstration")
        return 0
    question = f"Delete all orders, listings and keys of the demonstration in {var}? Type yes: "
    if not arguments.yes and not _agreed(question):
        print("nothing was deleted")
        return 1
    try:
        with claimed(var):
            _empty(var)
    except FolderTaken:
        print("the demonstration still runs; stop `ponte up` first", file=sys.stderr)
        return 1
    print("the demonstration is empty; `make demo` starts anew")
    return 0


def _empty(var: Path) -> None:
    """End what a killed ``ponte up`` left, the database included, and delete everything."""
    sweep(var)
    embedded.remove(env.postgresql_folder(var))
    shutil.rmtree(var)


def _agreed(question: str) -> bool:
    """Ask; nobody there to answer is no agreement."""
    try:
        return input(question).strip().lower() == "yes"
    except EOFError:
        print()
        return False


def _keys_init(arguments: argparse.Namespace) -> int:
    from saleor_ext.core.keys import new_ring, write_ring

    target = os.environ.get("PONTE_KEY_FILE")
    if not target:
        print("set PONTE_KEY_FILE to where the key file shall lie", file=sys.stderr)
        return 2
    if Path(target).exists():
        print(f"{target} exists; it is left alone (`ponte keys rotate` adds a key)", file=sys.stderr)
        return 1
    write_ring(Path(target), new_ring())
    print(f"wrote {target}; back it up apart from the database: without it sealed values are lost")
    return 0


def _keys_rotate(arguments: argparse.Namespace) -> int:
    from saleor_ext.core.rotation import rotate

    report = rotate(drop_old=arguments.drop_old, progress=lambda line: print(line, flush=True))
    print(f"active key {report.active}; {report.resealed} values sealed anew")
    for value in report.shut:
        print(f"does not open: {value}", file=sys.stderr)
    if report.shut and arguments.drop_old:
        print("the older keys are kept: these values may need one of them", file=sys.stderr)
    return 1 if report.shut else 0

"""``python -m sandbox serve | work | migrate | manage …``."""

from __future__ import annotations

import os
import sys

USAGE = "usage: python -m sandbox serve | work | migrate | manage <django command …>"


def _setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sandbox.settings")
    import django

    django.setup()


def migrate() -> None:
    """Bring the database to the present state and make the keys and folders of the stand-ins."""
    from django.core.management import call_command

    from sandbox.prepare import locked, prepare

    with locked():
        call_command("migrate", interactive=False, verbosity=0)
        prepare()


def serve() -> None:
    """Migrate, then become gunicorn with one process and many threads."""
    from django.conf import settings

    migrate()
    argv = [
        sys.executable,
        "-m",
        "gunicorn",
        "sandbox.wsgi:application",
        "--bind",
        settings.SANDBOX_BIND,
        "--worker-class",
        "gthread",
        "--workers",
        "1",
        "--threads",
        str(settings.SANDBOX_THREADS),
        "--keep-alive",
        "30",
        "--graceful-timeout",
        "5",
        "--timeout",
        "120",
        "--no-control-socket",
    ]
    if os.environ.get("SANDBOX_ACCESS_LOG"):
        argv += ["--access-logfile", "-"]
    os.execv(sys.executable, argv)  # noqa: S606 - replaces this process by gunicorn, no shell involved


def main(argv: list[str] | None = None) -> int:
    """Run one command and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    command = arguments[0] if arguments else ""
    if command not in {"serve", "work", "migrate", "manage"}:
        sys.stderr.write(USAGE + "\n")
        return 2
    _setup()
    if command == "serve":
        serve()
    elif command == "migrate":
        migrate()
    elif command == "work":
        from sandbox.jobs.worker import main as work

        migrate()
        return work()
    else:
        from django.core.management import execute_from_command_line

        execute_from_command_line(["python -m sandbox manage", *arguments[1:]])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

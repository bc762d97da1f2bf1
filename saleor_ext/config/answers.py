"""Settings of the server that only answers Saleor's questions (`ponte web --answers`): nothing of what pages need."""

from .settings import *  # noqa: F403  # all else is the same

ROOT_URLCONF = "saleor_ext.config.answers_urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",  # tells the length of an answer
]

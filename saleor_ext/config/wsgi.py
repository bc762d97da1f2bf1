import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")
application = get_wsgi_application()

from saleor_ext.config import celery  # noqa: E402, F401  # so that tasks asked for by pages know their broker

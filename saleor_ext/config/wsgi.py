import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")
# A thread that waits for the database needs the interpreter only for moments. With Python's usual 5 ms it would wait
# that long for each of them behind a page that is being drawn.
sys.setswitchinterval(0.001)
application = get_wsgi_application()

from saleor_ext.config import celery  # noqa: E402, F401  # so that tasks asked for by pages know their broker

"""``python -m tests.bench.peak NUMBER COUNT``: one worker of the peak; starts when its input is closed."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")

import django


def main(number: int, count: int) -> None:
    """Declare order and list of each parcel as its steps do, gathering and handing over in between."""
    django.setup()
    from plugins.customs_declaration import batches, steps
    from plugins.customs_declaration.models import CustomsDocument
    from saleor_ext.core import outbox
    from saleor_ext.plugin_api import platform as services
    from tests.bench.customs import BATCH, PROCESSES, parcels, quiet
    from tests.customs.parcels import FakePlatform

    quiet()
    module: Any = sys.modules[services.__module__]
    module.set_platform(world := FakePlatform())
    views = parcels(f"K{os.getppid()}W{number}X", count)
    # Whoever gathers may find documents of the other worker's parcels.
    others = [f"K{os.getppid()}W{other}X" for other in range(PROCESSES) if other != number]
    for view in [*views, *(view for other in others for view in parcels(other, count, held=False))]:
        world.add(view)
    print("ready", flush=True)
    sys.stdin.read()
    for begun, view in enumerate(views, 1):
        steps.declare_order(view)
        steps.declare_inventory(view)
        if begun % BATCH == 0:
            batches.gather()
            outbox.drain()
    # Until nothing of it waits any more, here or in the other worker.
    mine = CustomsDocument.objects.filter(declaration__parcel_id__in=[one.id for one in views], state="built")
    while mine.exists():
        batches.gather()
        outbox.drain()
        time.sleep(0.05)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

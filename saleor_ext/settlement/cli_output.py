"""How the commands of the ledger answer."""

from __future__ import annotations

import json
import sys


def show(value: object) -> None:
    """Write a line of JSON, in ASCII where the terminal takes nothing else."""
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not utf8) + "\n")

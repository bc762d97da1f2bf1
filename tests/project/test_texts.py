"""The tree holds no registry hosts, no paths of one machine, and is pinned."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    try:
        names = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: which files belong to the project is unknown")
    return [ROOT / name for name in names.split("\0") if name]


def test_the_lock_pins_every_package_by_hash_and_names_no_index() -> None:
    text = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^[a-z0-9][\w.\[\]-]*==", text, re.MULTILINE)
    assert len(packages) > 50
    for block in re.split(r"\n(?=[a-z0-9])", text)[1:]:
        assert "--hash=sha256:" in block, block[:60]
    assert not re.search(r"index-url|find-links|://", text)


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(r"pypi\.(org|python)|files\.pythonhosted|registry\.npmjs|deb\.debian\.org")
    found = []
    for path in tracked():
        if path.suffix in {".webp", ".png"} or path == Path(__file__):
            continue
        if hosts.search(path.read_text(encoding="utf-8", errors="ignore")):
            found.append(str(path.relative_to(ROOT)))
    assert found == []

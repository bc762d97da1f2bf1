"""What `pip install .` installs is what the tree holds: templates, documents, data, texts."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("saleor_ext", "plugins", "storefront", "sandbox")


def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", *PACKAGES], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: which files belong to the project is unknown")
    wanted = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists()}
    source = tmp_path / "source"
    for name in [*wanted, "pyproject.toml", "README.md", "LICENSE"]:
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run(
        [*command, "--no-build-isolation", "--no-index", "-w", str(tmp_path / "out"), str(source)], check=True
    )
    (wheel,) = (tmp_path / "out").glob("*.whl")
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()

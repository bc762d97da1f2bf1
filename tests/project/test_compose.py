"""docker-compose.yml cannot run here, so it is checked for what can go wrong before it runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from saleor_ext.core.settings import PlatformSettings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
ONE_SHOT = {"saleor-migrate", "ponte-migrate"}
PONTE = [name for name in SERVICES if name.startswith("ponte-")]


def test_all_production_parts_are_there() -> None:
    assert set(SERVICES) == {
        "postgres", "valkey", "saleor-migrate", "saleor-api", "saleor-worker", "saleor-scheduler", "dashboard",
        "ponte-migrate", "ponte-web", "ponte-hooks", "ponte-answers", "ponte-worker", "ponte-beat",
    }  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_to_a_full_version(name: str) -> None:
    image = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", SERVICES[name]["image"])
    assert re.search(r":\d+\.\d+(\.\d+)?(-\w+)?$", image), image


def test_saleor_and_dashboard_are_the_official_images_of_3_23() -> None:
    assert SERVICES["saleor-api"]["image"] == "ghcr.io/saleor/saleor:3.23.28"
    assert SERVICES["dashboard"]["image"].startswith("ghcr.io/saleor/saleor-dashboard:3.23.")


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ONE_SHOT])
def test_every_service_has_a_health_check_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_waited_for_exists(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert needed in SERVICES
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[needed]
        else:
            assert needed in ONE_SHOT


def _known_variables() -> set[str]:
    known = set()
    for name, field in PlatformSettings.model_fields.items():
        alias = field.validation_alias
        known.add(alias if isinstance(alias, str) else f"PONTE_{name.upper()}")
    return known


@pytest.mark.parametrize("name", PONTE)
def test_variables_of_ponte_are_settings_and_the_required_ones_are_given(name: str) -> None:
    given = set(SERVICES[name]["environment"])
    assert given <= _known_variables()
    required = {"DATABASE_URL", "REDIS_URL", "PONTE_SECRET_KEY", "PONTE_KEY_FILE"}
    assert required <= given
    assert "PONTE_DEMO" not in given


def test_webhooks_do_not_share_threads_with_pages_that_wait_for_them() -> None:
    address = SERVICES["ponte-web"]["environment"]["PONTE_APP_URL"]
    assert urlsplit(address).hostname == "ponte-hooks"
    assert SERVICES["ponte-hooks"]["command"] == ["ponte", "web"]


def test_what_a_checkout_waits_for_is_computed_where_nothing_slow_is() -> None:
    address = SERVICES["ponte-web"]["environment"]["PONTE_ANSWERS_URL"]
    assert urlsplit(address).hostname == "ponte-answers"
    assert SERVICES["ponte-answers"]["command"] == ["ponte", "web", "--answers"]


def test_the_commands_are_commands_of_ponte() -> None:
    from saleor_ext.cli import build_parser

    parser = build_parser()
    for name in PONTE:
        command = SERVICES[name]["command"]
        parts = command[2].split(" && ") if command[0] == "sh" else [" ".join(command)]
        for part in parts:
            words = part.split()
            assert words[0] == "ponte"
            parser.parse_args(words[1:])


def test_every_variable_asked_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked <= example


def test_mounted_files_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_only_the_public_parts_open_ports() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {
        "saleor-api",
        "dashboard",
        "ponte-web",
    }

from __future__ import annotations

import pytest
from django.db import connection

from saleor_ext.core.models import AuditEntry
from saleor_ext.plugin_api import configuration, registry
from saleor_ext.plugin_api.configuration import ConfigurationInvalid, current, save
from saleor_ext.plugin_api.models import PluginConfiguration
from tests.dummy_plugin.plugin import DummyConfig, plugin

pytestmark = pytest.mark.django_db


def test_defaults_are_in_force_until_something_is_saved() -> None:
    assert current(plugin) == DummyConfig()


def test_every_save_is_a_version_with_its_author_and_an_audit_entry() -> None:
    save(plugin, {"greeting": "bom dia", "token": "s3cret-token"}, actor="ana")
    save(plugin, {"greeting": "boa tarde", "pieces": 2, "token": ""}, actor="rui")
    configuration.forget_cache()
    config: DummyConfig = current(plugin)
    assert (config.greeting, config.pieces) == ("boa tarde", 2)
    assert config.token is not None
    assert config.token.get_secret_value() == "s3cret-token"  # an empty secret keeps the stored one
    assert [(row.version, row.saved_by) for row in configuration.versions(plugin)] == [(2, "rui"), (1, "ana")]
    entries = list(AuditEntry.objects.filter(action="plugin.configured").order_by("id"))
    assert [entry.data["changed"] for entry in entries] == [
        ["greeting", "pieces", "token"],
        ["greeting", "pieces"],
    ]


def test_secrets_are_neither_in_the_table_nor_in_the_audit_log_nor_printed() -> None:
    save(plugin, {"token": "s3cret-token"}, actor="ana")
    with connection.cursor() as cursor:
        cursor.execute("SELECT values::text || secrets FROM plugin_api_pluginconfiguration")
        assert "s3cret-token" not in cursor.fetchone()[0]
    assert "s3cret-token" not in str([entry.data for entry in AuditEntry.objects.all()])
    assert "s3cret-token" not in repr(current(plugin))


def test_errors_are_told_per_field_and_nothing_is_saved() -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        save(plugin, {"greeting": "x", "pieces": 12, "unknown": 1}, actor="ana")
    assert set(caught.value.data["fields"]) == {"greeting", "pieces", "unknown"}  # type: ignore[call-overload]  # untyped data
    assert PluginConfiguration.objects.count() == 0


def test_a_field_dropped_by_a_newer_plugin_does_not_stop_it() -> None:
    row = save(plugin, {"greeting": "ola"}, actor="ana")
    PluginConfiguration.objects.filter(pk=row.pk).update(
        values={"greeting": "ola", "pieces": 1, "gone": True}
    )
    configuration.forget_cache()
    assert current(plugin) == DummyConfig(greeting="ola")


def test_the_registry_finds_plugins_by_entry_point() -> None:
    identifiers = [declared.identifier for declared in registry.plugins()]
    assert identifiers == sorted(["cross_border_payment", "customs_declaration", "dummy", "nansha_logistics"])
    assert registry.plugin("dummy") is plugin
    with pytest.raises(KeyError):
        registry.plugin("nobody")


def test_hooks_of_all_plugins_are_joined() -> None:
    assert "dummy" in [lane.code for lane in registry.ask("lanes")]
    assert [item.name for item in registry.ask("health") if item.name == "dummy"] == ["dummy"]

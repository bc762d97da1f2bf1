"""The demonstration's configuration is complete, kept when people change it, and works with its own key."""

from __future__ import annotations

import pytest

from plugins.customs_declaration import demo, links
from plugins.customs_declaration.plugin import plugin
from plugins.customs_declaration.signing import certificate_facts
from saleor_ext.core.settings import platform_settings
from saleor_ext.plugin_api import configuration

pytestmark = pytest.mark.django_db


def test_a_demonstration_is_ready_to_declare(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SANDBOX_CUSTOMS_DROP", str(tmp_path / "drop"))
    demo.configure(tmp_path, "http://127.0.0.1:8100")
    configuration.forget_cache()
    settings = links.config()
    assert settings.missing() == []
    assert settings.realtime_url == "http://127.0.0.1:8100/ceb2grab/grab/realTimeDataUpload"
    assert links.transport(settings).problems() == []
    assert "demo" in certificate_facts(links.signer(settings).certificate).subject
    assert settings.key_files[0].parent == platform_settings().var_dir / "customs"


def test_what_an_operator_changed_stays(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("SANDBOX_CUSTOMS_DROP", raising=False)
    demo.configure(tmp_path / "a", "http://127.0.0.1:8100")
    stored = configuration.latest(plugin)
    configuration.save(plugin, {**stored.values, "ebp_name": "别的名字"}, actor="operator")
    demo.configure(tmp_path / "b", "http://127.0.0.1:8100")
    demo.configure(tmp_path / "b", "http://127.0.0.1:8100")
    configuration.forget_cache()
    settings = links.config()
    assert (settings.ebp_name, settings.folder) == ("别的名字", str(tmp_path / "b" / "customs"))
    assert len(configuration.versions(plugin)) == 3


def test_the_address_of_customs_follows_the_sandbox_unless_an_operator_named_another(
    tmp_path, monkeypatch
) -> None:
    monkeypatch.delenv("SANDBOX_CUSTOMS_DROP", raising=False)
    demo.configure(tmp_path, "http://127.0.0.1:8100")
    demo.configure(tmp_path, "http://127.0.0.1:8200")
    assert configuration.latest(plugin).values["realtime_url"].startswith("http://127.0.0.1:8200/")
    stored = configuration.latest(plugin)
    configuration.save(plugin, {**stored.values, "realtime_url": "https://customs.test/x"}, actor="operator")
    demo.configure(tmp_path, "http://127.0.0.1:8300")
    assert configuration.latest(plugin).values["realtime_url"] == "https://customs.test/x"


@pytest.mark.parametrize(
    "values",
    [
        {"ebp_code": "short"},
        {"customs_code": "51"},
        {"transport": "http"},
        {"gateway_url": "ftp://port"},
        {"order_ready_status": "800"},
        {"folder": "a\x00b"},
        {"unknown": "x"},
        {"signer": "remote"},
        {"signer_url": "ftp://signer"},
        {"signer_body": "{}"},
        {"signer_value_path": "a b"},
        {"realtime_url": "customs"},
        {"realtime_keep_years": 2},
    ],
)
def test_values_that_cannot_be_are_refused_by_field(values) -> None:
    with pytest.raises(configuration.ConfigurationInvalid) as caught:
        configuration.save(plugin, values, actor="operator")
    assert caught.value.data["fields"]


def test_every_field_has_a_title_and_a_default() -> None:
    for name, field in plugin.config_model.model_fields.items():
        assert field.title and field.description, name
        assert not field.is_required(), name

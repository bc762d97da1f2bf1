"""Where our apps are installed."""

from __future__ import annotations

import pytest

from saleor_ext.core import clock
from saleor_ext.link.models import SaleorAppInstall, SaleorInstance
from saleor_ext.plugin_api import platform


@pytest.mark.django_db
def test_a_plugin_learns_the_saleors_its_app_is_installed_in() -> None:
    for name, active, app in (
        ("b", True, "ponte.payment"),
        ("a", True, "ponte.payment"),
        ("c", False, "ponte.payment"),
        ("d", True, "ponte.customs"),
    ):
        instance = SaleorInstance.objects.create(
            api_url=f"http://{name}.test/graphql/", domain=name, active=active
        )
        SaleorAppInstall.objects.create(
            instance=instance, identifier=app, token="t" * 30, saleor_app_id="x", installed_at=clock.now()
        )
    assert platform().instances("ponte.payment") == ["http://a.test/graphql/", "http://b.test/graphql/"]
    assert platform().instances("ponte.logistics") == []

"""All routes: Saleor apps, plugins, health, and the three surfaces."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, URLResolver, include, path

from saleor_ext.plugin_api.registry import plugins


def alive(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs (load balancer, Compose health check)."""
    return JsonResponse({"ok": True})




def _there(prefix: str, module: str) -> list[URLPattern | URLResolver]:
    """Until every part has landed."""
    with suppress(ModuleNotFoundError):
        if find_spec(module):
            return [path(prefix, include(module))]
    return []


urlpatterns = [
    path("healthz", alive, name="healthz"),
    *_there("saleor/", "saleor_ext.link.urls"),
    path("i18n/", include("django.conf.urls.i18n")),
    *(path(f"plugins/{plugin.slug}/", include(plugin.urls)) for plugin in plugins() if plugin.urls),
]
if settings.PONTE_DEMO:
    urlpatterns += _there("ui/", "storefront.ui.urls")
urlpatterns += i18n_patterns(
    *_there("portal/", "storefront.portal.urls"),
    *_there("console/", "storefront.console.urls"),
    *_there("", "storefront.shop.urls"),
    prefix_default_language=False,
)

if (_ui := find_spec("storefront.ui")) and _ui.origin and find_spec("storefront.ui.views"):  # until it has landed
    handler403 = "storefront.ui.views.forbidden"
    handler404 = "storefront.ui.views.not_found"
    handler500 = "storefront.ui.views.server_error"

"""All routes: Saleor apps, plugins, health, and the three surfaces."""

from __future__ import annotations

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from saleor_ext.plugin_api.registry import plugins


def alive(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs (load balancer, Compose health check)."""
    return JsonResponse({"ok": True})


urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("saleor/", include("saleor_ext.link.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    *(path(f"plugins/{plugin.slug}/", include(plugin.urls)) for plugin in plugins() if plugin.urls),
]
if settings.PONTE_DEMO:
    urlpatterns.append(path("ui/", include("storefront.ui.urls")))
urlpatterns += i18n_patterns(
    path("portal/", include("storefront.portal.urls")),
    path("console/", include("storefront.console.urls")),
    path("", include("storefront.shop.urls")),
    prefix_default_language=False,
)

handler400 = "storefront.ui.errors.malformed"
handler403 = "storefront.ui.errors.forbidden"
handler404 = "storefront.ui.errors.not_found"
handler500 = "storefront.ui.errors.server_error"

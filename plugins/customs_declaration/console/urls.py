"""Pages below ``/console/customs/``; staff only, by the console itself."""

from ..policies.urls import patterns

app_name = "customs_console"
urlpatterns = [*patterns]

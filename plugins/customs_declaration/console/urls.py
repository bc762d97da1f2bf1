"""Pages below ``/console/customs/``; staff only, by the console itself."""

from .. import actions

app_name = "customs_console"
urlpatterns = [*actions.urlpatterns]

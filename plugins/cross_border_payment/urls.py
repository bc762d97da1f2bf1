from django.urls import path

from . import notify

app_name = "payment"
urlpatterns = [path("notify/<slug:gateway>/<slug:account>", notify.receive, name="notify")]

from django.urls import path

from . import notify, payers

app_name = "payment"
urlpatterns = [
    path("notify/<slug:gateway>/<slug:account>", notify.receive, name="notify"),
    path("payer/<slug:account>", payers.ask, name="payer_ask"),
    path("payer/<slug:account>/told", payers.told, name="payer_told"),
]

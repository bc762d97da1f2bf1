from django.urls import path

from . import views

app_name = "link"
urlpatterns = [
    path("<str:identifier>/manifest", views.manifest, name="manifest"),
    path("<str:identifier>/register", views.register, name="register"),
    path("<str:identifier>/webhooks/<slug:slug>", views.webhook, name="webhook"),
]

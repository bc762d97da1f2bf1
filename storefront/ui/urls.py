"""The component page; part of the demonstration only."""

from django.urls import path

from . import views

app_name = "ui"
urlpatterns = [path("", views.showcase, name="showcase")]

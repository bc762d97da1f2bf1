"""Addresses of the stand-in for Saleor."""

from django.urls import path

from sandbox.saleor import views

urlpatterns = [
    path("graphql/", views.graphql, name="saleor-graphql"),
    path(".well-known/jwks.json", views.jwks, name="saleor-jwks"),
    path("media/<path:path>", views.media, name="saleor-media"),
    path("dashboard/", views.dashboard, name="saleor-dashboard"),
]

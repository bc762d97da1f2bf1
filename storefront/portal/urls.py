"""Addresses of the portal, below /portal/."""

from django.urls import path

from . import views
from .views import listings, money, orders, pictures

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("account/", views.account, name="account"),
    path("merchant/", views.choose_merchant, name="choose"),
    path("listings/", listings.table, name="listings"),
    path("listings/new/", listings.new, name="new"),
    path("listings/<uuid:listing_id>/", listings.edit, name="listing"),
    path("listings/<uuid:listing_id>/publish/", listings.publish, name="publish"),
    path("listings/<uuid:listing_id>/progress/", listings.progress, name="progress"),
    path("listings/<uuid:listing_id>/pictures/", pictures.upload, name="upload"),
    path("listings/<uuid:listing_id>/pictures/<uuid:picture_id>/", pictures.show, name="picture"),
    path(
        "listings/<uuid:listing_id>/pictures/<uuid:picture_id>/remove/",
        pictures.remove,
        name="remove_picture",
    ),
    path(
        "listings/<uuid:listing_id>/pictures/<uuid:picture_id>/text/",
        pictures.describe,
        name="describe_picture",
    ),
    path("money/", money.show, name="money"),
    path("money/statement/", money.statement, name="statement"),
    path("orders/", orders.table, name="orders"),
    path("orders/<str:number>/", orders.detail, name="order"),
]

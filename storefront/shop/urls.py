"""Addresses of the shop. Keys and order ids are opaque; nothing personal stands in an address."""

from django.urls import path

from storefront.ui.views import offline, worker

from .views import account, basket, browse, checkout, orders, pictures

app_name = "shop"
urlpatterns = [
    path("", browse.home, name="home"),
    path("goods/", browse.everything, name="all"),
    path("goods/<slug:slug>/", browse.category, name="category"),
    path("search/", browse.search, name="search"),
    path("shops/<slug:slug>/", browse.merchant, name="merchant"),
    path("p/<slug:slug>/", browse.product, name="product"),
    path("pictures/<slug:slug>/<int:number>-<str:mark>", pictures.picture, name="picture"),
    path("help/", browse.help_page, name="help"),
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket_add"),
    path("basket/<slug:key>/", basket.change, name="basket_change"),
    path("checkout/<slug:key>/", checkout.start, name="checkout"),
    path("checkout/<slug:key>/address/", checkout.address, name="address"),
    path("checkout/<slug:key>/buyer/", checkout.buyer, name="buyer"),
    path("checkout/<slug:key>/delivery/", checkout.delivery, name="delivery"),
    path("checkout/<slug:key>/review/", checkout.review, name="review"),
    path("pay/<slug:key>/", checkout.pay, name="pay"),
    path("pay/<slug:key>/status/", checkout.pay_status, name="pay_status"),
    path("pay/<slug:key>/look/", checkout.pay_look, name="pay_look"),
    path("orders/<str:order_id>/", orders.order, name="order"),
    path("orders/<str:order_id>/events/", orders.order_events, name="order_events"),
    path("account/", orders.account, name="account"),
    path("account/sign-in/", account.sign_in, name="sign_in"),
    path("account/register/", account.register, name="register"),
    path("account/sign-out/", account.sign_out, name="sign_out"),
    path("offline/", offline, name="offline"),
    path("sw.js", worker, name="worker"),
]

"""Addresses of the payment companies."""

from django.urls import include, path

from sandbox.psp import certificates, customs, openids, pages, payments, refunds, statements
from sandbox.psp.wire import api

V3 = "v3/global"

urlpatterns = [
    path("v3/certificates", api(get=certificates.listed)),
    path(f"{V3}/certificates", api(get=certificates.listed)),
    path(f"{V3}/transactions/native", api(post=payments.native)),
    path(f"{V3}/transactions/jsapi", api(post=payments.jsapi)),
    path(f"{V3}/transactions/mweb", api(post=payments.mweb)),
    path(f"{V3}/transactions/h5", api(post=payments.mweb)),
    path(f"{V3}/transactions/id/<str:transaction_id>", api(get=payments.query_by_id)),
    path(f"{V3}/transactions/out-trade-no/<str:out_trade_no>", api(get=payments.query_by_number)),
    path(f"{V3}/transactions/out-trade-no/<str:out_trade_no>/close", api(post=payments.close)),
    path(f"{V3}/refunds", api(post=refunds.create)),
    path(f"{V3}/refunds/id/<str:refund_id>", api(get=refunds.query_by_id)),
    path(f"{V3}/refunds/out-refund-no/<str:out_refund_no>", api(get=refunds.query_by_number)),
    path(f"{V3}/statements", api(get=statements.download)),
    path(f"{V3}/customs/orders", api(post=customs.declare, patch=customs.modify, get=customs.query)),
    path(f"{V3}/customs/redeclare", api(post=customs.redeclare)),
    path(f"{V3}/customs/verify-certificate", api(post=customs.verify_certificate)),
    path("connect/oauth2/authorize", openids.authorize, name="wechat-authorize"),
    path("sns/oauth2/access_token", openids.access_token),
    path("ams/api/v1/", include("sandbox.psp.antom.urls")),
    path("pay/<str:token>/", pages.phone, name="phone"),
    path("sandbox/psp/pay", pages.pay_json, name="psp-pay"),
    path("", include("sandbox.psp.stripe.urls")),
]

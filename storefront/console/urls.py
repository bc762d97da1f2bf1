from django.urls import path, re_path

from . import plugin_urls
from .views import (
    accounts,
    bank,
    health,
    ledger,
    letters,
    merchants,
    overview,
    parcels,
    payouts,
    plugins,
    session,
    terms,
)

app_name = "console"
urlpatterns = [
    path("", overview.show, name="overview"),
    path("sign-in/", session.sign_in, name="sign_in"),
    path("sign-out/", session.sign_out, name="sign_out"),
    path("parcels/", parcels.table, name="parcels"),
    path("parcels/<uuid:parcel_id>/", parcels.show, name="parcel"),
    path("parcels/<uuid:parcel_id>/retry/", parcels.retry, name="parcel_retry"),
    path("letters/", letters.table, name="letters"),
    path("letters/<slug:box>/<uuid:message_id>/", letters.show, name="letter"),
    path("letters/<slug:box>/<uuid:message_id>/retry/", letters.retry, name="letter_retry"),
    path("letters/<slug:box>/<uuid:message_id>/drop/", letters.drop, name="letter_drop"),
    path("plugins/", plugins.table, name="plugins"),
    path("plugins/<str:identifier>/", plugins.show, name="plugin"),
    path("plugins/<str:identifier>/accounts/<str:kind>/", accounts.add, name="account_add"),
    path("plugins/<str:identifier>/accounts/<str:kind>/<str:name>/", accounts.show, name="account"),
    path(
        "plugins/<str:identifier>/accounts/<str:kind>/<str:name>/probe/", accounts.probe, name="account_probe"
    ),
    path("merchants/", merchants.table, name="merchants"),
    path("merchants/<slug:slug>/", merchants.show, name="merchant"),
    path("merchants/<slug:slug>/state/", merchants.change_state, name="merchant_state"),
    path("payouts/", payouts.table, name="payouts"),
    path("payouts/draft/", payouts.draft, name="payout_draft"),
    path("payouts/details/", payouts.details, name="payout_details"),
    path("payouts/<uuid:batch_id>/", payouts.batch, name="payout_batch"),
    path("payouts/<uuid:batch_id>/approve/", payouts.approve, name="payout_approve"),
    path("payouts/<uuid:batch_id>/release/", payouts.release, name="payout_release"),
    path("payouts/<uuid:batch_id>/withdraw/", payouts.withdraw, name="payout_withdraw"),
    re_path(
        r"^payouts/(?P<batch_id>[0-9a-f-]{36})/(?P<form>csv|pain\.001)/$", payouts.file, name="payout_file"
    ),
    re_path(
        r"^payouts/decide/(?P<payout_id>[0-9a-f-]{36})/(?P<outcome>paid|failed)/$",
        payouts.decide,
        name="payout_decide",
    ),
    path("bank/", bank.table, name="bank"),
    path("bank/take/", bank.take, name="bank_take"),
    path("bank/line/<uuid:line_id>/", bank.explain, name="bank_explain"),
    path("bank/expected/<str:key>/", bank.give_up, name="bank_give_up"),
    path("terms/", terms.table, name="terms"),
    path("terms/rule/", terms.rule, name="terms_rule"),
    path("terms/rule/<int:rule_id>/end/", terms.end, name="terms_end"),
    path("terms/rates/", terms.rates, name="terms_rates"),
    path("terms/<uuid:change_id>/release/", terms.release, name="terms_release"),
    path("terms/<uuid:change_id>/refuse/", terms.refuse, name="terms_refuse"),
    path("ledger/", ledger.accounts, name="ledger"),
    path("ledger/journals/<uuid:journal_id>/", ledger.journal, name="journal"),
    path("ledger/<str:code>/<str:currency>/", ledger.account, name="ledger_account"),
    path("health/", health.show, name="health"),
    *plugin_urls.routes(),
]

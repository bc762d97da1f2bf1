"""Pages below ``/console/customs/``; staff only, by the console itself."""

from django.urls import path

from .. import actions
from ..policies.urls import patterns
from . import declarations, documents, payment_data, quarantine, reports, retries, work

app_name = "customs"
urlpatterns = [
    path("", work.table, name="work"),
    path("search/", work.find, name="search"),
    path("health/", work.health, name="health"),
    path("retries/", retries.begin, name="retry_many"),
    path("retries/<uuid:run_id>/", retries.show, name="retry_run"),
    path("declarations/<uuid:declaration_id>/", declarations.show, name="declaration"),
    path("declarations/<uuid:declaration_id>/retry/", declarations.retry, name="retry"),
    path("declarations/<uuid:declaration_id>/lines/<int:gnum>/", declarations.correct, name="correct"),
    path("documents/<uuid:document_id>/", documents.show, name="document"),
    path("documents/<uuid:document_id>/raw/", documents.raw, name="raw"),
    path("receipts/<uuid:receipt_id>/", documents.receipt, name="receipt"),
    path("rejections/", reports.rejections, name="rejections"),
    path("reconciliation/", reports.reconcile, name="reconciliation"),
    path("reconciliation/csv/", reports.reconcile_csv, name="reconciliation_csv"),
    path("quarantine/", quarantine.table, name="quarantine"),
    path("quarantine/<uuid:file_id>/", quarantine.show, name="quarantined"),
    path("quarantine/<uuid:file_id>/again/", quarantine.again, name="quarantined_again"),
    path("quarantine/<uuid:file_id>/download/", quarantine.download, name="quarantined_download"),
    path("payment-data/", payment_data.table, name="payment_data"),
    path("payment-data/<uuid:request_id>/again/", payment_data.again, name="payment_data_again"),
    *actions.urlpatterns,
    *patterns,
]

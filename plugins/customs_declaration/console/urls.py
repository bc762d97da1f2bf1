"""Pages below ``/console/customs/``; staff only, by the console itself."""

from django.urls import path

from .. import actions
from ..policies.urls import patterns
from . import corrections, declarations, documents, duties, payment_data, quarantine, reports, retries, work

CSV, XLSX = {"form": "csv"}, {"form": "xlsx"}

app_name = "customs"
urlpatterns = [
    path("", work.table, name="work"),
    path("csv/", work.download, CSV, name="work_csv"),
    path("xlsx/", work.download, XLSX, name="work_xlsx"),
    path("search/", work.find, name="search"),
    path("health/", work.health, name="health"),
    path("retries/", retries.begin, name="retry_many"),
    path("retries/<uuid:run_id>/", retries.show, name="retry_run"),
    path("declarations/<uuid:declaration_id>/", declarations.show, name="declaration"),
    path("declarations/<uuid:declaration_id>/retry/", declarations.retry, name="retry"),
    path("declarations/<uuid:declaration_id>/lines/<int:gnum>/", corrections.line, name="correct"),
    path("declarations/<uuid:declaration_id>/consignee/", corrections.consignee, name="correct_consignee"),
    path("declarations/<uuid:declaration_id>/buyer/", corrections.buyer, name="correct_buyer"),
    path("documents/<uuid:document_id>/", documents.show, name="document"),
    path("documents/<uuid:document_id>/raw/", documents.raw, name="raw"),
    path("receipts/<uuid:receipt_id>/", documents.receipt, name="receipt"),
    path("rejections/", reports.rejections, name="rejections"),
    path("rejections/csv/", reports.rejections_download, CSV, name="rejections_csv"),
    path("rejections/xlsx/", reports.rejections_download, XLSX, name="rejections_xlsx"),
    path("reconciliation/", reports.reconcile, name="reconciliation"),
    path("reconciliation/csv/", reports.reconcile_download, CSV, name="reconciliation_csv"),
    path("reconciliation/xlsx/", reports.reconcile_download, XLSX, name="reconciliation_xlsx"),
    path("tax/", duties.bill_list, name="tax_bills"),
    path("tax/csv/", duties.bills_download, CSV, name="tax_bills_csv"),
    path("tax/xlsx/", duties.bills_download, XLSX, name="tax_bills_xlsx"),
    path("tax/bills/<uuid:bill_id>/", duties.bill, name="tax_bill"),
    path("tax/bills/<uuid:bill_id>/csv/", duties.bill_download, CSV, name="tax_bill_csv"),
    path("tax/bills/<uuid:bill_id>/xlsx/", duties.bill_download, XLSX, name="tax_bill_xlsx"),
    path("tax/guarantee/", duties.guarantee_account, name="guarantee"),
    path("tax/guarantee/csv/", duties.entries_download, CSV, name="guarantee_csv"),
    path("tax/guarantee/xlsx/", duties.entries_download, XLSX, name="guarantee_xlsx"),
    path("tax/run/", duties.tax_run, name="tax_run"),
    path("tax/run/csv/", duties.run_download, CSV, name="tax_run_csv"),
    path("tax/run/xlsx/", duties.run_download, XLSX, name="tax_run_xlsx"),
    path("quarantine/", quarantine.table, name="quarantine"),
    path("quarantine/<uuid:file_id>/", quarantine.show, name="quarantined"),
    path("quarantine/<uuid:file_id>/again/", quarantine.again, name="quarantined_again"),
    path("quarantine/<uuid:file_id>/download/", quarantine.download, name="quarantined_download"),
    path("quarantine/<uuid:file_id>/delete/", quarantine.delete, name="quarantined_delete"),
    path("payment-data/", payment_data.table, name="payment_data"),
    path("payment-data/<uuid:request_id>/again/", payment_data.again, name="payment_data_again"),
    *actions.urlpatterns,
    *patterns,
]

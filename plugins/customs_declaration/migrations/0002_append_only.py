from django.db import migrations

from saleor_ext.core.triggers import append_only


class Migration(migrations.Migration):
    """Receipts of customs are never altered or deleted."""

    dependencies = [("customs_declaration", "0001_initial"), ("core", "0002_append_only")]
    operations = [append_only("customs_declaration_receipt")]

from django.db import migrations

from saleor_ext.core.triggers import append_only


class Migration(migrations.Migration):
    """Movements of the bonded book are never altered or deleted."""

    dependencies = [("nansha_logistics", "0001_initial"), ("core", "0002_append_only")]
    operations = [append_only("nansha_logistics_movement")]

from django.db import migrations, models
from django.db.models import F


def name_orders(apps, schema_editor):
    """Every waybill so far was ordered under its parcel's number."""
    shipments = apps.get_model("nansha_logistics", "Shipment").objects.exclude(waybill=None)
    shipments.update(carrier_order=F("number"))


class Migration(migrations.Migration):
    dependencies = [("nansha_logistics", "0002_append_only")]

    operations = [
        migrations.AddField("shipment", "carrier_order", models.CharField(blank=True, max_length=64)),
        migrations.AddField("shipment", "renewals", models.PositiveSmallIntegerField(default=0)),
        migrations.RunPython(name_orders, migrations.RunPython.noop),
    ]

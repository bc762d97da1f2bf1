from django.db import migrations, models

KINDS = ("payment", "refund", "settlement", "other")


class Migration(migrations.Migration):
    dependencies = [("cross_border_payment", "0005_payment_dispute")]

    operations = [
        migrations.AlterField(
            "paymentstatementline",
            "kind",
            models.CharField(choices=[(kind, kind) for kind in KINDS], max_length=10),
        ),
    ]

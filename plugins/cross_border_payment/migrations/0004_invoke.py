from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cross_border_payment", "0003_statements")]

    operations = [
        migrations.AddField("paymentsession", "invoke", models.JSONField(blank=True, default=dict)),
    ]

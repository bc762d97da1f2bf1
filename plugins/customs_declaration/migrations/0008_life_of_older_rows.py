from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customs_declaration", "0007_declaration_life")]

    operations = [
        # What stands in the tables already: the port has it, or the parcel was cancelled.
        migrations.RunSQL(
            "UPDATE customs_declaration_customsdocument SET filed = true "
            "WHERE state NOT IN ('built', 'sent', 'error')",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "UPDATE customs_declaration_declaration SET cancelled_at = created_at WHERE state = 'cancelled'",
            migrations.RunSQL.noop,
        ),
    ]

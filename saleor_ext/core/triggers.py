"""SQL for append-only tables, used by migrations of the core and of plugins."""

from __future__ import annotations

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION ponte_append_only() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END;
$$ LANGUAGE plpgsql;
"""


def append_only(table: str) -> migrations.RunSQL:
    """Return a migration operation that makes the database refuse UPDATE and DELETE on a table."""
    name = f"{table}_append_only"
    return migrations.RunSQL(
        f"{_FUNCTION} CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION ponte_append_only();",
        f"DROP TRIGGER {name} ON {table};",
    )

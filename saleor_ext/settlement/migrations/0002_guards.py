"""The database's own guards: journals balance at commit, and nothing of the ledger is ever changed."""

from django.db import migrations

from saleor_ext.core.triggers import append_only

_BALANCED = """
CREATE FUNCTION settlement_balanced() RETURNS trigger AS $$
DECLARE
    number uuid;
    off record;
BEGIN
    IF TG_TABLE_NAME = 'settlement_journal' THEN
        number := NEW.id;
    ELSE
        number := NEW.journal_id;
    END IF;
    SELECT account.currency, sum(entry.amount) AS total INTO off
    FROM settlement_entry AS entry JOIN settlement_account AS account ON account.id = entry.account_id
    WHERE entry.journal_id = number
    GROUP BY account.currency HAVING sum(entry.amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % does not balance: % %', number, off.total, off.currency
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_TABLE_NAME = 'settlement_journal'
        AND (SELECT count(*) FROM settlement_entry WHERE journal_id = number) < 2
    THEN
        RAISE EXCEPTION 'journal % has fewer than two entries', number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END;
$$ LANGUAGE plpgsql;
CREATE CONSTRAINT TRIGGER settlement_journal_balanced AFTER INSERT ON settlement_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION settlement_balanced();
CREATE CONSTRAINT TRIGGER settlement_entry_balanced AFTER INSERT ON settlement_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION settlement_balanced();
"""
_GONE = """
DROP TRIGGER settlement_entry_balanced ON settlement_entry;
DROP TRIGGER settlement_journal_balanced ON settlement_journal;
DROP FUNCTION settlement_balanced();
"""


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_initial"), ("core", "0002_append_only")]
    operations = [
        migrations.RunSQL(_BALANCED, _GONE),
        append_only("settlement_account"),
        append_only("settlement_journal"),
        append_only("settlement_entry"),
    ]

"""The lines' own table, and what the database keeps true about entries, accounts and periods.

Every function below that must see or write what the application's role may not is SECURITY DEFINER with a fixed search
path (temporary objects last). Tests with raw SQL: ``tests/ledger/attacks``.
"""

import django.db.models.deletion
from django.db import migrations, models

POSTING = """
CREATE TABLE ledger_posting (
    entry_id bigint NOT NULL,
    coop_id bigint NOT NULL,
    account_id bigint NOT NULL,
    amount bigint NOT NULL CONSTRAINT posting_moves_something CHECK (amount <> 0),
    batch integer NOT NULL DEFAULT 0,
    n integer NOT NULL CONSTRAINT posting_is_numbered CHECK (n > 0),
    posted_on date NOT NULL,
    memo varchar(200) NOT NULL DEFAULT '',
    CONSTRAINT ledger_posting_pkey PRIMARY KEY (batch, entry_id, n),
    CONSTRAINT posting_account_of_the_coop FOREIGN KEY (coop_id, account_id) REFERENCES ledger_account (coop_id, id)
) PARTITION BY LIST (batch);
CREATE INDEX posting_by_account ON ledger_posting (account_id, posted_on) INCLUDE (amount);
CREATE INDEX posting_by_date ON ledger_posting (coop_id, posted_on);
CREATE TABLE ledger_posting_0 PARTITION OF ledger_posting FOR VALUES IN (0);
ALTER TABLE ledger_posting_0 ADD CONSTRAINT posting_entry_of_the_coop
    FOREIGN KEY (coop_id, entry_id) REFERENCES ledger_entry (coop_id, id);
"""

# One snapshot answers both "is the entry there" and "does it stand already": an entry of another transaction becomes
# visible together with its seal, so there is no moment at which a stranger's line could slip in.
NO_LATE_LINES = """
CREATE FUNCTION ledger_no_late_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE late record;
BEGIN
    SELECT n.*, e.id AS entry, s.entry_id AS seal, (e.coop_id, e.batch, e.posted_on) AS wanted INTO late
      FROM (SELECT DISTINCT entry_id, coop_id, batch, posted_on FROM new_rows) n
      LEFT JOIN ledger_entry e ON e.id = n.entry_id
      LEFT JOIN ledger_sealed s ON s.entry_id = n.entry_id
     WHERE e.id IS NULL OR s.entry_id IS NOT NULL
        OR (e.coop_id, e.batch, e.posted_on) IS DISTINCT FROM (n.coop_id, n.batch, n.posted_on)
     LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF late.entry IS NULL THEN
        RAISE check_violation USING MESSAGE = format('a line belongs to entry %s, which is not there', late.entry_id);
    ELSIF late.seal IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('entry %s is posted and takes no more lines', late.entry_id);
    END IF;
    RAISE check_violation USING MESSAGE = format('a line says otherwise than its entry %s', late.entry_id);
END $$;
"""

APPEND_ONLY = """
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = TG_TABLE_NAME || ' is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
"""


def partition_triggers(table: str) -> str:
    """The statement triggers that neither PARTITION OF nor ATTACH passes on."""
    return f"""
    CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION ledger_append_only();
    CREATE TRIGGER no_late_lines AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_no_late_lines();
    """


# The check of entries, for all new ones of a transaction at once. Amounts are never nought, so an entry that balances
# in each of its currencies has two lines at least; one without any line shows as a missing sum.
CHECK_ENTRIES = """
CREATE FUNCTION ledger_check_entries(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE bad record; n bigint;
BEGIN
    SELECT i AS id, a.currency, sum(p.amount) AS off INTO bad
      FROM unnest(ids) i
      LEFT JOIN ledger_posting p ON p.batch = 0 AND p.entry_id = i
      LEFT JOIN ledger_account a ON a.id = p.account_id
     GROUP BY i, a.currency HAVING coalesce(sum(p.amount), 1) <> 0 LIMIT 1;
    IF FOUND THEN
        SELECT count(*) INTO n FROM ledger_posting WHERE batch = 0 AND entry_id = bad.id;
        IF n < 2 THEN
            RAISE check_violation USING MESSAGE = format('entry %s has %s lines', bad.id, n);
        END IF;
        RAISE check_violation USING MESSAGE = format('entry %s is off by %s %s', bad.id, bad.off, bad.currency);
    END IF;

    -- Held until commit: closing a period waits for the entries on their way into it, and they for it.
    PERFORM FROM ledger_period WHERE id IN (SELECT period_id FROM ledger_entry WHERE id = ANY(ids))
      ORDER BY id FOR SHARE;
    SELECT e.id, p.closed_at INTO bad FROM ledger_entry e JOIN ledger_period p ON p.id = e.period_id
     WHERE e.id = ANY(ids) AND (p.closed_at IS NOT NULL OR e.posted_on NOT BETWEEN p.starts AND p.ends) LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE =
            format('the period of entry %s is closed or does not contain its date', bad.id);
    END IF;

    SELECT e.id, e.reverses_id INTO bad FROM ledger_entry e JOIN ledger_entry o ON o.id = e.reverses_id
     WHERE e.id = ANY(ids) AND (
           e.posted_on < o.posted_on
        OR EXISTS ((SELECT account_id, amount FROM ledger_posting WHERE batch = e.batch AND entry_id = e.id)
                   EXCEPT ALL
                   (SELECT account_id, -amount FROM ledger_posting WHERE batch = o.batch AND entry_id = o.id))
        OR EXISTS ((SELECT account_id, -amount FROM ledger_posting WHERE batch = o.batch AND entry_id = o.id)
                   EXCEPT ALL
                   (SELECT account_id, amount FROM ledger_posting WHERE batch = e.batch AND entry_id = e.id)))
     LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE = format('entry %s is no mirror of entry %s', bad.id, bad.reverses_id);
    END IF;
    PERFORM ledger_check_share_register(ids);
END $$;
"""

# Fires once an entry. Its first firing checks and seals every new entry of the transaction with a number at or above
# its own; the rest find their seal and return. An entry numbered lower is checked by its own firing.
COMPLETE = """
CREATE FUNCTION ledger_entry_complete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE ids bigint[];
BEGIN
    IF EXISTS (SELECT FROM ledger_sealed WHERE entry_id = NEW.id) THEN
        RETURN NULL;
    ELSIF NEW.batch <> 0 THEN
        RAISE check_violation USING MESSAGE = format('entry %s says it is a batch and was not sealed as one', NEW.id);
    END IF;
    SELECT array_agg(e.id) INTO ids FROM ledger_entry e
     WHERE e.id >= NEW.id AND e.batch = 0 AND NOT EXISTS (SELECT FROM ledger_sealed s WHERE s.entry_id = e.id);
    PERFORM ledger_check_entries(ids);
    INSERT INTO ledger_sealed (entry_id, lines)
    SELECT entry_id, count(*) FROM ledger_posting WHERE batch = 0 AND entry_id = ANY(ids) GROUP BY entry_id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entry_complete AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_entry_complete();
"""

ACCOUNTS = """
CREATE FUNCTION ledger_account_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE check_violation USING MESSAGE = 'an account is never deleted';
    ELSIF (OLD.coop_id, OLD.currency, OLD.kind, OLD.purpose, OLD.membership_id, OLD.share_class_id, OLD.year)
          IS DISTINCT FROM
          (NEW.coop_id, NEW.currency, NEW.kind, NEW.purpose, NEW.membership_id, NEW.share_class_id, NEW.year) THEN
        RAISE check_violation USING MESSAGE =
            format('account %s keeps its currency, its kind and whose it is for good', OLD.code);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON ledger_account FOR EACH ROW EXECUTE FUNCTION ledger_account_stays();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger_account EXECUTE FUNCTION ledger_append_only();
"""

# Registers and capital account: what an entry moves on accounts of share capital is what its share events say, member
# by member and class by class; and no event joins an entry that stands. Holdings never go below nothing, and nobody
# has paid more than the par value of what was subscribed.
SHARES = """
CREATE FUNCTION ledger_check_share_register(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE bad record;
BEGIN
    SELECT entry_id, membership_id INTO bad FROM (
        SELECT p.entry_id, a.membership_id, a.share_class_id, -p.amount AS paid
          FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
         WHERE p.batch = 0 AND p.entry_id = ANY(ids) AND a.purpose = 'share_capital'
        UNION ALL
        SELECT entry_id, membership_id, share_class_id, -paid FROM ledger_shareevent WHERE entry_id = ANY(ids)
    ) x GROUP BY entry_id, membership_id, share_class_id HAVING sum(paid) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE =
            format('entry %s moves share capital that the register of shares does not show', bad.entry_id);
    END IF;
END $$;

CREATE FUNCTION ledger_no_late_share_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE late bigint;
BEGIN
    SELECT n.entry_id INTO late FROM new_rows n
      LEFT JOIN ledger_entry e ON e.id = n.entry_id LEFT JOIN ledger_sealed s ON s.entry_id = n.entry_id
     WHERE n.entry_id IS NOT NULL AND n.paid <> 0 AND (e.id IS NULL OR s.entry_id IS NOT NULL) LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE = format('entry %s is posted and takes no more share events', late);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER no_late_events AFTER INSERT ON ledger_shareevent REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_no_late_share_events();

CREATE FUNCTION ledger_holding_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE held record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE check_violation USING MESSAGE = 'share events are recorded under READ COMMITTED only';
    END IF;
    PERFORM pg_advisory_xact_lock(7010, (NEW.membership_id % 2147483647)::integer);  -- one at a time for a member
    SELECT sum(e.shares) AS shares, sum(e.paid) AS paid, min(c.par) AS par INTO held
      FROM ledger_shareevent e JOIN ledger_shareclass c ON c.id = e.share_class_id
     WHERE e.membership_id = NEW.membership_id AND e.share_class_id = NEW.share_class_id;
    IF held.shares < 0 OR held.paid < 0 OR held.paid > held.shares * held.par THEN
        RAISE check_violation USING MESSAGE = format(
            'membership %s would hold %s shares with %s paid', NEW.membership_id, held.shares, held.paid);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER holds AFTER INSERT ON ledger_shareevent FOR EACH ROW EXECUTE FUNCTION ledger_holding_holds();
"""

# Periods of a co-op never overlap (btree_gist is not needed: ranges of one number stand in for equality), never move,
# are closed in order, and only the last closed one opens again. The application's role may add periods and no more;
# closing and reopening are functions.
PERIODS = """
ALTER TABLE ledger_period ADD CONSTRAINT period_never_overlaps EXCLUDE USING gist (
    int8range(coop_id, coop_id, '[]') WITH &&, daterange(starts, ends, '[]') WITH &&);

CREATE FUNCTION ledger_period_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE last record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE check_violation USING MESSAGE = 'a period is never deleted';
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM pg_advisory_xact_lock(7011, (NEW.coop_id % 2147483647)::integer);
        IF NEW.closed_at IS NOT NULL OR EXISTS (SELECT FROM ledger_period WHERE coop_id = NEW.coop_id
            AND closed_at IS NOT NULL AND starts > NEW.starts) THEN
            RAISE check_violation USING MESSAGE = 'a new period is open and follows the closed ones';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.coop_id, OLD.starts, OLD.ends) IS DISTINCT FROM (NEW.id, NEW.coop_id, NEW.starts, NEW.ends) THEN
        RAISE check_violation USING MESSAGE = 'a period keeps its bounds for good';
    END IF;
    SELECT kind, at INTO last FROM ledger_periodevent WHERE period_id = NEW.id ORDER BY id DESC LIMIT 1;
    IF NEW.closed_at IS DISTINCT FROM (CASE WHEN last.kind = 'closed' THEN last.at END) THEN
        RAISE check_violation USING MESSAGE = 'a period is closed and opened again by its events only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE INSERT OR UPDATE OR DELETE ON ledger_period
    FOR EACH ROW EXECUTE FUNCTION ledger_period_stays();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger_period EXECUTE FUNCTION ledger_append_only();

-- The period of a day, kept from being closed until the caller's transaction is over.
CREATE FUNCTION ledger_hold_period(p_coop bigint, p_on date) RETURNS SETOF ledger_period
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM ledger_period WHERE coop_id = p_coop AND p_on BETWEEN starts AND ends FOR SHARE
$$;

CREATE FUNCTION ledger_lock_period(p_period bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p ledger_period;
BEGIN
    SELECT * INTO p FROM ledger_period WHERE id = p_period;
    PERFORM pg_advisory_xact_lock(7011, (p.coop_id % 2147483647)::integer);
    SELECT * INTO p FROM ledger_period WHERE id = p_period FOR UPDATE;
    RETURN p.closed_at IS NULL;
END $$;

CREATE FUNCTION ledger_close_period(p_period bigint, p_actor bigint, p_at timestamptz, p_entry bigint, p_reason text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p ledger_period; v_event bigint; bad record; v_before bigint;
BEGIN
    PERFORM ledger_lock_period(p_period);
    SELECT * INTO p FROM ledger_period WHERE id = p_period;
    IF p.id IS NULL OR p.closed_at IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = 'the period is closed already, or not there';
    ELSIF EXISTS (SELECT FROM ledger_period WHERE coop_id = p.coop_id AND starts < p.starts AND closed_at IS NULL) THEN
        RAISE check_violation USING MESSAGE = 'an earlier period is still open';
    END IF;
    SET CONSTRAINTS ledger_entry_complete IMMEDIATE;  -- the closing entry of this transaction stands before it is relied on
    SET CONSTRAINTS ledger_entry_complete DEFERRED;
    SELECT a.code INTO bad FROM ledger_posting x JOIN ledger_account a ON a.id = x.account_id
     WHERE a.coop_id = p.coop_id AND a.kind IN ('income', 'expense') AND x.posted_on BETWEEN p.starts AND p.ends
     GROUP BY a.id, a.code HAVING sum(x.amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE = format('account %s still holds income or expense of the period', bad.code);
    END IF;
    SELECT e.id INTO v_before FROM ledger_periodevent e JOIN ledger_period q ON q.id = e.period_id
     WHERE q.coop_id = p.coop_id AND q.starts < p.starts AND q.closed_at IS NOT NULL
     ORDER BY q.starts DESC, e.id DESC LIMIT 1;
    INSERT INTO ledger_periodevent (coop_id, period_id, kind, at, actor_id, reason, entry_id)
    VALUES (p.coop_id, p_period, 'closed', p_at, p_actor, coalesce(p_reason, ''), p_entry) RETURNING id INTO v_event;
    INSERT INTO ledger_checkpoint (coop_id, event_id, account_id, balance)
    SELECT p.coop_id, v_event, account_id, sum(amount) FROM (
        SELECT account_id, balance AS amount FROM ledger_checkpoint WHERE event_id = v_before
        UNION ALL
        SELECT account_id, amount FROM ledger_posting WHERE coop_id = p.coop_id AND posted_on <= p.ends
           AND posted_on > coalesce((SELECT q.ends FROM ledger_period q JOIN ledger_periodevent e ON e.period_id = q.id
                                      WHERE e.id = v_before), '-infinity')
    ) x GROUP BY account_id HAVING sum(amount) <> 0;
    UPDATE ledger_period SET closed_at = p_at WHERE id = p_period;
    RETURN v_event;
END $$;

CREATE FUNCTION ledger_reopen_period(p_period bigint, p_actor bigint, p_at timestamptz, p_reason text)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p ledger_period; v_event bigint;
BEGIN
    PERFORM ledger_lock_period(p_period);
    SELECT * INTO p FROM ledger_period WHERE id = p_period;
    IF p.id IS NULL OR p.closed_at IS NULL THEN
        RAISE check_violation USING MESSAGE = 'the period is open already, or not there';
    ELSIF EXISTS (SELECT FROM ledger_period WHERE coop_id = p.coop_id AND starts > p.starts AND closed_at IS NOT NULL)
    THEN
        RAISE check_violation USING MESSAGE = 'only the last closed period opens again';
    ELSIF coalesce(trim(p_reason), '') = '' THEN
        RAISE check_violation USING MESSAGE = 'a period opens again for a reason';
    END IF;
    INSERT INTO ledger_periodevent (coop_id, period_id, kind, at, actor_id, reason)
    VALUES (p.coop_id, p_period, 'reopened', p_at, p_actor, p_reason) RETURNING id INTO v_event;
    UPDATE ledger_period SET closed_at = NULL WHERE id = p_period;
    RETURN v_event;
END $$;
"""


def let_the_application_call(functions: list[str]):
    """A RunPython that takes functions away from everybody and gives them to the application's role."""

    def run(apps, schema_editor):
        from django.conf import settings

        role = schema_editor.quote_name(settings.DATABASES["default"]["USER"])
        for function in functions:
            schema_editor.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
            schema_editor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {role}")

    return migrations.RunPython(run, migrations.RunPython.noop)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(POSTING + NO_LATE_LINES + APPEND_ONLY)],
            state_operations=[
                migrations.CreateModel(
                    name="Posting",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "batch", "entry_id", "n", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("amount", models.BigIntegerField()),
                        ("batch", models.IntegerField(default=0)),
                        ("n", models.IntegerField()),
                        ("posted_on", models.DateField()),
                        ("memo", models.CharField(blank=True, default="", max_length=200)),
                        (
                            "account",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="lines",
                                to="ledger.account",
                            ),
                        ),
                        (
                            "coop",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="kernel.cooperative",
                            ),
                        ),
                        (
                            "entry",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="lines",
                                to="ledger.entry",
                            ),
                        ),
                    ],
                    options={"db_table": "ledger_posting"},
                ),
            ],
        ),
        migrations.RunSQL(partition_triggers("ledger_posting") + partition_triggers("ledger_posting_0")),
        migrations.RunSQL(SHARES + CHECK_ENTRIES + COMPLETE),
        migrations.RunSQL(ACCOUNTS + PERIODS),
        migrations.RunSQL(
            "REVOKE ALL ON FUNCTION ledger_check_entries(bigint[]), ledger_check_share_register(bigint[]) FROM PUBLIC"
        ),
        let_the_application_call(
            [
                "ledger_hold_period(bigint, date)",
                "ledger_lock_period(bigint)",
                "ledger_close_period(bigint, bigint, timestamptz, bigint, text)",
                "ledger_reopen_period(bigint, bigint, timestamptz, text)",
            ]
        ),
    ]

"""Very many lines at once: built aside, checked there, and joined in one short moment.

The application's role owns no table, so every step is a function of the owner's:

    open     a table of its own, like ``ledger_posting``, that the caller may fill
    build    step by step, each in its own short transaction: keys; the tie to accounts, unchecked; the check of that
             tie; the sums. From the first step on nobody may write to it any more
    seal     the entry, its seal and ATTACH, in the caller's transaction
    drop     give an unsealed one up

Nothing of it is seen through ``ledger_posting`` before the seal commits.
"""

from importlib import import_module

from django.db import migrations

guards = import_module("ledger.migrations.0002_journal_guards")

OPEN = """
CREATE SEQUENCE ledger_batch_number AS integer START 1;

CREATE FUNCTION ledger_open_batch(
    p_coop bigint, p_key text, p_hash text, p_on date, p_period bigint, p_kind text, p_memo text,
    p_reverses bigint, p_actor bigint, p_at timestamptz
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_batch integer; v_entry bigint; v_table text;
BEGIN
    PERFORM pg_advisory_xact_lock(7012, hashtext(p_coop || ' ' || p_key));
    IF EXISTS (SELECT FROM ledger_entry WHERE coop_id = p_coop AND key = p_key) THEN
        RAISE unique_violation USING MESSAGE = format('an entry with the key %s is posted already', p_key);
    END IF;
    -- What an earlier run with this key left behind is given up. It waits if that run still lives.
    PERFORM ledger_drop_batch(id) FROM ledger_bulkbatch
      WHERE coop_id = p_coop AND key = p_key AND state NOT IN ('sealed', 'dropped');
    v_batch := nextval('ledger_batch_number');
    v_entry := nextval(pg_get_serial_sequence('ledger_entry', 'id'));
    v_table := 'ledger_posting_' || v_batch;
    EXECUTE format('CREATE TABLE %I (LIKE ledger_posting INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_table);
    EXECUTE format('ALTER TABLE %I ALTER batch SET DEFAULT %s, ALTER entry_id SET DEFAULT %s,'
        ' ALTER coop_id SET DEFAULT %s, ALTER posted_on SET DEFAULT %L,'
        ' ADD CONSTRAINT posting_of_this_batch CHECK (batch = %s),'
        ' ADD CONSTRAINT posting_of_this_entry CHECK (entry_id = %s AND coop_id = %s AND posted_on = %L)',
        v_table, v_batch, v_entry, p_coop, p_on, v_batch, v_entry, p_coop, p_on);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', v_table, session_user);
    INSERT INTO ledger_bulkbatch (id, coop_id, entry_number, key, request_hash, posted_on, period_id, kind, memo,
                                  reverses_id, actor_id, state, lines, opened_at)
    VALUES (v_batch, p_coop, v_entry, p_key, p_hash, p_on, p_period, p_kind, p_memo, p_reverses, p_actor, 'open', 0,
            p_at);
    RETURN v_batch;
END $$;

CREATE FUNCTION ledger_drop_batch(p_batch integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE ledger_bulkbatch SET state = 'dropped' WHERE id = p_batch AND state NOT IN ('sealed', 'dropped');
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = format('batch %s is not there, or over', p_batch);
    END IF;
    EXECUTE format('DROP TABLE %I', 'ledger_posting_' || p_batch);
END $$;
"""

BUILD = """
CREATE FUNCTION ledger_build_batch(p_batch integer, p_from text, p_to text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b ledger_bulkbatch; t text;
BEGIN
    SELECT * INTO b FROM ledger_bulkbatch WHERE id = p_batch AND state = p_from FOR UPDATE;
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = format('batch %s is not %s', p_batch, p_from);
    END IF;
    t := 'ledger_posting_' || p_batch;
    CASE p_from || ' ' || p_to
    WHEN 'open keyed' THEN
        EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', t);  -- writers on their way finish first
        EXECUTE format('REVOKE ALL ON %I FROM %I', t, session_user);
        EXECUTE format('GRANT SELECT ON %I TO %I', t, session_user);
        EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (batch, entry_id, n)', t);
        EXECUTE format('CREATE INDEX ON %I (account_id, posted_on) INCLUDE (amount)', t);
        EXECUTE format('CREATE INDEX ON %I (coop_id, posted_on)', t);
        EXECUTE format('CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON %I FOR EACH ROW'
            ' EXECUTE FUNCTION ledger_append_only()', t);
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I EXECUTE FUNCTION ledger_append_only()', t);
        EXECUTE format('CREATE TRIGGER no_late_lines AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows'
            ' FOR EACH STATEMENT EXECUTE FUNCTION ledger_no_late_lines()', t);
    WHEN 'keyed tied' THEN
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT posting_account_of_the_coop FOREIGN KEY (coop_id, account_id)'
            ' REFERENCES ledger_account (coop_id, id) NOT VALID', t);
    WHEN 'tied valid' THEN
        EXECUTE format('ALTER TABLE %I VALIDATE CONSTRAINT posting_account_of_the_coop', t);
    WHEN 'valid built' THEN
        b.lines := ledger_add_up_batch(b, t);
    ELSE
        RAISE check_violation USING MESSAGE = format('a batch does not go from %s to %s', p_from, p_to);
    END CASE;
    UPDATE ledger_bulkbatch SET state = p_to, lines = b.lines WHERE id = p_batch;
END $$;

-- The same promises as ledger_check_entries, on a table nobody can write to any more.
CREATE FUNCTION ledger_add_up_batch(b ledger_bulkbatch, t text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE bad record; n bigint; o ledger_entry; differs boolean;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I', t) INTO n;
    IF n < 2 THEN
        RAISE check_violation USING MESSAGE = format('batch %s has %s lines', b.id, n);
    END IF;
    EXECUTE format('SELECT a.currency, sum(x.amount) AS off, bool_or(a.purpose = ''share_capital'') AS capital FROM'
        ' (SELECT account_id, sum(amount) AS amount FROM %I GROUP BY account_id) x JOIN ledger_account a'
        ' ON a.id = x.account_id GROUP BY a.currency HAVING sum(x.amount) <> 0 OR bool_or(a.purpose = ''share_capital'')'
        ' LIMIT 1', t) INTO bad;
    IF bad.off <> 0 THEN
        RAISE check_violation USING MESSAGE = format('batch %s is off by %s %s', b.id, bad.off, bad.currency);
    ELSIF bad.capital THEN
        RAISE check_violation USING MESSAGE = 'share capital is moved by acts of the register of shares, not in a batch';
    END IF;
    IF b.reverses_id IS NOT NULL THEN
        SELECT * INTO o FROM ledger_entry WHERE id = b.reverses_id;
        EXECUTE format('SELECT EXISTS (SELECT FROM (SELECT account_id, amount, 1 AS n FROM %I UNION ALL'
            ' SELECT account_id, -amount, -1 FROM ledger_posting WHERE batch = %s AND entry_id = %s) x'
            ' GROUP BY account_id, amount HAVING sum(n) <> 0)', t, o.batch, o.id) INTO differs;
        IF differs OR b.posted_on < o.posted_on
           OR n <> (SELECT lines FROM ledger_sealed WHERE entry_id = o.id) THEN
            RAISE check_violation USING MESSAGE = format('batch %s is no mirror of entry %s', b.id, o.id);
        END IF;
    END IF;
    RETURN n;
END $$;
"""

SEAL = """
CREATE FUNCTION ledger_seal_batch(p_batch integer, p_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b ledger_bulkbatch;
BEGIN
    SELECT * INTO b FROM ledger_bulkbatch WHERE id = p_batch AND state = 'built' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = format('batch %s is not built', p_batch);
    END IF;
    PERFORM FROM ledger_period WHERE id = b.period_id AND coop_id = b.coop_id AND closed_at IS NULL
       AND b.posted_on BETWEEN starts AND ends FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE =
            format('the period of batch %s is closed or does not contain its date', p_batch);
    END IF;
    INSERT INTO ledger_entry (id, coop_id, period_id, posted_on, kind, memo, key, request_hash, reverses_id, batch,
                              actor_id, recorded_at)
    VALUES (b.entry_number, b.coop_id, b.period_id, b.posted_on, b.kind, b.memo, b.key, b.request_hash, b.reverses_id,
            p_batch, b.actor_id, p_at);
    INSERT INTO ledger_sealed (entry_id, lines) VALUES (b.entry_number, b.lines);
    EXECUTE format('ALTER TABLE ledger_posting ATTACH PARTITION %I FOR VALUES IN (%s)',
                   'ledger_posting_' || p_batch, p_batch);
    UPDATE ledger_bulkbatch SET state = 'sealed', sealed_at = p_at WHERE id = p_batch;
    RETURN b.entry_number;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_journal_guards")]

    operations = [
        migrations.RunSQL(OPEN + BUILD + SEAL),
        migrations.RunSQL("REVOKE ALL ON FUNCTION ledger_add_up_batch(ledger_bulkbatch, text) FROM PUBLIC"),
        guards.let_the_application_call(
            [
                "ledger_open_batch(bigint, text, text, date, bigint, text, text, bigint, bigint, timestamptz)",
                "ledger_build_batch(integer, text, text)",
                "ledger_seal_batch(integer, timestamptz)",
                "ledger_drop_batch(integer)",
            ]
        ),
    ]

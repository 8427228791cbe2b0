"""The ballot box: a table nobody reads, with five doors.

It names no person, no time, no serial and no address. The application's role has no right on it at all; it goes
through functions of the owner's:

    make    a partition for one released ballot
    cast    one paper under its token's hash, while the ballot is open by its own clock, under the ballot's shared lock;
            answers in a word and raises nothing, because an error would write the row into the server's log
    find    the hash of the paper under one's own token's hash
    shake   under the ballot's own lock, taken before reading: every row into the order of its token's hash, in one
            transaction, into a new file (TRUNCATE; CLUSTER would keep who wrote what, DELETE would leave it behind)
    take    every paper, once the ballot is closed and before its opening is written down
    empty   throw them away, once their opening is written down
"""

from django.db import migrations

BOX = """
CREATE TABLE governance_box (
    ballot_id bigint NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT box_token_is_a_hash CHECK (octet_length(token_hash) = 32),
    credential smallint NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT governance_box_pkey PRIMARY KEY (ballot_id, token_hash)
) PARTITION BY LIST (ballot_id);
ALTER TABLE governance_box ALTER sealed SET STORAGE PLAIN;

CREATE FUNCTION governance_box_make(p_ballot bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM governance_ballot b WHERE b.id = p_ballot AND b.kind = 'secret' AND b.state = 'open';
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = 'a box is made for a released secret ballot';
    END IF;
    IF to_regclass('governance_box_' || p_ballot) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE governance_box INCLUDING ALL)', 'governance_box_' || p_ballot);
        EXECUTE format('ALTER TABLE governance_box ATTACH PARTITION %I FOR VALUES IN (%s)',
                       'governance_box_' || p_ballot, p_ballot);
    END IF;
END $$;

CREATE FUNCTION governance_box_cast(
    p_ballot bigint, p_at timestamptz, p_token_hash bytea, p_credential smallint, p_sealed bytea
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE b governance_ballot%ROWTYPE;
BEGIN
    SELECT * INTO b FROM governance_ballot WHERE id = p_ballot FOR SHARE;
    IF NOT FOUND OR b.kind <> 'secret' OR b.state = 'draft' THEN
        RETURN 'unknown';
    END IF;
    IF p_at < b.opens_at THEN
        RETURN 'early';
    END IF;
    IF b.state <> 'open' OR p_at >= b.closes_at
       OR (b.closes_at > b.released_by_database AND clock_timestamp() >= b.closes_at) THEN
        RETURN 'closed';
    END IF;
    IF octet_length(p_token_hash) IS DISTINCT FROM 32 OR p_credential IS NULL
       OR octet_length(p_sealed) IS DISTINCT FROM (b.manifest #>> '{secret,sealed_bytes}')::integer THEN
        RETURN 'shape';
    END IF;
    INSERT INTO governance_box (ballot_id, token_hash, credential, sealed)
    VALUES (p_ballot, p_token_hash, p_credential, p_sealed)
    ON CONFLICT (ballot_id, token_hash) DO UPDATE SET credential = excluded.credential, sealed = excluded.sealed;
    RETURN 'cast';
END $$;

CREATE FUNCTION governance_box_find(p_ballot bigint, p_token_hash bytea) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT sha256(sealed) FROM governance_box WHERE ballot_id = p_ballot AND token_hash = p_token_hash
$$;

CREATE FUNCTION governance_box_shake(p_ballot bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE box text := 'governance_box_' || p_ballot;
BEGIN
    PERFORM FROM governance_ballot b
      WHERE b.id = p_ballot AND b.kind = 'secret' AND b.state IN ('open', 'closed') FOR UPDATE;
    IF NOT FOUND OR to_regclass(box) IS NULL THEN
        RETURN;
    END IF;
    CREATE TEMPORARY TABLE pg_temp.shaken ON COMMIT DROP AS SELECT * FROM governance_box WHERE ballot_id = p_ballot;
    EXECUTE format('TRUNCATE %I', box);
    INSERT INTO governance_box SELECT * FROM pg_temp.shaken ORDER BY token_hash;
    DROP TABLE pg_temp.shaken;
END $$;

CREATE FUNCTION governance_box_take(p_ballot bigint)
RETURNS TABLE (token_hash bytea, credential smallint, sealed bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM governance_ballot b WHERE b.id = p_ballot AND b.kind = 'secret' AND b.state = 'closed' FOR UPDATE;
    IF NOT FOUND OR EXISTS (SELECT FROM governance_boxopening o WHERE o.ballot_id = p_ballot) THEN
        RAISE check_violation USING MESSAGE = 'a box is opened once, after its ballot has closed';
    END IF;
    RETURN QUERY SELECT x.token_hash, x.credential, x.sealed FROM governance_box x
                  WHERE x.ballot_id = p_ballot ORDER BY x.token_hash;
END $$;

CREATE FUNCTION governance_box_empty(p_ballot bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE box text := 'governance_box_' || p_ballot;
BEGIN
    IF NOT EXISTS (SELECT FROM governance_boxopening o WHERE o.ballot_id = p_ballot) THEN
        RAISE check_violation USING MESSAGE = 'a box is emptied once its opening is written down';
    END IF;
    IF to_regclass(box) IS NOT NULL THEN
        EXECUTE format('TRUNCATE %I', box);
    END IF;
END $$;
"""
GONE = """
DROP FUNCTION governance_box_empty(bigint);
DROP FUNCTION governance_box_take(bigint);
DROP FUNCTION governance_box_shake(bigint);
DROP FUNCTION governance_box_find(bigint, bytea);
DROP FUNCTION governance_box_cast(bigint, timestamptz, bytea, smallint, bytea);
DROP FUNCTION governance_box_make(bigint);
DROP TABLE governance_box;
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_secret_ballots")]
    operations = [migrations.RunSQL(BOX, GONE)]

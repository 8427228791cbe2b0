"""What a row of the register may not say, or lose, without the row behind it: an erasure, an event, an application.

Services write the row behind it before or after in the same transaction, so most of this is asked when it is committed.
"""

from __future__ import annotations

import pgtrigger

# The erasures of somebody, in a query that names the party's row ``p``: a record that was merged away is erased with
# the one it was merged into.
_ERASURES = "JOIN members_erasure r ON r.party_id IN (p.id, p.merged_into_id)"

KIND_STAYS = pgtrigger.Protect(
    name="kind_stays", operation=pgtrigger.Update, condition=pgtrigger.Condition("NEW.kind <> OLD.kind")
)

ERASED_ON_RECORD = pgtrigger.Trigger(
    name="erased_on_record",
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Condition("NEW.erased_at IS NOT NULL"),
    func=f"""
                    IF NOT EXISTS (SELECT FROM members_party p {_ERASURES} WHERE p.id = NEW.id AND r.scope = 'all') THEN
                        RAISE check_violation USING MESSAGE = 'nobody is erased without an erasure on record';
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - no outside text
)

BORN_AS_TOLD = pgtrigger.Trigger(
    name="born_as_told",  # by the application, or by a record that was merged into this one; taken back with that
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Condition("NEW.born_on IS DISTINCT FROM OLD.born_on"),
    func="""
                    IF NEW.born_on IS NULL AND NEW.erased_at IS NULL AND NOT EXISTS (
                        SELECT FROM members_partymerge g JOIN members_partymerge u ON u.undoes_id = g.id
                         WHERE g.kept_id = NEW.id AND g.taken @> '["born_on"]'
                    ) OR NEW.born_on IS NOT NULL AND (OLD.born_on IS NOT NULL OR NOT EXISTS (
                        SELECT FROM members_application a WHERE a.party_id = NEW.id AND a.born_on = NEW.born_on
                    ) AND NOT EXISTS (
                        SELECT FROM members_partymerge g JOIN members_party o ON o.id = g.other_id
                         WHERE g.kept_id = NEW.id AND g.kind = 'merged' AND o.born_on = NEW.born_on
                    )) THEN
                        RAISE check_violation USING MESSAGE = 'a birthday is what an application said';
                    END IF;
                    RETURN NULL;
                """,
)

DEATH_ON_RECORD = pgtrigger.Trigger(
    name="death_on_record",  # of whoever is no member that day the audit chain alone says it
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Condition("NEW.died_on IS DISTINCT FROM OLD.died_on AND NEW.erased_at IS NULL"),
    declare=[("last", "record")],
    func="""
                    -- what was written since in the same transaction counts
                    IF NOT EXISTS (SELECT FROM members_party p WHERE p.id = NEW.id AND p.erased_at IS NULL
                                      AND p.died_on IS NOT DISTINCT FROM NEW.died_on) THEN RETURN NULL; END IF;
                    SELECT a.kind, p.body ->> 'died_on' AS day INTO last
                      FROM kernel_auditevent a LEFT JOIN kernel_auditpayload p ON p.event_id = a.id
                     WHERE a.coop_id = NEW.coop_id AND a.subject = 'party:' || NEW.id
                       AND a.kind IN ('members.died', 'members.death_taken_back')
                     ORDER BY a.seq DESC LIMIT 1;
                    IF NEW.died_on IS NULL AND last.kind IS DISTINCT FROM 'members.death_taken_back'
                    OR NEW.died_on IS NOT NULL AND NOT EXISTS (
                        SELECT FROM members_membership m JOIN members_membershipevent e ON e.membership_id = m.id
                         WHERE m.party_id = NEW.id AND e.kind = 'died' AND e.effective_on = NEW.died_on
                           AND NOT EXISTS (SELECT FROM members_membershipevent c WHERE c.corrects_id = e.id)
                    ) AND (last.kind, last.day)
                       IS DISTINCT FROM ('members.died', to_char(NEW.died_on, 'YYYY-MM-DD')) THEN
                        RAISE check_violation USING MESSAGE = 'a death is written down, and so is its taking back';
                    END IF;
                    RETURN NULL;
                """,
)

_NEWEST = "ORDER BY n.valid_from DESC, n.id DESC LIMIT 1"
_STANDS = "n.party_id = NEW.id AND NOT EXISTS (SELECT FROM {table} c WHERE c.corrects_id = n.id)"
_REACHED = f"""coalesce((
                        SELECT n.value FROM members_partycontact n
                         WHERE {_STANDS.format(table="members_partycontact")} AND n.kind = '{{kind}}' {_NEWEST}), '')"""  # noqa: S608
# A standing row ``n`` that none begun since has overtaken, today where the co-op is; an announced one has not yet.
_HOLDS = f"""{_STANDS} AND NOT EXISTS (
                        SELECT FROM {{table}} o
                         WHERE o.party_id = n.party_id AND (o.valid_from, o.id) > (n.valid_from, n.id)
                           AND o.valid_from <= today
                           AND NOT EXISTS (SELECT FROM {{table}} c WHERE c.corrects_id = o.id))"""  # noqa: S608
SHOWN_AS_RECORDED = pgtrigger.Trigger(
    name="shown_as_recorded",  # what lists show is what the newest dated rows say that have begun
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Condition(
        "((NEW.name, NEW.email, NEW.phone, NEW.place) IS DISTINCT FROM (OLD.name, OLD.email, OLD.phone, OLD.place))"
    ),
    declare=[("who", "record"), ("today", "date")],
    func=f"""
                    SELECT name, email, phone, place INTO who FROM members_party
                     WHERE id = NEW.id AND erased_at IS NULL;
                    IF NOT FOUND THEN RETURN NULL; END IF;
                    SELECT (now() AT TIME ZONE c.time_zone)::date INTO today
                      FROM kernel_cooperative c WHERE c.id = NEW.coop_id;
                    IF NEW.name <> OLD.name AND NOT EXISTS (
                        SELECT FROM members_partyname n
                         WHERE {_HOLDS.format(table="members_partyname")}
                           AND who.name = CASE WHEN n.firm <> '' THEN n.firm
                               ELSE concat_ws(' ', nullif(n.given_names, ''), nullif(n.family_name, '')) END
                    ) OR NEW.place <> OLD.place AND NOT EXISTS (
                        SELECT FROM members_partyaddress n
                         WHERE {_HOLDS.format(table="members_partyaddress")} AND n.place = who.place
                    ) AND (who.place <> '' OR EXISTS (
                        SELECT FROM members_partyaddress n WHERE {_STANDS.format(table="members_partyaddress")}))
                    OR NEW.email <> OLD.email AND who.email <> {_REACHED.format(kind="email")}
                    OR NEW.phone <> OLD.phone AND who.phone <> {_REACHED.format(kind="phone")} THEN
                        RAISE check_violation USING MESSAGE = 'a person is shown as the dated rows say';
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - no outside text
)

# For a dated row of a party: it goes when the person is erased, with the import it came from, and with the merge that
# brought it; an electronic address also where contact data was erased after it was written down.
GOES_WITH_THE_PERSON = pgtrigger.Trigger(
    name="goes_with_the_person",
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    timing=pgtrigger.Deferred,
    func=f"""
                    IF EXISTS (
                        SELECT FROM members_party p LEFT JOIN members_importbatch b ON b.id = p.batch_id
                         WHERE p.id = OLD.party_id AND p.erased_at IS NULL AND b.state IS DISTINCT FROM 'undoing'
                    ) AND NOT EXISTS (
                        SELECT FROM members_partymerge g JOIN members_partymerge u ON u.undoes_id = g.id
                         WHERE g.kept_id = OLD.party_id AND g.recorded_at = OLD.recorded_at
                    ) AND NOT (TG_TABLE_NAME = 'members_partycontact' AND EXISTS (
                        SELECT FROM members_party p {_ERASURES} WHERE p.id = OLD.party_id AND r.at >= OLD.recorded_at
                    )) THEN
                        RAISE check_violation USING MESSAGE = 'what was true of a person goes only with an erasure';
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - no outside text
)

NOTE_GOES_WITH_THE_PERSON = pgtrigger.Trigger(
    name="goes_with_the_person",
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    timing=pgtrigger.Deferred,
    func=f"""
                    IF EXISTS (
                        SELECT FROM members_membershipevent e LEFT JOIN members_importbatch b ON b.id = e.batch_id
                         WHERE e.id = OLD.event_id AND b.state IS DISTINCT FROM 'undoing'
                           AND NOT EXISTS (
                            SELECT FROM members_membership m JOIN members_party p ON p.id = m.party_id {_ERASURES}
                             WHERE m.stream = e.stream AND r.at >= e.recorded_at)
                           AND NOT EXISTS (
                            SELECT FROM members_application a JOIN members_party p ON p.id = a.party_id {_ERASURES}
                             WHERE a.stream = e.stream AND r.at >= e.recorded_at)
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'what was said about an event goes only with an erasure';
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - no outside text
)

CASE_AGREES = pgtrigger.Trigger(
    name="case_agrees",  # one step after the other, and each with its event; the passing of time has none
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.Update,
    timing=pgtrigger.Deferred,
    declare=[("step", "text := 'new>' || NEW.state"), ("told", "text"), ("day", "date"), ("ref", "text")],
    func="""
                    IF TG_OP = 'UPDATE' THEN
                        IF NEW.state = OLD.state THEN RETURN NULL; END IF;
                        step := OLD.state || '>' || NEW.state;
                    END IF;
                    IF NEW.state = 'closed' THEN step := step || ':' || NEW.outcome; END IF;
                    IF step = 'expelled>closed:expelled' THEN RETURN NULL; END IF;
                    CASE step
                        WHEN 'new>open' THEN told := 'expulsion_opened'; day := NEW.opened_on;
                        WHEN 'open>heard' THEN told := 'heard'; day := NEW.heard_on;
                        WHEN 'heard>expelled' THEN told := 'expelled'; day := NEW.decided_on; ref := NEW.resolution;
                        WHEN 'open>closed:dropped', 'heard>closed:dropped' THEN
                            told := 'expulsion_dropped'; day := NEW.decided_on; ref := NEW.resolution;
                        WHEN 'expelled>appealed' THEN told := 'appealed'; day := NEW.appealed_on;
                        WHEN 'appealed>closed:expelled', 'appealed>closed:overturned' THEN
                            told := 'appeal_decided'; day := NEW.appeal_decided_on; ref := NEW.appeal_resolution;
                        ELSE RAISE check_violation USING MESSAGE = 'a case goes on step by step';
                    END CASE;
                    IF NOT EXISTS (
                        SELECT FROM members_membershipevent e
                         WHERE e.membership_id = NEW.membership_id AND e.kind = told AND e.effective_on = day
                           AND (ref IS NULL OR e.decision_ref = ref)
                           AND (told <> 'expelled' OR e.ends_on = NEW.last_day)
                           AND (told <> 'appeal_decided'
                                OR (e.reason_code = 'upheld') = (NEW.outcome = 'expelled'))
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'a case and the history of its membership disagree';
                    END IF;
                    RETURN NULL;
                """,
)

APPLICATION_AGREES = pgtrigger.Trigger(
    name="history_agrees",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Condition("NEW.state <> OLD.state AND NEW.state IN ('admitted', 'refused', 'withdrawn')"),
    func="""
                    IF NOT EXISTS (
                        SELECT FROM members_membershipevent e
                         WHERE e.stream = NEW.stream AND e.kind = NEW.state
                           AND (e.effective_on = NEW.decided_on OR NEW.state = 'withdrawn')
                           AND e.membership_id IS NOT DISTINCT FROM NEW.membership_id
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'an application and its history disagree';
                    END IF;
                    RETURN NULL;
                """,
)

BATCH_STEP_BY_STEP = pgtrigger.Trigger(
    name="step_by_step",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    declare=[("step", "text := 'new>' || NEW.state")],
    func="""
                    IF TG_OP = 'UPDATE' THEN step := OLD.state || '>' || NEW.state; END IF;
                    IF step NOT IN (
                        'new>read', 'read>read', 'read>staged', 'staged>staged', 'staged>read', 'staged>committing',
                        'committing>committing', 'committing>committed', 'read>discarded', 'staged>discarded',
                        'committed>committed', 'committed>undoing', 'undoing>undone', 'undone>undone',
                        'discarded>discarded'
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'an import goes on step by step';
                    END IF;
                    RETURN NEW;
                """,
)

BATCH_IS_IN = pgtrigger.Trigger(
    name="is_in_the_register",
    when=pgtrigger.After,
    operation=pgtrigger.Update,
    timing=pgtrigger.Deferred,
    condition=pgtrigger.Condition("NEW.state = 'committed' AND OLD.state <> 'committed'"),
    func="""
                    IF NEW.committed_at IS NULL OR NEW.content IS NOT NULL
                    OR (SELECT count(*) FROM members_membership m WHERE m.batch_id = NEW.id) <> NEW.members
                    OR (SELECT count(*) FROM members_party p WHERE p.batch_id = NEW.id) <> NEW.persons THEN
                        RAISE check_violation USING MESSAGE = 'an import in the register is there with all its rows';
                    END IF;
                    RETURN NULL;
                """,
)

_COUNTED = "coop_id digest size lines held flagged persons members units capital created_at created_by_id committed_at"
BATCH_STANDS = pgtrigger.Protect(
    name="written_stands",
    operation=pgtrigger.Update,
    condition=pgtrigger.Condition(
        "OLD.state IN ('committed', 'undoing', 'undone') AND ({}) IS DISTINCT FROM ({})".format(
            *(", ".join(f"{which}.{each}" for each in _COUNTED.split()) for which in ("NEW", "OLD"))
        )
    ),
)

LINES_STAY = pgtrigger.Trigger(
    name="lines_stay",
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(old="gone"),
    func="""
                    IF EXISTS (SELECT FROM members_importbatch b
                                WHERE b.id IN (SELECT DISTINCT batch_id FROM gone)
                                  AND b.state NOT IN ('read', 'staged', 'undoing')) THEN
                        RAISE check_violation USING MESSAGE = 'the lines of an import go only with the whole of it';
                    END IF;
                    RETURN NULL;
                """,
)

NOT_OF_A_MEMBER = pgtrigger.Trigger(
    name="not_of_a_member",  # an erasure lets rows go, so it is not written of whoever the register still needs
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
                    IF EXISTS (
                        SELECT FROM members_membership m JOIN members_party p ON p.id = m.party_id
                         WHERE (p.id = NEW.party_id OR p.merged_into_id = NEW.party_id) AND m.state <> 'ended'
                           AND coalesce(m.ends_on, 'infinity') > (NEW.at AT TIME ZONE 'UTC')::date
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'nobody is erased while a member';
                    END IF;
                    RETURN NEW;
                """,
)

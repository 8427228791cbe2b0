"""A secret ballot's two halves, which share no key: who was struck off the roll, and what came out of the box.

The box itself has no model. It is a table the application's role may neither read nor write; it goes through the
functions of ``migrations/0003_the_box.py``: cast, look up one's own, shake, and, once closed, open and empty.
"""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import AppendOnly, CoopModel, User

from .ballots import Ballot, Question
from .letters import VotingLetter
from .proxies import BY_NOBODY_ELSE, Proxy
from .rolls import RollEntry

ONCE_OPENED = """
    PERFORM FROM governance_ballot b
      WHERE b.id = NEW.ballot_id AND b.kind = 'secret' AND b.state = 'closed' FOR SHARE;
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = 'a box is opened once its ballot is closed';
    END IF;
    IF TG_TABLE_NAME <> 'governance_boxopening' THEN
        PERFORM FROM governance_boxopening o WHERE o.ballot_id = NEW.ballot_id;
        IF FOUND THEN
            RAISE check_violation USING MESSAGE = 'nothing is added to an opened box';
        END IF;
    END IF;
    RETURN NEW;
"""


def once_opened() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(name="once_opened", when=pgtrigger.Before, operation=pgtrigger.Insert, func=ONCE_OPENED)


class StrikeOff(CoopModel, AppendOnly):
    """Somebody on the roll has taken a credential, or a paper: once a person and ballot, whatever the channel.

    ``units`` is how many blind signatures, or sheets of paper, they took: as many as their line has votes, at once.

    ``entry`` is whose vote it is; with a ``proxy``, its holder took the credential or the paper for them; with a
    ``letter``, whoever typed the code of that letter took the credential, and no login did.

    ``blinded_hash`` is SHA-256 of the blinded messages that were signed, one behind the other, so that the same ones
    are signed again after a broken line and others are not. It says nothing about the tokens in them (RFC 9474 §7:
    blindness).
    """

    class Channel(models.TextChoices):
        ONLINE = "online", _("Online")
        PAPER = "paper", _("On paper, in the room")
        POST = "post", _("On paper, by post")

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="struck_off")
    entry = models.ForeignKey(RollEntry, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    blinded_hash = models.CharField(max_length=64, blank=True)
    units = models.PositiveSmallIntegerField(default=1, db_default=1)
    proxy = models.ForeignKey(Proxy, null=True, on_delete=models.PROTECT, related_name="strike_offs")
    letter = models.OneToOneField(VotingLetter, null=True, on_delete=models.PROTECT, related_name="strike_off")
    struck_at = models.DateTimeField()
    struck_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["entry__number"]
        constraints = [
            models.UniqueConstraint(fields=["ballot", "entry"], name="struck_off_once"),
            models.CheckConstraint(
                condition=Q(channel__in=("paper", "post"), blinded_hash="")
                | Q(channel="online", blinded_hash__regex=r"^[0-9a-f]{64}$"),
                name="struck_off_for_a_blinded_message",
            ),
            models.CheckConstraint(
                condition=Q(letter__isnull=True)
                | Q(channel="online", proxy__isnull=True, struck_by__isnull=True, letter__isnull=False),
                name="struck_off_by_a_letter_alone",
            ),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="while_open",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("b", "governance_ballot%ROWTYPE")],
                func="""
                    SELECT * INTO b FROM governance_ballot WHERE id = NEW.ballot_id FOR SHARE;
                    IF b.kind <> 'secret' THEN
                        RAISE check_violation USING MESSAGE = 'only a secret ballot strikes names off';
                    END IF;
                    IF b.state <> 'open' OR NEW.struck_at < b.opens_at OR NEW.struck_at >= b.closes_at
                       OR (b.closes_at > b.released_by_database AND clock_timestamp() >= b.closes_at) THEN
                        RAISE check_violation USING MESSAGE = 'the ballot is not open';
                    END IF;
                    PERFORM FROM governance_rollentry e
                      WHERE e.id = NEW.entry_id AND e.roll_id = b.roll_id AND e.eligible;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'only who is on the roll and may vote is struck off';
                    END IF;
                    IF NEW.units IS DISTINCT FROM (SELECT e.votes FROM governance_rollentry e WHERE e.id = NEW.entry_id)
                    THEN
                        RAISE check_violation
                              USING MESSAGE = 'who is struck off takes as many units as the line has votes';
                    END IF;
                """  # noqa: S608 - no outside text
                + BY_NOBODY_ELSE
                + """
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(  # locked, so that a letter being spoiled this moment waits, or is waited for
                name="by_its_own_letter",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.letter_id IS NOT NULL"),
                func="""
                    PERFORM FROM governance_votingletter l
                      WHERE l.id = NEW.letter_id AND l.ballot_id = NEW.ballot_id AND l.entry_id = NEW.entry_id
                        AND l.spoiled_at IS NULL FOR SHARE;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'only a letter of this line that stands strikes it off';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ballot_id}: {self.entry_id}, {self.channel}"


class OpenedPaper(CoopModel, AppendOnly):
    """A paper out of the box, in the order of its receipt, which is chance. ``marks`` is null where receipts and marks
    are published apart."""

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="opened_papers")
    receipt = models.CharField(max_length=64)
    marks = models.JSONField(null=True)

    class Meta(AppendOnly.Meta):
        ordering = ["receipt"]
        constraints = [models.UniqueConstraint(fields=["ballot", "receipt"], name="opened_paper_once")]
        triggers = [*AppendOnly.Meta.triggers, once_opened()]

    def __str__(self) -> str:
        return self.receipt


class OpenedPack(CoopModel, AppendOnly):
    """So many papers out of the box bear this mark on this question. ``class_name`` where classes are counted apart."""

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="opened_packs")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="opened_packs")
    class_name = models.CharField(max_length=200, blank=True)
    mark = models.JSONField()
    count = models.PositiveIntegerField()

    class Meta(AppendOnly.Meta):
        ordering = ["question", "id"]
        triggers = [*AppendOnly.Meta.triggers, once_opened()]

    def __str__(self) -> str:
        return f"{self.count} × {self.mark}"


class BoxOpening(CoopModel, AppendOnly):
    """The box was opened, once. Papers that opened, papers that were no papers, and how they are published.

    ``struck_off`` is how many credentials were issued: one for each vote of those struck off online.
    """

    ballot = models.OneToOneField(Ballot, on_delete=models.PROTECT, related_name="box_opening")
    papers = models.PositiveIntegerField()
    spoiled = models.PositiveIntegerField()
    struck_off = models.PositiveIntegerField()
    together = models.BooleanField()
    opened_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(struck_off__gte=models.F("papers") + models.F("spoiled")),
                name="box_holds_no_more_than_were_struck_off",
            )
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            once_opened(),
            pgtrigger.Trigger(
                name="adds_up",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("n", "bigint"), ("struck", "bigint")],
                func="""
                    SELECT count(*) INTO n FROM governance_openedpaper p WHERE p.ballot_id = NEW.ballot_id;
                    SELECT coalesce(sum(s.units), 0) INTO struck FROM governance_strikeoff s
                     WHERE s.ballot_id = NEW.ballot_id AND s.channel = 'online';
                    IF n <> NEW.papers OR struck <> NEW.struck_off THEN
                        RAISE check_violation USING MESSAGE = 'an opened box says how many papers were in it';
                    END IF;
                    IF EXISTS (SELECT FROM governance_question q WHERE q.ballot_id = NEW.ballot_id
                        AND NEW.papers <> (SELECT coalesce(sum(k.count), 0) FROM governance_openedpack k
                                            WHERE k.question_id = q.id AND k.ballot_id = NEW.ballot_id)) THEN
                        RAISE check_violation USING MESSAGE = 'each paper answers each question or leaves it blank';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="after_the_urn",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF EXISTS (SELECT FROM governance_strikeoff s
                                WHERE s.ballot_id = NEW.ballot_id AND s.channel <> 'online')
                       AND NOT EXISTS (SELECT FROM governance_urncount u WHERE u.ballot_id = NEW.ballot_id) THEN
                        RAISE check_violation USING MESSAGE = 'a box is opened once its urn is settled';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"box of ballot {self.ballot_id}"

    @property
    def unused(self) -> int:
        """Credentials nobody cast a paper with."""
        return self.struck_off - self.in_box

    @property
    def in_box(self) -> int:
        """Everything that was in it."""
        return self.papers + self.spoiled


class BoardEntry(CoopModel, AppendOnly):
    """One line of a ballot's bulletin board, chained to the one before it by its hash (``ballotbox.board``)."""

    ballot = models.ForeignKey(Ballot, on_delete=models.PROTECT, related_name="board")
    position = models.PositiveSmallIntegerField()
    entry = models.JSONField()
    hash = models.CharField(max_length=64)

    class Meta(AppendOnly.Meta):
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["ballot", "position"], name="board_one_a_position")]

    def __str__(self) -> str:
        return f"{self.position} {self.entry.get('event', '')}"


class Bundle(CoopModel, AppendOnly):
    """Everything a ballot is recounted from, as one zip; its hash is what two officers put into the minutes."""

    ballot = models.OneToOneField(Ballot, on_delete=models.PROTECT, related_name="bundle")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta(AppendOnly.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="bundle_with_its_hash")
        ]

    def __str__(self) -> str:
        return self.sha256

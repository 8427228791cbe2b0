"""What can be done about meetings, rolls, ballots, votes and counts: one function an act, the actor first."""

from .ballots import (
    add_question,
    change_ballot,
    change_election,
    change_question,
    create_ballot,
    delete_ballot,
    move_question,
    open_ballot,
    remove_question,
    set_options,
)
from .casting import NoBallot, cast_secret, look_up
from .certifying import certify, digest_of
from .counting import ask_other_rule, close_due, count_ballot, count_other_rule, other_methods
from .extending import announce_extension, extend_ballot
from .letters import AT_ONCE as LETTERS_AT_ONCE
from .letters import (
    Printed,
    issue_by_letter,
    make_voting_letters,
    open_by_code,
    reissue_voting_letter,
    spoil_voting_letters,
)
from .meetings import call_meeting, change_meeting, create_resolution_type, standard_resolution_types
from .minutes import add_addendum, draw_minutes, record_attendance, sign_minutes
from .nominating_on_paper import record_paper_nomination
from .nominations import (
    accept_nomination,
    call_nominations,
    nominate,
    second_nomination,
    settle_nominations,
    step_back,
    strike_out_nomination,
)
from .objecting import announce_roll, object_to_roll, publish_roll, rule_on_objection
from .opening import ask_to_open, destroy_keys, destroy_spent_keys, open_box, shake_open
from .papers import PaperPreview, import_paper, read_paper, refuse_large, undo_paper
from .proxies import (
    accept_proxy,
    decline_proxy,
    give_proxy,
    record_paper_proxy,
    revoke_proxy,
    set_proxy_rule,
    strike_out_proxy,
)
from .reminding import choose_reminders, remind, send_reminder
from .requisitions import (
    answer_requisition,
    begin_requisition,
    set_requisition_rule,
    support_requisition,
    withdraw_requisition,
)
from .rolls import freeze_roll
from .secret import Issued, announce, issue_credential
from .urn import enter_paper, hand_out_paper, settle_urn
from .voting import cast_recorded, why_not_now
from .weights import set_weight

__all__ = [
    "choose_reminders",
    "remind",
    "send_reminder",
    "object_to_roll",
    "announce_roll",
    "publish_roll",
    "rule_on_objection",
    "announce_extension",
    "extend_ballot",
    "answer_requisition",
    "begin_requisition",
    "set_requisition_rule",
    "support_requisition",
    "withdraw_requisition",
    "add_addendum",
    "draw_minutes",
    "record_attendance",
    "sign_minutes",
    "accept_nomination",
    "call_nominations",
    "nominate",
    "record_paper_nomination",
    "second_nomination",
    "settle_nominations",
    "step_back",
    "strike_out_nomination",
    "enter_paper",
    "hand_out_paper",
    "settle_urn",
    "certify",
    "digest_of",
    "accept_proxy",
    "decline_proxy",
    "give_proxy",
    "record_paper_proxy",
    "revoke_proxy",
    "set_proxy_rule",
    "strike_out_proxy",
    "ask_to_open",
    "issue_credential",
    "LETTERS_AT_ONCE",
    "Printed",
    "issue_by_letter",
    "make_voting_letters",
    "open_by_code",
    "reissue_voting_letter",
    "spoil_voting_letters",
    "announce",
    "Issued",
    "shake_open",
    "open_box",
    "destroy_spent_keys",
    "destroy_keys",
    "look_up",
    "cast_secret",
    "NoBallot",
    "PaperPreview",
    "add_question",
    "ask_other_rule",
    "call_meeting",
    "cast_recorded",
    "change_ballot",
    "change_election",
    "change_meeting",
    "change_question",
    "close_due",
    "count_ballot",
    "count_other_rule",
    "create_ballot",
    "create_resolution_type",
    "delete_ballot",
    "freeze_roll",
    "import_paper",
    "move_question",
    "open_ballot",
    "other_methods",
    "read_paper",
    "refuse_large",
    "remove_question",
    "set_options",
    "standard_resolution_types",
    "undo_paper",
    "why_not_now",
    "set_weight",
]

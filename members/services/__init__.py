"""What can be done to the register. Verbs; each is one transaction, says who did it, and refuses with a sentence."""

from .access import looked_at
from .accounts import claim
from .acting import act_on_all, check_act
from .admitting_imports import commit_import, undo_import, write_import
from .bulk import export_list, remove_filter, save_filter, send_lines, write_to
from .bylaws import create_bylaws, create_class
from .carrying import before_and_after, until_now
from .courses import cancel_session, close_course, end_requirement, plan_session, require_course, save_course
from .days import refuse_reading
from .deciding import ADMIT, POSTPONE, REFUSE, Decision, admit, create_sheet, decide_sheet, put_on_sheet, take_off_sheet
from .dying import name_heir, record_death, take_back_death
from .erasing import erase, record_of_applicant
from .expelling import appeal, close_cases, decide_appeal, drop_case, expel, open_case, record_hearing
from .exporting import export_register
from .households import form_household, leave_household, move_vote
from .importing import check_lines, discard, name_columns, read_file
from .joining import apply, check, match_party, withdraw
from .learning import mark, record_completion, refuse_office, sign_off, sign_up, strike, tick
from .leaving import end_due, give_notice, withdraw_notice
from .merging import merge, split, undo_merge
from .parties import begin_announced, change_details
from .posting import claim_by_code, invite, post_letters, put_on_paper, say_delivery, settle_letter
from .requesting import ask_change, decide_change, say_consent, withdraw_change
from .standing import activate, reinstate, suspend
from .standing_for import come_of_age, end_stand_in, name_stand_in
from .telling import ask_to_invite, invite_everybody, tell_the_rest
from .transferring import pass_on
from .undelivered import settle_mail

__all__ = [
    "ADMIT",
    "Decision",
    "POSTPONE",
    "REFUSE",
    "act_on_all",
    "activate",
    "admit",
    "appeal",
    "apply",
    "ask_change",
    "ask_to_invite",
    "before_and_after",
    "begin_announced",
    "cancel_session",
    "change_details",
    "check",
    "check_act",
    "check_lines",
    "claim",
    "claim_by_code",
    "close_cases",
    "close_course",
    "come_of_age",
    "commit_import",
    "create_bylaws",
    "create_class",
    "create_sheet",
    "decide_appeal",
    "decide_change",
    "decide_sheet",
    "discard",
    "drop_case",
    "end_due",
    "end_requirement",
    "end_stand_in",
    "erase",
    "expel",
    "export_list",
    "export_register",
    "form_household",
    "give_notice",
    "invite",
    "invite_everybody",
    "leave_household",
    "looked_at",
    "mark",
    "match_party",
    "merge",
    "move_vote",
    "name_columns",
    "name_heir",
    "name_stand_in",
    "open_case",
    "pass_on",
    "plan_session",
    "post_letters",
    "put_on_paper",
    "put_on_sheet",
    "read_file",
    "record_completion",
    "record_death",
    "record_hearing",
    "record_of_applicant",
    "refuse_office",
    "refuse_reading",
    "reinstate",
    "remove_filter",
    "require_course",
    "save_course",
    "save_filter",
    "say_consent",
    "say_delivery",
    "send_lines",
    "settle_letter",
    "settle_mail",
    "sign_off",
    "sign_up",
    "split",
    "strike",
    "suspend",
    "take_back_death",
    "take_off_sheet",
    "tell_the_rest",
    "tick",
    "undo_import",
    "undo_merge",
    "until_now",
    "withdraw",
    "withdraw_change",
    "withdraw_notice",
    "write_import",
    "write_to",
]

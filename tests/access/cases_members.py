"""Who may come in: the register's addresses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from coop.kernel import clock
from members import services
from members.models import PaperLetter
from members.selectors import search
from members.selectors.bulk import mailing
from tests.access.harness import EVERYBODY, OFFICERS, OWN, Case, World
from tests.members.factories import make_application, make_class, make_member


def build(world: World) -> None:
    coop, today = world.coop, clock.today(world.coop)
    world.membership = make_member(coop, user=world.amara.user, on=date(2019, 3, 14), street="Quay 1", place="Kiel")
    world.suspended = make_member(coop, name="Dele Fashola", on=date(2022, 6, 7))
    services.suspend(actor=world.mei, membership=world.suspended, on=today, reason="Fees.", resolution="2026/1")
    make_member(coop, name="Elsa Nyström", on=today - timedelta(days=60), active=False)
    world.application = make_application(coop, name="Noor Haddad", on=today - timedelta(days=50), place="Kiel")
    world.twin = make_application(coop, name="Amara Okafor", email="amara@example.org")
    world.sheet_line = make_application(coop, name="Ivo Santini")
    world.sheet = services.create_sheet(actor=world.mei, meeting_on=today, applications=[world.sheet_line])
    refused = make_application(coop, name="Gita Mohan")
    world.decided = services.create_sheet(actor=world.mei, meeting_on=today, applications=[refused])
    decisions = {refused.pk: services.Decision("refuse", "The roof terrace is full.")}
    services.decide_sheet(actor=world.mei, sheet=world.decided, decisions=decisions, resolution="2026/2", on=today)
    world.refused = refused
    world.leaving = make_member(coop, name="Hanna Krol", on=date(2025, 7, 8))
    services.give_notice(actor=world.mei, membership=world.leaving, received_on=today)
    home = [make_member(coop, name=name, on=date(2024, 2, 1)) for name in ("Ruth Bakr", "Omar Bakr")]
    world.household = services.form_household(actor=world.mei, name="Quay 7", memberships=home, voter=home[0])
    world.homely = home[1]
    usual = {"member_class": "consumer", "admitted_on": "2020-01-01", "active": True}
    for name, number in (("staged", 901), ("spare", 902), ("written", 903)):
        data = f"number,name\n{number},Somebody Old\n{number},Somebody Twice\n".encode()
        batch = services.read_file(actor=world.mei, file_name=f"{name}.csv", data=data)
        batch = services.name_columns(actor=world.mei, batch=batch, mapping=batch.mapping, options=usual)
        setattr(world, f"import_{name}", batch)
    services.commit_import(actor=world.mei, batch=world.import_written, members=1)
    services.looked_at(actor=world.mei, what="member", party=world.membership.party)
    old = make_member(coop, name="Otto Verhoeven", on=date(2015, 3, 1))
    with clock.at(datetime(2016, 2, 1, 12, tzinfo=UTC)):
        services.give_notice(actor=world.mei, membership=old, received_on=date(2016, 2, 1))
    services.end_due(coop)
    world.gone = old.party
    world.firm = make_member(coop, name="", kind="organisation", firm="Corrigan Ltd", email="firm@example.org")
    world.stand_in = services.name_stand_in(
        actor=world.mei,
        party=world.firm.party,
        kind="represents",
        on=today - timedelta(days=3),
        evidence="Extract of the register.",
        person={"given_names": "Niamh", "family_name": "Corrigan"},
    )
    due = {"on": today, "hearing_on": today + timedelta(days=14), "resolution": "2026/4"}
    world.case = services.open_case(actor=world.mei, membership=world.suspended, grounds="Took money.", **due)
    services.open_case(actor=world.mei, membership=world.membership, grounds="Shouted.", **due)
    make_member(coop, name="Ottilie Brandt", on=date(2023, 5, 1), email="", street="Lindenweg 3", place="Kiel")
    waiting = PaperLetter.objects.filter(coop=coop, state="waiting").order_by("pk")
    world.letter, posted = waiting[0], waiting[1]
    services.post_letters(actor=world.mei, letters=[posted], on=today, how="registered", tracking="RR 1")
    world.letter_out = posted
    asks = {"party": world.membership.party, "kind": "name", "given_names": "Amara", "family_name": "Okafor-Weber"}
    world.request = services.ask_change(actor=world.amara, **asks, because="Married on 4 May.")
    world.filter = services.save_filter(actor=world.mei, name="Leaving", query={"tab": "leaving"}, shared=True)
    leavers = search.members(coop, today, tab="leaving")
    said = {"about": "business", "subject": "Before you go", "text": "Come for tea.", "key": "world"}
    digest = mailing(leavers, "business").digest
    world.bulk = services.write_to(actor=world.mei, found=leavers, digest=digest, **said)
    world.unmade = make_member(
        coop, name="Dele Fashole", email="d@example.org", member_class=make_class(coop, "tenant")
    )
    made = make_member(coop, name="Dele Fasholla", email="e@example.org", member_class=make_class(coop, "worker"))
    world.merge = services.merge(
        actor=world.mei, kept=world.suspended.party, other=made.party, because="Same passport."
    )


SECRETARY = {"secretary"}
DECIDERS = {"secretary", "board"}


def number(world: World) -> dict:
    return {"number": world.membership.number}


def application(world: World) -> dict:
    return {"pk": world.application.pk}


def on_sheet(world: World) -> dict:
    return {"pk": world.sheet_line.pk}


def reference(world: World) -> dict:
    return {"reference": world.application.reference}


def wants_to_join(world: World) -> dict:
    name = {"given_names": "Zora", "family_name": "Neale", "email": "zora@example.org", "street": "Quay 9"}
    return {**name, "member_class": "consumer", "bylaws": world.application.bylaws_id}


def sheet_of_one(world: World) -> dict:
    return {"meeting_on": clock.today(world.coop).isoformat(), "applications": [world.application.pk]}


def all_admitted(world: World) -> dict:
    admitted = [{"application": world.sheet_line.pk, "verdict": "admit"}]
    return {"resolution": "2026/3", "on": clock.today(world.coop).isoformat(), "decisions": admitted}


def deed(world: World) -> dict:
    day = clock.today(world.coop).isoformat()
    return {"number": world.membership.number, "on": day, "resolution": "2026/7", "because": "Deed of 3 May."}


def two_records(world: World) -> dict:
    return {"kept": world.suspended.number, "other": world.unmade.number, "because": "Same passport."}


CASES = [
    Case("members:inbox", OFFICERS),
    Case("members:list", OFFICERS),
    Case("members:list", OFFICERS, query="?q=amara"),
    Case("members:list", OFFICERS, query="?as_at=2020-12-31&known=2024-01-01"),
    Case("members:filter-save", OFFICERS, query="?state=active", method="post", data=lambda w: {"name": "Active"}),
    Case("members:filter-remove", {"secretary"}, lambda w: {"pk": w.filter.pk}, method="post"),
    Case("members:write", SECRETARY, query="?tab=leaving"),
    Case("members:act", SECRETARY, query="?tab=leaving"),
    Case("members:written", SECRETARY, lambda w: {"pk": w.bulk.pk}),
    Case(
        "members:list-csv",
        {"secretary", "board", "auditor"},
        method="post",
        data=lambda w: {"basis": "Labels."},
        html=False,
    ),
    Case("members:detail", OFFICERS, number),
    Case("members:details", SECRETARY, number),
    Case("members:suspend", DECIDERS, number),
    Case("members:reinstate", DECIDERS, lambda w: {"number": w.suspended.number}),
    Case("members:applications", OFFICERS),
    Case("members:applications", OFFICERS, query="?tab=decided"),
    Case("members:application-new", SECRETARY),
    Case("members:application", OFFICERS, lambda w: {"pk": w.twin.pk}),
    Case("members:application", OFFICERS, lambda w: {"pk": w.refused.pk}, query="?refused"),
    Case(
        "members:application-check",
        SECRETARY,
        application,
        method="post",
        data=lambda w: {"code": "identity", "done": "yes"},
    ),
    Case("members:application-match", SECRETARY, application, method="post"),
    Case("members:application-withdraw", SECRETARY, application, method="post"),
    Case("members:application-off", SECRETARY, on_sheet, method="post"),
    Case("members:sheets", OFFICERS),
    Case("members:sheet-new", SECRETARY),
    Case("members:sheet", OFFICERS, lambda w: {"pk": w.sheet.pk}),
    Case("members:sheet", OFFICERS, lambda w: {"pk": w.decided.pk}, query="?decided"),
    Case("members:sheet", DECIDERS, lambda w: {"pk": w.sheet.pk}, method="post"),
    Case("members:sheet-put", SECRETARY, lambda w: {"pk": w.sheet.pk}, method="post"),
    Case("members:detail", OFFICERS, lambda w: {"number": w.homely.number}, query="?home"),
    Case("members:record-notice", SECRETARY, number),
    Case("members:detail", OFFICERS, lambda w: {"number": w.firm.number}, query="?firm"),
    Case("members:stand-in", SECRETARY, lambda w: {"number": w.firm.number}),
    Case(
        "members:stand-in-end",
        SECRETARY,
        lambda w: {"number": w.firm.number, "pk": w.stand_in.pk},
        method="post",
    ),
    Case("members:record-stay", SECRETARY, lambda w: {"number": w.leaving.number}, method="post"),
    Case("members:record-death", SECRETARY, number),
    Case("members:households", OFFICERS),
    Case("members:household-new", SECRETARY),
    Case(
        "members:household-vote",
        SECRETARY,
        lambda w: {"pk": w.household.pk},
        method="post",
        data=lambda w: {"number": w.homely.number},
    ),
    Case("members:move-out", SECRETARY, lambda w: {"number": w.homely.number}, method="post"),
    Case("members:leave", {"member"}, viewers=("member",)),
    Case("members:stay", {"member"}, method="post"),
    Case("members:imports", OFFICERS),
    Case("members:imports", SECRETARY, method="post"),
    Case("members:import", OFFICERS, lambda w: {"pk": w.import_staged.pk}),
    Case("members:import", OFFICERS, lambda w: {"pk": w.import_written.pk}, query="?show=held"),
    Case("members:import-columns", SECRETARY, lambda w: {"pk": w.import_staged.pk}, method="post"),
    Case("members:import-commit", SECRETARY, lambda w: {"pk": w.import_staged.pk}, method="post"),
    Case("members:import-undo", SECRETARY, lambda w: {"pk": w.import_written.pk}, method="post"),
    Case("members:import-discard", SECRETARY, lambda w: {"pk": w.import_spare.pk}, method="post"),
    Case("returns", {"secretary", "board", "auditor"}),
    Case("members:bylaws", EVERYBODY, viewers=("anonymous",)),
    Case(
        "members:bylaws-text",
        EVERYBODY,
        lambda w: {"pk": w.application.bylaws_id},
        viewers=("anonymous",),
    ),
    Case("members:applied", EVERYBODY, reference, viewers=("anonymous",)),
    Case("members:applied-withdraw", EVERYBODY, reference, method="post"),
    Case("members:me", OWN, viewers=("member", "former")),
    Case("members:me-details", OWN, viewers=("member",)),
    Case("members:me-looked", OWN, viewers=("member",)),
    Case("members:me-data", OWN, viewers=("member", "former")),
    Case("members:me-name", OWN, viewers=("member",)),
    Case("members:me-request-withdraw", {"member"}, lambda w: {"pk": w.request.pk}, method="post"),
    Case("members:me-erase", OWN, method="post"),
    Case("my-data", OWN, html=False),
    Case("members:my-case", OWN, viewers=("member",)),
    Case("members:cases", OFFICERS),
    Case("members:case", OFFICERS, lambda w: {"pk": w.case.pk}),
    Case("members:case", DECIDERS, lambda w: {"pk": w.case.pk}, method="post"),
    Case("members:case-new", DECIDERS, number),
    Case("members:letters", OFFICERS),
    Case("members:letters", OFFICERS, query="?tab=posted"),
    Case("members:letters", SECRETARY, method="post"),
    Case("members:letters-print", SECRETARY),
    Case("members:letter", SECRETARY, lambda w: {"pk": w.letter.pk}),
    Case("members:letter", SECRETARY, lambda w: {"pk": w.letter_out.pk}, query="?posted"),
    Case("members:undelivered", SECRETARY),
    Case("members:invitations", SECRETARY),
    Case("members:invite", SECRETARY, lambda w: {"number": w.firm.number}, method="post"),
    Case("members:requests", OFFICERS),
    Case("members:requests", OFFICERS, query="?tab=answered"),
    Case("members:request", SECRETARY, lambda w: {"pk": w.request.pk}),
    Case("erasures", SECRETARY),
    Case("erase-application", SECRETARY, lambda w: {"pk": w.application.pk}, method="post"),
    Case("erase", SECRETARY, lambda w: {"pk": w.gone.pk}),
    Case("pass-on", DECIDERS, number),
    Case("twins", SECRETARY, lambda w: {"pk": w.suspended.party_id}),
    Case("merge", SECRETARY, lambda w: {"pk": w.suspended.party_id, "other": w.unmade.party_id}),
    Case("merge-undo", SECRETARY, lambda w: {"pk": w.merge.pk}),
    Case("split", SECRETARY, lambda w: {"pk": w.suspended.party_id}),
    Case("members:claim", EVERYBODY - {"anonymous"}, viewers=("treasurer",)),
]

API = [
    Case("members-api:classes", EVERYBODY - {"anonymous"}),
    Case("members-api:applications", OFFICERS),
    Case("members-api:applications", EVERYBODY - {"anonymous"}, method="post", data=wants_to_join),
    Case("members-api:application", OFFICERS, application),
    Case("members-api:application-withdraw", SECRETARY, application, method="post", denied=404),
    Case("members-api:sheets", OFFICERS),
    Case("members-api:sheets", SECRETARY, method="post", data=sheet_of_one),
    Case("members-api:sheet", OFFICERS, lambda w: {"pk": w.sheet.pk}),
    Case("members-api:sheet-decide", DECIDERS, lambda w: {"pk": w.sheet.pk}, method="post", data=all_admitted),
    Case("members-api:members", OFFICERS),
    Case("members-api:member", OFFICERS, number),
    Case("members-api:history", OFFICERS, number),
    Case("members-api:register", OFFICERS),
    Case("members-api:acts", SECRETARY, method="post", data=lambda w: {"act": "tag", "tag": "van"}),
    Case("members-api:filters", OFFICERS),
    Case("members-api:filters", OFFICERS, method="post", data=lambda w: {"name": "Old", "query": {"tab": "former"}}),
    Case("members-api:filter", SECRETARY, lambda w: {"pk": w.filter.pk}, method="delete"),
    Case("members-api:inbox", OFFICERS),
    Case("members-api:cases", OFFICERS),
    Case("members-api:requests", OFFICERS),
    Case("members-api:request", SECRETARY, lambda w: {"pk": w.request.pk}),
    Case(
        "members-api:request-decide",
        SECRETARY,
        lambda w: {"pk": w.request.pk},
        method="post",
        data=lambda w: {"grant": False, "answer": "Show us."},
    ),
    Case("members-api:my-requests", OWN),
    Case("members-api:my-requests", OWN, method="post", data=lambda w: {"kind": "erasure"}),
    Case("members-api:my-request-withdraw", {"member"}, lambda w: {"pk": w.request.pk}, method="post"),
    Case("api-pass-on", DECIDERS, lambda w: {"number": w.homely.number}, method="post", data=deed),
    Case("api-merges", SECRETARY, method="post", data=two_records, row=False),
    Case("api-merge-undo", SECRETARY, lambda w: {"pk": w.merge.pk}, method="post", data=lambda w: {"because": "Two."}),
    Case("members-api:me", OWN),
    Case("members-api:me", OWN, method="patch", data=lambda w: {"phone": "0431 12345"}),
]
CASES += [replace(case, api=True, html=False) for case in API]

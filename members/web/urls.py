"""The register's pages, below a co-op's address."""

from django.urls import path

from . import applications, desk, households, imports, leaving, library, mine, sheets, standing

app_name = "members"
urlpatterns = [
    path("register/", desk.inbox, name="inbox"),
    path("register/applications/", applications.listing, name="applications"),
    path("register/applications/new/", applications.on_paper, name="application-new"),
    path("register/applications/<int:pk>/", applications.review, name="application"),
    path("register/applications/<int:pk>/check/", applications.check, name="application-check"),
    path("register/applications/<int:pk>/match/", applications.match, name="application-match"),
    path("register/applications/<int:pk>/withdraw/", applications.withdraw, name="application-withdraw"),
    path("register/applications/<int:pk>/off/", sheets.take_off, name="application-off"),
    path("register/sheets/", sheets.listing, name="sheets"),
    path("register/sheets/new/", sheets.create, name="sheet-new"),
    path("register/sheets/<int:pk>/", sheets.decide, name="sheet"),
    path("register/sheets/<int:pk>/put/", sheets.put, name="sheet-put"),
    path("register/members/", desk.members, name="list"),
    path("register/members/<int:number>/", desk.member, name="detail"),
    path("register/members/<int:number>/details/", desk.details, name="details"),
    path("register/members/<int:number>/suspend/", standing.suspend, name="suspend"),
    path("register/members/<int:number>/reinstate/", standing.reinstate, name="reinstate"),
    path("register/members/<int:number>/notice/", leaving.record_notice, name="record-notice"),
    path("register/members/<int:number>/stay/", leaving.record_stay, name="record-stay"),
    path("register/members/<int:number>/death/", leaving.record_death, name="record-death"),
    path("register/members/<int:number>/move-out/", households.move_out, name="move-out"),
    path("register/households/", households.listing, name="households"),
    path("register/households/new/", households.create, name="household-new"),
    path("register/households/<int:pk>/vote/", households.vote, name="household-vote"),
    path("register/imports/", imports.listing, name="imports"),
    path("register/imports/<int:pk>/", imports.show, name="import"),
    path("register/imports/<int:pk>/columns/", imports.columns, name="import-columns"),
    path("register/imports/<int:pk>/commit/", imports.commit, name="import-commit"),
    path("register/imports/<int:pk>/undo/", imports.undo, name="import-undo"),
    path("register/imports/<int:pk>/discard/", imports.discard, name="import-discard"),
    path("by-laws/", library.bylaws, name="bylaws"),
    path("by-laws/<int:pk>/", library.bylaws_text, name="bylaws-text"),
    path("join/thanks/<uuid:reference>/", mine.applied, name="applied"),
    path("join/thanks/<uuid:reference>/withdraw/", mine.withdraw, name="applied-withdraw"),
    path("me/", mine.me, name="me"),
    path("me/details/", mine.details, name="me-details"),
    path("me/looked/", mine.looked, name="me-looked"),
    path("me/leave/", leaving.leave, name="leave"),
    path("me/stay/", leaving.stay, name="stay"),
    path("claim/", mine.claim, name="claim"),
]

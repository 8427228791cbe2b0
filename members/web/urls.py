"""The register's pages, below a co-op's address."""

from django.urls import path

from . import applications, desk, library, mine, sheets, standing

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
    path("by-laws/", library.bylaws, name="bylaws"),
    path("by-laws/<int:pk>/", library.bylaws_text, name="bylaws-text"),
    path("join/thanks/<uuid:reference>/", mine.applied, name="applied"),
    path("join/thanks/<uuid:reference>/withdraw/", mine.withdraw, name="applied-withdraw"),
    path("me/", mine.me, name="me"),
    path("me/details/", mine.details, name="me-details"),
    path("me/looked/", mine.looked, name="me-looked"),
    path("claim/", mine.claim, name="claim"),
]

"""Meetings, ballots and results below ``/api/v1/<coop>/``."""

from django.urls import path

from . import certifying, minutes, nominations, rolls, running, views

app_name = "governance-api"
urlpatterns = [
    path("meetings/", views.Meetings.as_view(), name="meetings"),
    path("meetings/<int:pk>/", views.OneMeeting.as_view(), name="meeting"),
    path("meetings/<int:pk>/freeze/", views.Freeze.as_view(), name="freeze"),
    path("meetings/<int:pk>/attendance/", minutes.AttendanceList.as_view(), name="attendance"),
    path("minutes/", minutes.AllMinutes.as_view(), name="minutes"),
    path("minutes/<int:pk>/", minutes.OneMinutes.as_view(), name="minutes-one"),
    path("minutes/<int:pk>/signatures/", minutes.SignMinutes.as_view(), name="minutes-sign"),
    path("minutes/<int:pk>/addenda/", minutes.Addenda.as_view(), name="minutes-addenda"),
    path("rolls/<int:pk>/entries/", views.Entries.as_view(), name="entries"),
    path("rolls/<int:pk>/publication/", rolls.Publication.as_view(), name="roll-publication"),
    path("rolls/<int:pk>/objections/", rolls.Objections.as_view(), name="objections"),
    path("objections/<int:pk>/ruling/", rolls.Rule.as_view(), name="objection-ruling"),
    path("resolution-types/", views.ResolutionTypes.as_view(), name="resolution-types"),
    path("ballots/", views.Ballots.as_view(), name="ballots"),
    path("ballots/<int:pk>/", views.OneBallot.as_view(), name="ballot"),
    path("ballots/<int:pk>/questions/", views.Questions.as_view(), name="questions"),
    path("ballots/<int:pk>/issues/", views.Issues.as_view(), name="issues"),
    path("ballots/<int:pk>/release/", views.Release.as_view(), name="release"),
    path("ballots/<int:pk>/extensions/", running.Extensions.as_view(), name="extensions"),
    path("ballots/<int:pk>/reminders/", running.Reminders.as_view(), name="reminders"),
    path("reminders/", running.MyReminders.as_view(), name="my-reminders"),
    path("ballots/<int:pk>/vote/", views.Vote.as_view(), name="vote"),
    path("ballots/<int:pk>/result/", views.Result.as_view(), name="result"),
    path("ballots/<int:pk>/certification/", certifying.Certifications.as_view(), name="certification"),
    path("proxies/", views.Proxies.as_view(), name="proxies"),
    path("proxies/<int:pk>/<slug:act>/", views.DecideProxy.as_view(), name="proxy-decide"),
    path("questions/<int:pk>/call/", nominations.OneCall.as_view(), name="nomination-call"),
    path("questions/<int:pk>/nominations/", nominations.Nominations.as_view(), name="nominations"),
    path("nominations/<int:pk>/stand/", nominations.Stand.as_view(), name="nomination-stand"),
    path("nominations/<int:pk>/strike-out/", nominations.StrikeOut.as_view(), name="nomination-strike-out"),
    path("nominations/<int:pk>/<slug:act>/", nominations.DecideNomination.as_view(), name="nomination-decide"),
    path("questions/<int:pk>/papers/", views.Papers.as_view(), name="papers"),
    path("papers/<int:pk>/undo/", views.UndoPapers.as_view(), name="papers-undo"),
    path("resolutions/", views.Resolutions.as_view(), name="resolutions"),
    path("resolutions/<int:pk>/", views.OneResolution.as_view(), name="resolution"),
]

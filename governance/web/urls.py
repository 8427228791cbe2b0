"""Addresses of meetings, ballots and votes, below a co-op's slug."""

from django.urls import path

from . import ballots, certifying, meetings, papers, questions, results, secret, votes

app_name = "governance"
urlpatterns = [
    path("meetings/", meetings.meetings, name="meetings"),
    path("meetings/new/", meetings.meeting_new, name="meeting-new"),
    path("meetings/<int:pk>/", meetings.meeting, name="meeting"),
    path("meetings/<int:pk>/change/", meetings.meeting_change, name="meeting-change"),
    path("meetings/<int:pk>/freeze/", meetings.freeze, name="freeze"),
    path("meetings/<int:pk>/roll/", meetings.roll, name="roll"),
    path("meetings/<int:pk>/roll.csv", meetings.roll_csv, name="roll-csv"),
    path("ballots/", ballots.ballots, name="ballots"),
    path("ballots/new/", ballots.ballot_new, name="ballot-new"),
    path("ballots/<int:pk>/", ballots.ballot, name="ballot"),
    path("ballots/<int:pk>/change/", ballots.ballot_change, name="ballot-change"),
    path("ballots/<int:pk>/delete/", ballots.ballot_delete, name="ballot-delete"),
    path("ballots/<int:pk>/release/", ballots.release, name="release"),
    path("ballots/<int:pk>/open-box/", ballots.open_box, name="open-box"),
    path("ballots/<int:pk>/certify/", certifying.certify, name="certify"),
    path("ballots/<int:pk>/turnout/", ballots.turnout, name="turnout"),
    path("ballots/<int:pk>/questions/election/", questions.election_new, name="election-new"),
    path("ballots/<int:pk>/questions/motion/", questions.motion_new, name="motion-new"),
    path("ballots/<int:pk>/questions/<int:question>/", questions.question, name="question"),
    path("ballots/<int:pk>/questions/<int:question>/move/", questions.move, name="question-move"),
    path("ballots/<int:pk>/questions/<int:question>/remove/", questions.remove, name="question-remove"),
    path("ballots/<int:pk>/papers/<int:question>/", papers.papers, name="papers"),
    path("ballots/<int:pk>/files/<int:batch>/", papers.batch, name="paper-batch"),
    path("votes/", votes.votes, name="votes"),
    path("votes/<int:pk>/", votes.vote, name="vote"),
    path("votes/<int:pk>/receipt/", votes.receipt, name="receipt"),
    path("votes/<int:pk>/credential/", secret.credential, name="credential"),
    path("votes/<int:pk>/manifest.json", secret.manifest, name="manifest"),
    path("votes/<int:pk>/check/", secret.check, name="check"),
    path("votes/<int:pk>/receipts.txt", secret.receipts, name="receipts"),
    path("votes/<int:pk>/ballot.zip", secret.bundle, name="bundle"),
    path("votes/<int:pk>/verify.pyz", secret.verifier, name="verifier"),
    path("votes/<int:pk>/promises/", secret.promises, name="promises"),
    path("votes/<int:pk>/result/", results.result, name="result"),
    path("votes/<int:pk>/result/<int:question>.<slug:kind>", results.download, name="download"),
    path("votes/<int:pk>/compare/<int:question>/", results.compare, name="compare"),
    path("resolutions/", results.resolutions, name="resolutions"),
    path("resolutions/<int:pk>/", results.resolution, name="resolution"),
]

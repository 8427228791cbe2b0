"""The register below ``/api/v1/<coop>/``."""

from django.urls import path

from . import bulk, courses, dying, learning, matters, requests, views

app_name = "members-api"
urlpatterns = [
    path("classes/", views.Classes.as_view(), name="classes"),
    path("applications/", views.Applications.as_view(), name="applications"),
    path("applications/<int:pk>/", views.OneApplication.as_view(), name="application"),
    path("applications/<int:pk>/withdraw/", views.WithdrawApplication.as_view(), name="application-withdraw"),
    path("sheets/", views.Sheets.as_view(), name="sheets"),
    path("sheets/<int:pk>/", views.OneSheet.as_view(), name="sheet"),
    path("sheets/<int:pk>/decide/", views.DecideSheet.as_view(), name="sheet-decide"),
    path("members/", views.Members.as_view(), name="members"),
    path("members/<int:number>/", views.OneMember.as_view(), name="member"),
    path("members/<int:number>/history/", views.History.as_view(), name="history"),
    path("members/<int:number>/death/", dying.Death.as_view(), name="death"),
    path("members/<int:number>/death/heirs/", dying.Heirs.as_view(), name="heirs"),
    path("members/<int:number>/death/take-back/", dying.TakeBackDeath.as_view(), name="death-take-back"),
    path("acts/", bulk.Acts.as_view(), name="acts"),
    path("filters/", bulk.Filters.as_view(), name="filters"),
    path("filters/<int:pk>/", bulk.OneFilter.as_view(), name="filter"),
    path("register/", views.Register.as_view(), name="register"),
    path("inbox/", matters.Inbox.as_view(), name="inbox"),
    path("cases/", matters.Cases.as_view(), name="cases"),
    path("requests/", matters.Requests.as_view(), name="requests"),
    path("requests/<int:pk>/", requests.OneRequest.as_view(), name="request"),
    path("requests/<int:pk>/decide/", requests.Decide.as_view(), name="request-decide"),
    path("me/requests/", requests.MyRequests.as_view(), name="my-requests"),
    path("me/requests/<int:pk>/withdraw/", requests.TakeBack.as_view(), name="my-request-withdraw"),
    path("courses/", courses.Courses.as_view(), name="courses"),
    path("courses/<int:pk>/", courses.OneCourse.as_view(), name="course"),
    path("courses/<int:pk>/sessions/", courses.Sessions.as_view(), name="course-sessions"),
    path("courses/<int:pk>/requirements/", courses.Requirements.as_view(), name="course-requirements"),
    path("courses/<int:pk>/completions/", courses.Completions.as_view(), name="course-completions"),
    path("courses/lacking/", courses.Lacking.as_view(), name="lacking"),
    path("requirements/<int:pk>/end/", courses.EndRequirement.as_view(), name="requirement-end"),
    path("completions/<int:pk>/strike/", courses.Strike.as_view(), name="completion-strike"),
    path("sessions/<int:pk>/enrolments/", courses.Enrolments.as_view(), name="enrolments"),
    path("sessions/<int:pk>/attendance/", courses.Attendance.as_view(), name="attendance"),
    path("sessions/<int:pk>/cancel/", courses.CancelSession.as_view(), name="session-cancel"),
    path("me/courses/", learning.MyCourses.as_view(), name="my-courses"),
    path("me/sessions/<int:pk>/", learning.MySeat.as_view(), name="my-seat"),
    path("me/steps/<int:pk>/", learning.MyStep.as_view(), name="my-step"),
    path("me/", views.Me.as_view(), name="me"),
]

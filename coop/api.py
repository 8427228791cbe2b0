"""The API's front: what each app offers below one co-op, its description, and a page to try it."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from coop import merging, passing_on

in_coop: list[URLPattern | URLResolver] = [
    path("merges/", merging.Merges.as_view(), name="api-merges"),
    path("members/<int:number>/pass-on/", passing_on.PassOn.as_view(), name="api-pass-on"),
    path("merges/<int:pk>/undo/", merging.UndoMerge.as_view(), name="api-merge-undo"),
    path("", include("members.api.urls")),
    path("", include("governance.api.urls")),
    path("", include("ledger.api.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/<slug:coop>/", include(in_coop)),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]

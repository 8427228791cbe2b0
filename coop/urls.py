"""Every address of the platform. A co-op's pages lie below its slug, its API below ``/api/v1/<slug>/``."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from coop import api, home, joining, merging, passing_on, privacy, reference, returns
from coop.founding import views as founding
from coop.kernel import account_views as accounts
from coop.kernel import views as kernel

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # else its own form would let a second factor be skipped

in_coop: list[URLPattern | URLResolver] = [
    path("", home.front, name="home"),
    path("desk/", home.desk, name="desk"),
    path("join/", joining.join, name="join"),
    path("register/returns/", returns.returns, name="returns"),
    path("register/erasures/", privacy.retention, name="erasures"),
    path("register/erasures/applications/<int:pk>/", privacy.erase_application, name="erase-application"),
    path("register/people/<int:pk>/erase/", privacy.erase, name="erase"),
    path("register/people/<int:pk>/same/", merging.twins, name="twins"),
    path("register/people/<int:pk>/same/<int:other>/", merging.merge, name="merge"),
    path("register/people/<int:pk>/split/", merging.split, name="split"),
    path("register/merges/<int:pk>/undo/", merging.undo, name="merge-undo"),
    path("register/members/<int:number>/pass-on/", passing_on.pass_on, name="pass-on"),
    path("me/data/file/", privacy.my_data, name="my-data"),
    path("jobs/<int:pk>/", kernel.job, name="job"),
    path("audit/", kernel.audit_trail, name="audit"),
    path("offices/", kernel.offices, name="offices"),
    path("offices/<int:pk>/end/", kernel.end_office, name="office-end"),
    path("second-factor/", kernel.factor_resets, name="factor-resets"),
    path("second-factor/<int:pk>/confirm/", kernel.confirm_factor_reset, name="factor-reset-confirm"),
    path("settings/", founding.settings_page, name="settings"),
    path("", include("members.web.urls")),
    path("", include("governance.web.urls")),
    path("", include("ledger.web.urls")),
]

urlpatterns = [
    path("", home.door, name="door"),
    path("", include("coop.health")),
    path("found/", founding.wizard, name="found"),
    path("ui/", reference.reference, name="ui-reference"),
    path("outbox/", kernel.outbox_list, name="outbox"),
    path("outbox/<int:pk>/", kernel.outbox_mail, name="outbox-mail"),
    path("accounts/tokens/", accounts.token_list, name="tokens"),
    path("accounts/tokens/<int:pk>/revoke/", accounts.token_revoke, name="token-revoke"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include(api.urlpatterns)),
    path("<slug:coop>/", include(in_coop)),
]

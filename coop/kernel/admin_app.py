"""``django.contrib.admin`` with our site: read before any model is."""

from django.contrib.admin.apps import AdminConfig


class StaffAdmin(AdminConfig):
    default = False
    default_site = "coop.kernel.admin_site.StaffSite"

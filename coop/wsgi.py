import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
_django = get_wsgi_application()

from governance.web import box  # noqa: E402 - needs the apps loaded

application = box.in_front_of(_django)

"""One settings file, read from the environment only.

Everything a person may set is listed in ``.env.example``. Nothing here is safe to guess in production: with
``DEBUG`` off, a missing secret or a missing host list stops the start with a sentence.
"""

from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from coop import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()  # X_FILE names a file that holds X: secrets as files
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

DEMO = env.bool("ROCHDALE_DEMO", default=False)
DEBUG = env.bool("DEBUG", default=DEMO or "DATABASE_URL" not in env.ENVIRON)
SITE_NAME = "Rochdale"
SHOW_REFERENCE = env.bool("SHOW_REFERENCE", default=DEBUG)  # every part of the design, at /ui/

TRIAL_SECRET_KEY = "only-for-trying-it-out-never-for-members"  # noqa: S105 - checks.py reports it outside DEBUG
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("SECRET_KEY is not set. Give it, or SECRET_KEY_FILE, a long random text.")
    SECRET_KEY = TRIAL_SECRET_KEY
# Keys of the past: sessions and second factors kept under them still open. Drop one when nobody needs it any more.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- data ------------------------------------------------------------------------------------------------------------
# Two roles: the owner creates and migrates, the application may not edit history (coop/kernel/guards.py).
if "DATABASE_URL" in env.ENVIRON or "DATABASE_URL_FILE" in env.ENVIRON:
    DATABASES = {
        "default": env.db_url("DATABASE_URL"),
        "owner": env.db_url("DATABASE_OWNER_URL", default=env.str("DATABASE_URL")),
    }
else:
    DATABASES = {
        "default": {"ENGINE": "coop.embedded_db", "NAME": "rochdale", "USER": embedded.APP_ROLE},
        "owner": {"ENGINE": "coop.embedded_db", "NAME": "rochdale", "USER": embedded.OWNER_ROLE},
    }
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["ATOMIC_REQUESTS"] = False  # services open their own transaction; a view never needs one
DATABASE_ROUTERS = ["coop.kernel.guards.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="") or embedded.valkey_url()
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "rochdale",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # sessions outlive the broker

# --- the application -------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "coop.kernel",
    "members",
    "governance",
    "ledger",
    "coop",
    "coop.kernel.admin_app.StaffAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "csp",
    "pgtrigger",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "coop.kernel.answers.AnswersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "coop.kernel.accounts.SeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "coop.kernel.tenancy.CoopMiddleware",
    "coop.looks.LooksMiddleware",
    "coop.kernel.errors.RefusedMiddleware",
]

ROOT_URLCONF = "coop.urls"
WSGI_APPLICATION = "coop.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "coop.kernel.tenancy.page_context",
            ],
            "builtins": ["coop.kernel.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "coop.kernel.answers.csrf_failure"

# --- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600  # a letter may be slow
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a new password, key or address is told to whoever had the login before
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "coop.kernel.accounts.AccountAdapter"
MFA_ADAPTER = "coop.kernel.accounts.FactorAdapter"
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # a code is still good half a minute later: RFC 6238 §5.2
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
USERSESSIONS_TRACK_ACTIVITY = True
# How many proxies of our own stand in front: so many addresses at the end of X-Forwarded-For can be believed.
# Limits are counted by address, so 0 behind a proxy counts everybody as one, and too many believes a lie.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
OFFICERS_NEED_MFA = env.bool("OFFICERS_NEED_MFA", default=not DEBUG)

# --- language, time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["coop.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# --- files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Who was erased, by key and outside the database, so that a restored backup can be brought up to it.
ERASURE_LOG = env.str("ERASURE_LOG", default=str(embedded.data_dir() / "erasures.jsonl"))
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(embedded.data_dir() / "media")))
# The private keys of open secret ballots: files for web and worker, never in the database, best left out of backups.
BALLOT_KEYS = Path(env.str("BALLOT_KEYS", default=str(embedded.data_dir() / "ballot-keys")))
BALLOT_LEAST = env.int("BALLOT_LEAST", default=5)  # a secret ballot, or a class counted apart, has so many voters
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# --- work in the background ------------------------------------------------------------------------------------------
CELERY_BROKER_URL = (
    REDIS_URL
    if "://" in REDIS_URL and not REDIS_URL.startswith("unix:")
    else (REDIS_URL.replace("unix:", "redis+socket:", 1).replace("?db=", "?virtual_host="))
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 3600
CELERY_TASK_SOFT_TIME_LIMIT = 3540
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A broker that does not answer must not hold up the person: the job is a row, the sweeper sends it again.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 7200,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TIMEZONE = "UTC"
# A worker says this often that it still works on a job; five times as long without a word, and the job is done anew.
HEARTBEAT_SECONDS = env.float("HEARTBEAT_SECONDS", default=2.0)
CELERY_BEAT_SCHEDULE = {
    "jobs.sweep": {"task": "kernel.sweep_jobs", "schedule": env.float("SWEEP_SECONDS", default=15.0)},
    "mail.send": {"task": "kernel.send_mail", "schedule": 30.0},
    "members.tick": {"task": "members.tick", "schedule": 600.0},
    "ballots.tick": {"task": "governance.tick", "schedule": env.float("TICK_SECONDS", default=5.0)},
    "ballots.shake": {"task": "governance.shake", "schedule": env.float("SHAKE_SECONDS", default=180.0)},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(embedded.data_dir() / "celerybeat-schedule")

# --- books -----------------------------------------------------------------------------------------------------------
# A distribution to more members than this is built aside in a partition of its own; one for every small co-op and year
# would only burden the planner.
EVERYDAY_MEMBERS = env.int("EVERYDAY_MEMBERS", default=2_000)

# --- mail ------------------------------------------------------------------------------------------------------------
# Every letter goes through the outbox table; the worker hands it to the transport below.
EMAIL_BACKEND = "coop.kernel.outbox.OutboxBackend"
MAIL_TRANSPORT = env.str("MAIL_TRANSPORT", default="demo" if DEBUG else "smtp")  # demo: kept readable at /outbox/
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Rochdale <no-reply@localhost>")

# --- the API ---------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "coop.kernel.rest_input.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "coop.kernel.rest_input.JSON",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "coop.kernel.rest.Pages",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "coop.kernel.rest.problem_json",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("API_ANON_RATE", default="60/min"),
        "user": env.str("API_USER_RATE", default="600/min"),
    },
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rochdale",
    "DESCRIPTION": "Who belongs, how they decide, what they own.",
    "VERSION": "1.0.0",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "PartyKind": "members.models.Party.Kind",
        "BallotKindEnum": "governance.models.Ballot.Kind",
        "MembershipEventKind": "members.models.MembershipEvent.Kind",
        "MembershipState": "members.models.Membership.State",
        "ApplicationState": "members.models.Application.State",
        "BoardSheetState": "members.models.BoardSheet.State",
        "ChangeKind": "members.models.ChangeRequest.Kind",
        "ChangeState": "members.models.ChangeRequest.State",
        "OfficeRole": "coop.kernel.models.Office.Role",
    },
}

# --- headers ---------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        "object-src": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in ("camera", "microphone", "geolocation", "payment", "usb", "accelerometer", "gyroscope", "magnetometer")
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

METRICS_PUBLIC = env.bool("METRICS_PUBLIC", default=False)  # else /metrics answers this machine only

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},  # else each line twice
}

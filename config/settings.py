"""All settings, read from the environment. docs/operators.md lists the variables."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF

from claims.vocabulary import Channel, ContactChannel, MediaKind, Pace
from config import env
from config.logging import LOGGING, configure  # noqa: F401  Django reads LOGGING here
from config.version import read_version
from verification.domain.evidence import EvidenceKind

configure()
BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = read_version(BASE_DIR / "CHANGELOG.md")
DATA_DIR = Path(env.text("STET_DATA", str(BASE_DIR / "var"))).resolve()

DEBUG = env.flag("STET_DEBUG")
SECRET_KEY = env.kept_secret("SECRET_KEY", DATA_DIR)
ALLOWED_HOSTS = env.words("STET_HOSTS") or ["127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.words("STET_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_htmx",
    "claims",
    "verification",
    "verification.desk",
    "config",
]
MIDDLEWARE = [
    "config.compression.TextCompression",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "claims.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "verification.desk.frame.frame",
            ]
        },
    }
]

DATABASE_URL = env.text("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'stet.sqlite3'}"


def _database(url: str) -> dict[str, Any]:
    settings: dict[str, Any] = environ.Env.db_url_config(url)
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        settings["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
            ),
        }
        # A file even under test: threads and child processes see the same database.
        settings["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    elif settings["ENGINE"] == "django.db.backends.postgresql":
        settings["OPTIONS"] = {
            "pool": {"min_size": 1, "max_size": 36, "timeout": 20},
            # What is asked again and again over one connection is planned once: half of the database's processor time.
            "server_side_binding": True,
            "prepare_threshold": 5,
        }
    return settings


DATABASES = {"default": _database(DATABASE_URL)}

REDIS_URL = env.text("REDIS_URL")

ARCHIVE_URL = env.text("STET_ARCHIVE_URL", str(DATA_DIR / "archive"))
# Only for an archive on S3. Without them its client looks where it always does: the machine's own role, for one.
ARCHIVE_ACCESS_KEY = env.text("AWS_ACCESS_KEY_ID")
ARCHIVE_SECRET_KEY = env.text("AWS_SECRET_ACCESS_KEY")
UPLOAD_DIR = DATA_DIR / "uploads"
UPLOAD_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
FILE_UPLOAD_TEMP_DIR = str(UPLOAD_DIR)
FILE_UPLOAD_HANDLERS = ["claims.api.parsing.BoundedUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
UPLOAD_MAX_BYTES = 512 * 1024 * 1024

# Whose X-Forwarded-For is believed: addresses or networks of proxies that set it themselves.
PROXIES = env.networks("STET_PROXIES")
FETCH_ALLOW = env.words("STET_FETCH_ALLOW")
EXTRACTORS = env.words("STET_EXTRACTORS")
EXTRACTOR_PROXY = env.text("STET_EXTRACTOR_PROXY")
PUBLIC_READ = env.flag("STET_PUBLIC_READ")
JOB_LEASE_SECONDS = env.number("STET_JOB_LEASE_SECONDS", 30)
HOST_CONCURRENCY = env.number("STET_HOST_CONCURRENCY", 2)
HOST_DELAY_SECONDS = env.number("STET_HOST_DELAY_SECONDS", 1)
RECONCILE_SECONDS = env.number("STET_RECONCILE_SECONDS", 2)
CHECKPOINT_SECONDS = env.number("STET_CHECKPOINT_SECONDS", 300)
# Outside the database: what can be rewritten there can be held against what lies here.
CHECKPOINT_DIR = DATA_DIR / "checkpoints"
SIGNING_KEY = env.kept_secret("STET_SIGNING_KEY", DATA_DIR, size_bytes=32)
TSA_URL = env.text("STET_TSA_URL")
TSA_ROOTS = env.text("STET_TSA_ROOTS")
# Who may vouch for content credentials; decoders read it from wherever they are started.
_C2PA_TRUST = env.text("STET_C2PA_TRUST")
C2PA_TRUST = Path(_C2PA_TRUST).resolve() if _C2PA_TRUST else None
# It gets at a file by its number among the decoder's open files, which only Linux shows.
_FOUND_EXIFTOOL = (shutil.which("exiftool") if sys.platform == "linux" else None) or ""
_EXIFTOOL = env.text("STET_EXIFTOOL", "auto")
_EXIFTOOL = {"auto": _FOUND_EXIFTOOL, "off": ""}.get(_EXIFTOOL, _EXIFTOOL)
EXIFTOOL = Path(_EXIFTOOL) if _EXIFTOOL else None
FIXITY_DAYS = env.number("STET_FIXITY_DAYS", 30)
PUBLIC_URL = env.text("STET_PUBLIC_URL").rstrip("/")

# Without a mail server, mail is written into files, so that nothing is said to be sent that could not be read.
MAIL_URL = env.text("STET_MAIL_URL")
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("STET_MAIL_FROM", "Stet <stet@localhost>")
vars().update(env.mail(MAIL_URL))

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
# An image collects and compresses them once and names the folder; elsewhere they are served where they lie.
_COLLECTED = env.text("STET_STATIC")
STATIC_ROOT = Path(_COLLECTED or DATA_DIR / "static")
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = not _COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

CSRF_FAILURE_VIEW = "config.api_errors.csrf_failed"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "claims.api.authentication.KeyAuthentication",
        "claims.api.authentication.PageSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["claims.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["claims.api.rendering.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api_errors.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Stet",
    "DESCRIPTION": "What is claimed, what was checked, what stands, and the exact words that may be printed.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    # Two choices are called `kind`, two `channel`: each keeps a name of its own in the document.
    "ENUM_NAME_OVERRIDES": {
        "KindEnum": [kind.value for kind in MediaKind],
        "BoundKindEnum": [kind.value for kind in EvidenceKind],
        "PaceEnum": [pace.value for pace in Pace],
        "ChannelEnum": [channel.value for channel in Channel],
        "ContactChannelEnum": [channel.value for channel in ContactChannel],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "claims.api.schema.with_manners",
    ],
}

TILE_URL = env.text("STET_TILE_URL")
TILE_ATTRIBUTION = env.text("STET_TILE_ATTRIBUTION")
_TILE_HOST = ["{0.scheme}://{0.netloc}".format(urlsplit(TILE_URL))] if TILE_URL else []

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *_TILE_HOST],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
# Whether the outside sees https is then what the proxy says. Believed only on the operator's word that nothing else
# reaches the web processes: whoever could send the header themselves could pass a plain connection for a safe one.
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE and env.flag("STET_BEHIND_PROXY") else None
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

"""Django settings: one file, driven by the environment (`arena.config.env`)."""

from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from arena.common.connections import name_of
from arena.config.env import BASE_DIR, read_environment, secrets_of
from arena.config.logs import logging_config

try:
    ENV = read_environment()
except ImproperlyConfigured as error:
    # Whoever starts a server with a wrong value reads a sentence, not where in Django it was found.
    raise SystemExit(f"The arena does not start. {error}") from None

DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.secret_key_fallbacks
ALLOWED_HOSTS = ENV.allowed_hosts
ROOT_URLCONF = "arena.config.urls"
ASGI_APPLICATION = "arena.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"

INSTALLED_APPS = [
    # Before Django's admin, whose templates it overrides.
    "arena.operators",
    "arena.operators.apps.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_vite",
    "arena.common",
    "arena.accounts",
    "arena.arenas",
    "arena.systems",
    "arena.router",
    "arena.battles",
    "arena.media",
    "arena.votes",
    "arena.integrity",
    "arena.rankings",
    "data_releases",
    "arena.web",
    "arena.api",
    "arena.config",
]

MIDDLEWARE = [
    "arena.config.middleware.RequestTrace",
    "arena.config.kept.PublicAnswers",
    "django.middleware.security.SecurityMiddleware",
    # Outside of whatever answers by itself: static files and refused host names get these headers too.
    "arena.config.middleware.ResourcePolicy",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- State ---------------------------------------------------------------------------------------------------------


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options: dict[str, Any] = {"connect_timeout": 5, "fallback_application_name": name_of("database")}
    if ENV.db_pool_size:
        options["pool"] = {"min_size": 1, "max_size": ENV.db_pool_size, "timeout": 10}
    for pair in filter(None, parts.query.split("&")):
        key, _sep, value = pair.partition("=")
        options[key] = unquote(value)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A socket folder comes as ?host=/path, which libpq prefers over the address.
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


DATABASES = {"default": _database(ENV.database_url)}

REDIS_URL = ENV.redis_url
ARENA_REDIS_POOL_SIZE = ENV.redis_pool_size
# redis-py says unix://PATH?db=1, kombu says redis+socket://PATH?virtual_host=1.
CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("unix://"):
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(ENV.var / "media")},
    },
    "staticfiles": {"BACKEND": "arena.web.static_files.StaticFiles"},
}
if ENV.storage == "s3":
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": ENV.s3_bucket,
            "endpoint_url": ENV.s3_endpoint_url or None,
            # Where neither is given, boto3 looks for a role or a profile.
            "access_key": ENV.aws_access_key_id or None,
            "secret_key": ENV.aws_secret_access_key or None,
            "file_overwrite": False,
            "querystring_expire": 300,
        },
    }
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/(assets/.+-[\w-]{8}\.\w+|.+\.[0-9a-f]{12}\.\w+)$"
DJANGO_VITE = {"default": {"manifest_path": BASE_DIR / "frontend" / "dist" / "manifest.json"}}

# --- Language ------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
# Dates that nobody can misread: the month as a word, 24 hours.
FORMAT_MODULE_PATH = ["arena.web.formats"]
LOCALE_PATHS = [BASE_DIR / "arena" / "web" / "locale"]

# --- Security ------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "sesame.backends.ModelBackend"]
SESAME_ONE_TIME = True
SESAME_MAX_AGE = 24 * 3600
ARENA_ADMIN_SECOND_FACTOR = ENV.admin_second_factor
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
OTP_TOTP_ISSUER = "Preference Arena"
# Only operators have sessions: the cookie goes to the admin alone, and a working day later a new login is due.
SESSION_COOKIE_PATH = "/admin/"
SESSION_COOKIE_AGE = 12 * 3600
# What the admin says once lies in the session: a cookie for it would be taken back by one that is not marked secure.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# How long a login, or a code given again, counts as proof of who sits there before what cannot be undone.
ARENA_PROOF_S = 600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = ENV.https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
VOTER_COOKIE = "__Host-arena_voter" if ENV.https else "arena_voter"
SECURE_SSL_REDIRECT = ENV.https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 63_072_000 if ENV.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENV.https
# Not "no-referrer": browsers then send forms with "Origin: null", which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxies else None
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "arena.web.views.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ENV.allowed_hosts if "*" not in host] if ENV.https else []
# A prompt has at most 8,000 characters; 1 MB leaves room for feedback and nothing else.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- The arena -----------------------------------------------------------------------------------------------------

# Allowed per voter, network prefix and token: (number, window in seconds); 0 switches a limit off. The environment
# (ARENA_LIMITS=battle.voter=30/3600,…) overrides single entries, a token's own limits override both.
ARENA_LIMITS: dict[str, dict[str, tuple[int, int]]] = {
    "consent": {"voter": (0, 3600), "network": (60, 3600)},
    "battle": {"voter": (30, 3600), "network": (300, 3600)},
    "turn": {"voter": (120, 3600), "network": (1200, 3600)},
    "vote": {"voter": (60, 3600), "network": (600, 3600)},
    "report": {"voter": (20, 3600), "network": (100, 3600)},
    # While somebody types.
    "requirement": {"voter": (600, 3600), "network": (3000, 3600)},
}
for _action, _scopes in ENV.limits.items():
    ARENA_LIMITS[_action].update(_scopes)
ARENA_LIMITS_OFF = ENV.limits_off
ARENA_DAILY_BUDGET_USD = ENV.daily_budget_usd
ARENA_BREAKER = ENV.breaker
ARENA_CONTACT = ENV.contact
ARENA_TRUSTED_PROXIES = ENV.trusted_proxies
ARENA_METRICS_TOKEN = ENV.metrics_token
ARENA_METRICS_NETWORKS = ENV.metrics_networks
ARENA_PRIVATE_BACKENDS = ENV.private_backends
ARENA_MODERATION_URL = ENV.moderation_url
ARENA_MODERATION_MODEL = ENV.moderation_model
ARENA_MODERATION_API_KEY = ENV.moderation_api_key
ARENA_ROUTER_URL = ENV.router_url
ARENA_ROUTER_MODEL = ENV.router_model
ARENA_ROUTER_API_KEY = ENV.router_api_key
ARENA_RELEASE_KEY = ENV.release_key
ARENA_MAX_TURNS = 10
# How old a public page or answer of the API becomes before it is made anew; 0 makes one for each request.
ARENA_PUBLIC_KEPT_S = 1.0
ARENA_MAX_OPEN_BATTLES = ENV.max_open_battles
ARENA_MAX_SOCKETS = ENV.max_sockets
ARENA_LEASE_S = 12.0
ARENA_RING_AGAIN_S = 8.0
ARENA_FRAME_S = 0.1
ARENA_MAX_CHARS_PER_S = 600
ARENA_BATTLE_EXPIRES_S = 24 * 3600
ARENA_SIDE_RETRIES = 2
# By modality: a clip takes too long to draw for it twice.
ARENA_REDRAWS = {"text": 2, "music": 1}
# Battles kept ready for each suggested prompt, by modality; 0: none.
ARENA_PREFETCH = {"text": 0, "music": ENV.prefetch}
ARENA_PREFETCHED_FRESH_S = 12 * 3600

LOGGING = logging_config(ENV.log_level, secrets_of(ENV))

"""The site's own settings, under the environment of the test run. Processes that a test starts use the site's."""

from tests.environment import prepare

prepare()

from arena.config.settings import *  # noqa: E402, F403 - the environment comes first
from arena.config.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Hashed names need a collectstatic; the stack tests make one.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# WhiteNoise warns of a folder that only collectstatic makes; the finders know the files.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
# Tests change a row and read it at once; `tests/config/test_kept.py` switches this on.
ARENA_PUBLIC_KEPT_S = 0
# Consumers and threads give their connection back after each call, as the site's own do.
DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 0, "max_size": 60, "timeout": 30, "max_idle": 30}

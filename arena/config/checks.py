"""Mistakes of an operator that the types of single values cannot show; `manage.py check --deploy` reports them.

What would let visitors in harm's way stops every start instead (`arena.config.rules`). Ids:

- arena.E001: ARENA_HTTPS without ARENA_TRUSTED_PROXIES: every visitor would be the proxy, every page a redirect.
- arena.E002: ARENA_ALLOWED_HOSTS is open to every name.
- arena.E003: a variable that begins with ARENA_ and means nothing, mostly a slip of the pen.
- arena.E004: the front end is not built.
- arena.W001: limits are off.
- arena.W002: a server of state takes connections from other machines without a password.
- arena.W003: a language of the site has no compiled translation.
- arena.W004: no address at which visitors reach the operator.
- arena.W005: no HTTPS on a name that other machines can reach.
- arena.W010: operators need no second factor.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name

from arena.config.env import BASE_DIR, Environment
from arena.config.rules import LOOPBACK_HOSTS

#: Read by the tests alone.
_TEST_NAMES: Final = ("ARENA_SHARED_DATA", "ARENA_TEST_")


@register(Tags.security, deploy=True)
def check_deployment(**_options: Any) -> list[CheckMessage]:
    """Report every mistake of the deployment."""
    env: Environment = settings.ENV
    messages = [*_proxy(env), *_names(env), *_built(), *_limits(env), *_passwords(env)]
    if not env.contact:
        hint = "Set ARENA_CONTACT to an e-mail or web address."
        messages.append(Warning("Visitors cannot reach you.", hint=hint, id="arena.W004"))
    if not env.admin_second_factor:
        hint = "Unset ARENA_ADMIN_SECOND_FACTOR; it is meant for the demo."
        messages.append(Warning("A password alone opens the admin.", hint=hint, id="arena.W010"))
    return messages


def _proxy(env: Environment) -> Iterator[CheckMessage]:
    if env.https and not env.trusted_proxies:
        hint = "Set ARENA_TRUSTED_PROXIES to the address or range of the reverse proxy that ends TLS."
        yield Error("HTTPS is on, and no proxy may say so.", hint=hint, id="arena.E001")
    if any(host == "*" for host in env.allowed_hosts):
        hint = "Name the hosts of the site in ARENA_ALLOWED_HOSTS."
        yield Error("Every host name is accepted.", hint=hint, id="arena.E002")
    if not env.https and set(env.allowed_hosts) - LOOPBACK_HOSTS:
        hint = "Put a proxy that ends TLS in front, and leave ARENA_HTTPS at 1."
        yield Warning("Cookies travel without encryption.", hint=hint, id="arena.W005")


def _names(env: Environment) -> Iterator[CheckMessage]:
    known = env.names | {f"{name}_FILE" for name in env.names}
    for name in sorted(os.environ):
        if name.startswith("ARENA_") and name not in known and not name.startswith(_TEST_NAMES):
            yield Error(f"{name} means nothing to the arena.", hint="Look for a slip of the pen.", id="arena.E003")


def _built() -> Iterator[CheckMessage]:
    if not Path(settings.DJANGO_VITE["default"]["manifest_path"]).exists():
        yield Error("The front end is not built.", hint="Run make build.", id="arena.E004")
    for path in sorted(BASE_DIR.glob("arena/*/locale/*/LC_MESSAGES/*.po")):
        if not path.with_suffix(".mo").exists():
            missing = path.relative_to(BASE_DIR)
            yield Warning(f"{missing} is not compiled.", hint="Run make build.", id="arena.W003")


def _limits(env: Environment) -> Iterator[CheckMessage]:
    if env.limits_off:
        hint = "Unset ARENA_LIMITS_OFF; it is meant for the demo."
        yield Warning("Nobody is limited.", hint=hint, id="arena.W001")


def _passwords(env: Environment) -> Iterator[CheckMessage]:
    for name, url in (("DATABASE_URL", env.database_url), ("REDIS_URL", env.redis_url)):
        parts = urlsplit(url)
        if parts.hostname and parts.hostname not in LOOPBACK_HOSTS and not parts.password:
            yield Warning(f"{name} has no password.", hint="Give the server one.", id="arena.W002")

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
- arena.E005: the folder of ARENA_VAR cannot be written.
- arena.W006: one secret serves two purposes.
- arena.W007: a password that can be guessed.
- arena.W008: /metrics is open to public addresses.
- arena.W009: an allowed host that is no host name.
- arena.W010: operators need no second factor.
- arena.W012: a trusted proxy range holds public addresses of many.
- arena.E006: the object store has half of a pair of keys.
- arena.W018: everybody on the machine can read the file of a secret.
- arena.W019: a private backend is a server of the arena's own, or what tells a machine its credentials.
- arena.W020: prompts travel to a guard or router without encryption.
- arena.W021: the disk of the storage folder is nearly full.

`checks_servers` looks at the servers behind the addresses, `checks_running` at the started arena; docs/operations.md
lists all ids.
"""

import os
import re
import shutil
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import combinations
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name

from arena.config.env import BASE_DIR, SECRET_NAME, Environment
from arena.config.rules import LOOPBACK_HOSTS
from arena.systems.backends.addresses import DEFAULT_PORTS, is_public

#: Read by the tests alone.
_TEST_NAMES: Final = ("ARENA_SHARED_DATA", "ARENA_TEST_")
_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
MIN_PASSWORD_CHARS: Final = 16
MAX_PUBLIC_ADDRESSES: Final = 256
#: Clips of some seven hundred battles of music.
MIN_FREE_BYTES: Final = 1_000_000_000
#: Docker shows secrets there to the one container that they are for.
_CONTAINER_SECRETS: Final = Path("/run/secrets")
#: Where clouds tell their machines' credentials to whoever asks from there.
_METADATA_HOSTS: Final = ("metadata.google.internal", "fd00:ec2::254")
_INSIDE: Final = (".internal", ".local", ".lan", ".home.arpa")
_STATE_PORTS: Final = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379, **DEFAULT_PORTS}


@register(Tags.security, deploy=True)
def check_deployment(**_options: Any) -> list[CheckMessage]:
    """Report every mistake of the deployment."""
    env: Environment = settings.ENV
    messages = [*_proxy(env), *_hosts(env), *_names(env), *_built(), *_limits(env), *_passwords(env)]
    messages += [*_networks(env), *_secrets(env), *_secret_files(), *_folder(env), *_keys(env)]
    messages += [*_private_backends(env), *_unencrypted(env)]
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
        elif parts.hostname and parts.hostname not in LOOPBACK_HOSTS and _is_weak(unquote(parts.password or "")):
            hint = "Take random characters: python -c 'import secrets; print(secrets.token_urlsafe(32))'."
            yield Warning(f"The password of {name} can be guessed.", hint=hint, id="arena.W007")


def _is_weak(password: str) -> bool:
    return len(password) < MIN_PASSWORD_CHARS or len(set(password)) < MIN_PASSWORD_CHARS // 2


def _hosts(env: Environment) -> Iterator[CheckMessage]:
    for host in env.allowed_hosts:
        if host != "*" and host not in LOOPBACK_HOSTS and not _HOST.fullmatch(host.removeprefix(".")):
            hint = "Give names alone, without scheme, port or path: arena.example.org."
            yield Warning(f"ARENA_ALLOWED_HOSTS: {host!r} is no host name.", hint=hint, id="arena.W009")


def _networks(env: Environment) -> Iterator[CheckMessage]:
    for entry in _public(env.metrics_networks):
        hint = "Name the address of your monitoring, or give it ARENA_METRICS_TOKEN instead."
        yield Warning(f"ARENA_METRICS_NETWORKS: {entry} shows the figures to strangers.", hint=hint, id="arena.W008")
    for entry in _public(env.trusted_proxies):
        hint = "Name the addresses of your proxies alone: whoever is in this range can pretend to be anybody."
        yield Warning(f"ARENA_TRUSTED_PROXIES: {entry} holds strangers.", hint=hint, id="arena.W012")


def _public(entries: list[str]) -> Iterator[str]:
    """Ranges of many public addresses; a single one is a machine that somebody chose."""
    for entry in entries:
        if entry == "unix":
            continue
        network = ip_network(entry, strict=False)
        if network.num_addresses > MAX_PUBLIC_ADDRESSES and not network.is_private:
            yield entry


def _secrets(env: Environment) -> Iterator[CheckMessage]:
    secrets = {
        "ARENA_SECRET_KEY": env.secret_key,
        "the password of DATABASE_URL": unquote(urlsplit(env.database_url).password or ""),
        "the password of REDIS_URL": unquote(urlsplit(env.redis_url).password or ""),
        "ARENA_METRICS_TOKEN": env.metrics_token,
        "ARENA_RELEASE_KEY": env.release_key,
        "AWS_SECRET_ACCESS_KEY": env.aws_secret_access_key,
    }
    for (one, first), (other, second) in combinations(secrets.items(), 2):
        if first and first == second:
            hint = "Make a secret for each: whoever learns one must not hold the other."
            yield Warning(f"{one} and {other} are the same.", hint=hint, id="arena.W006")


def _folder(env: Environment) -> Iterator[CheckMessage]:
    """Every process writes there, or its storage is a folder there."""
    if env.storage != "folder":
        return
    folder = next(path for path in (env.var, *env.var.parents) if path.exists())
    if not os.access(folder, os.W_OK):
        hint = "Let the user of the arena write there, or set ARENA_STORAGE=s3."
        yield Error(f"ARENA_VAR: {folder} cannot be written.", hint=hint, id="arena.E005")
    if (free := shutil.disk_usage(folder).free) < MIN_FREE_BYTES:
        hint = "Make room, or move ARENA_VAR: on a full disk no clip and no release can be kept."
        yield Warning(f"ARENA_VAR: {free // 10**6} MB are free at {folder}.", hint=hint, id="arena.W021")


def _keys(env: Environment) -> Iterator[CheckMessage]:
    if env.storage == "s3" and bool(env.aws_access_key_id) != bool(env.aws_secret_access_key):
        hint = "Set both, or neither where boto3 finds a role or a profile."
        yield Error("Of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set.", hint=hint, id="arena.E006")


def _secret_files() -> Iterator[CheckMessage]:
    for variable, value in sorted(os.environ.items()):
        name, path = variable.removesuffix("_FILE"), Path(value)
        holds_secret = name != variable and (SECRET_NAME.fullmatch(name) or name in ("DATABASE_URL", "REDIS_URL"))
        if not holds_secret or not path.is_file() or path.is_relative_to(_CONTAINER_SECRETS):
            continue
        if path.stat().st_mode & 0o004:
            hint = f"chmod o= {path}, and let the user of the arena own it."
            yield Warning(f"{variable}: everybody here can read {path}.", hint=hint, id="arena.W018")


def _private_backends(env: Environment) -> Iterator[CheckMessage]:
    own = {_endpoint(url) for url in (env.database_url, env.redis_url, env.s3_endpoint_url)}
    for entry in env.private_backends:
        host, port = _endpoint(f"//{entry}") or ("", 0)
        if (host, port) in own or host in _METADATA_HOSTS or _is_link_local(host):
            hint = "List backends alone: whoever registers a system could make the arena ask this for its secrets."
            yield Warning(f"ARENA_PRIVATE_BACKENDS: {entry} is no backend.", hint=hint, id="arena.W019")


def _endpoint(url: str) -> tuple[str, int] | None:
    """Host and port; all names of this machine are one."""
    parts = urlsplit(url)
    if not parts.hostname:
        return None
    host = "127.0.0.1" if parts.hostname in {*LOOPBACK_HOSTS, "::1"} else parts.hostname
    return host, parts.port or _STATE_PORTS.get(parts.scheme, 0)


def _is_link_local(host: str) -> bool:
    try:
        return ip_address(host).is_link_local
    except ValueError:
        return False


def _unencrypted(env: Environment) -> Iterator[CheckMessage]:
    for name, url in (("ARENA_MODERATION_URL", env.moderation_url), ("ARENA_ROUTER_URL", env.router_url)):
        if url.startswith("http://") and _is_outside(urlsplit(url).hostname or ""):
            hint = "Use https: everybody on the way reads what visitors typed."
            yield Warning(f"{name}: prompts travel without encryption.", hint=hint, id="arena.W020")


def _is_outside(host: str) -> bool:
    """Whether the address or name is one of the internet; containers call each other by names without a dot."""
    try:
        return is_public(ip_address(host))
    except ValueError:
        return "." in host and not host.endswith(_INSIDE)

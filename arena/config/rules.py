"""What a deployment's environment must hold to, besides the type of each value. The first broken rule stops the start.

Pure: values in, sentences out. Each sentence names the variable and what to do.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from arena.systems.backends.addresses import endpoint_of
from arena.systems.backends.base import Misconfigured

if TYPE_CHECKING:
    from arena.config.env import Environment

MIN_KEY_CHARS: Final = 50
MIN_TOKEN_CHARS: Final = 32
MAX_PREFETCH: Final = 20
_MIN_DIFFERENT_CHARS: Final = 10
_PLACEHOLDERS: Final = ("change", "example", "insecure", "secret-key", "placeholder", "default")
_HOST_PORT: Final = re.compile(r"^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):\d{1,5}$")
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})


def broken_rules(values: "Environment") -> Iterator[str]:
    """Every rule that the values break, as a sentence."""
    yield from _key(values)
    yield from _release_key(values.release_key)
    yield from _state(values)
    yield from _storage(values)
    yield from _numbers(values)
    yield from _backends(values)
    yield from _network(values)
    yield from _address("ARENA_MODERATION_URL", values.moderation_url, ("/moderations", "/chat/completions"))
    yield from _address("ARENA_ROUTER_URL", values.router_url, ("/chat/completions",))
    yield from _operators(values)


def _key(values: "Environment") -> Iterator[str]:
    key = values.secret_key
    recipe = "(python -c 'import secrets; print(secrets.token_urlsafe(50))')."
    if values.debug:
        if public := sorted(set(values.allowed_hosts) - LOOPBACK_HOSTS):
            yield f"ARENA_DEBUG=1 shows settings to visitors: it is refused while ARENA_ALLOWED_HOSTS has {public[0]}."
    elif len(key) < MIN_KEY_CHARS:
        yield f"ARENA_SECRET_KEY must be set to at least {MIN_KEY_CHARS} random characters {recipe}"
    elif len(set(key)) < _MIN_DIFFERENT_CHARS or any(word in key.lower() for word in _PLACEHOLDERS):
        yield f"ARENA_SECRET_KEY is a placeholder: set it to random characters {recipe}"
    if any(len(old) < MIN_KEY_CHARS for old in values.secret_key_fallbacks):
        yield f"ARENA_SECRET_KEY_FALLBACKS: each key has at least {MIN_KEY_CHARS} characters, commas between them."
    if key in values.secret_key_fallbacks:
        yield "ARENA_SECRET_KEY_FALLBACKS holds the present key: put the keys there that it replaced."


def _release_key(key: str) -> Iterator[str]:
    if key and not re.fullmatch(r"[0-9a-fA-F]{64}", key):
        yield "ARENA_RELEASE_KEY must be 64 hexadecimal digits (openssl rand -hex 32)."


def _state(values: "Environment") -> Iterator[str]:
    for name, url in (("DATABASE_URL", values.database_url), ("REDIS_URL", values.redis_url)):
        if not _can_be_read(url):
            yield f"{name} cannot be read: write special characters of its password in percent code (@ is %40)."
            return
    if not values.database_url:
        yield "DATABASE_URL is not set: postgresql://user:password@host:port/name"
    elif urlsplit(values.database_url).scheme not in ("postgresql", "postgres"):
        yield "DATABASE_URL must begin with postgresql://; the arena keeps its state in PostgreSQL alone."
    if urlsplit(values.redis_url).scheme not in ("redis", "rediss", "unix"):
        yield "REDIS_URL must begin with redis://, rediss:// or unix://."


def _can_be_read(url: str) -> bool:
    """Whether the address has the parts of one; Python's own error would quote half of a password."""
    try:
        _parts = (urlsplit(url).hostname, urlsplit(url).port)
    except ValueError:
        return False
    return True


def _storage(values: "Environment") -> Iterator[str]:
    if values.storage not in ("folder", "s3"):
        yield f"ARENA_STORAGE must be folder or s3, not {values.storage!r}."
    if values.storage == "s3" and not values.s3_bucket:
        yield "ARENA_STORAGE=s3 needs S3_BUCKET."


def _numbers(values: "Environment") -> Iterator[str]:
    if values.max_open_battles < 0:
        yield "ARENA_MAX_OPEN_BATTLES must be 0 (no cap) or more."
    if values.max_sockets < 0:
        yield "ARENA_MAX_SOCKETS must be 0 (no cap) or more."
    if not 0 <= values.prefetch <= MAX_PREFETCH:
        yield f"ARENA_PREFETCH must be from 0 to {MAX_PREFETCH}; 0 makes no battle before somebody asks for it."
    if values.db_pool_size < 0:
        yield "ARENA_DB_POOL_SIZE must be 0 (no pool) or more."
    if values.redis_pool_size < 2:
        yield "ARENA_REDIS_POOL_SIZE must be 2 or more: whoever sends a message holds two connections."
    if values.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        yield f"ARENA_LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {values.log_level!r}."


def _backends(values: "Environment") -> Iterator[str]:
    for entry in values.private_backends:
        if not _HOST_PORT.match(entry):
            yield f"ARENA_PRIVATE_BACKENDS: {entry!r} is not host:port."
    if values.openai_base_url:
        try:
            endpoint_of(values.openai_base_url)
        except Misconfigured as error:
            yield f"OPENAI_BASE_URL: {error}."


def _network(values: "Environment") -> Iterator[str]:
    for name, entries, harm in (
        ("ARENA_TRUSTED_PROXIES", values.trusted_proxies, "would let every visitor choose their own address"),
        ("ARENA_METRICS_NETWORKS", values.metrics_networks, "would show the figures to everybody"),
    ):
        for entry in entries:
            try:
                everybody = entry != "unix" and ip_network(entry, strict=False).prefixlen == 0
            except ValueError:
                yield f"{name}: {entry!r} is no address, no range such as 10.0.0.0/8, and not 'unix'."
            else:
                if everybody:
                    yield f"{name}: {entry} {harm}."
    if 0 < len(values.metrics_token) < MIN_TOKEN_CHARS:
        yield f"ARENA_METRICS_TOKEN must have at least {MIN_TOKEN_CHARS} random characters, or be left out."


def _address(name: str, url: str, paths: tuple[str, ...]) -> Iterator[str]:
    parts = urlsplit(url)
    if url and not (parts.scheme in ("http", "https") and parts.hostname and parts.path.endswith(paths)):
        yield f"{name} must be an http(s) address that ends in {' or '.join(paths)}."


def _operators(values: "Environment") -> Iterator[str]:
    others = sorted(set(values.allowed_hosts) - LOOPBACK_HOSTS)
    if not values.admin_second_factor and (values.https or others):
        where = f"ARENA_ALLOWED_HOSTS has {others[0]}" if others else "ARENA_HTTPS is on"
        yield (
            f"ARENA_ADMIN_SECOND_FACTOR=0 opens the admin to a password alone: it is refused while {where}; "
            "it is meant for a demo on one machine."
        )

"""Makes the backend of a system version: the only place that knows a concrete one.

Those that speak HTTP are loaded where the first is made: most processes never call a system of another machine.
"""

import json
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from django.conf import settings
from environs import EnvError, FileAwareEnv

from arena.systems.backends.addresses import AddressPolicy, endpoint_of
from arena.systems.backends.base import Backend, Misconfigured
from arena.systems.backends.local import LocalBackend
from arena.systems.backends.local_audio import LocalAudioBackend
from arena.systems.backends.replay import DEFAULT_TOKENS_PER_S, DEFAULT_TTFT_S, ReplayBackend
from arena.systems.backends.replay_audio import ReplayAudioBackend
from arena.systems.backends.router import RouterBackend
from arena.systems.models import SystemVersion
from arena.systems.offline import CONTENDERS

Maker: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any]], Backend]


def backend_for(version: SystemVersion) -> Backend:
    """The backend that calls this version; made once per process. Raises a BackendError if it is set up wrongly."""
    return kept_backend(described(version))


def described(version: SystemVersion) -> str:
    """What its backend is made of."""
    return json.dumps([version.backend, version.endpoint, version.parameters], sort_keys=True)


@lru_cache(maxsize=1024)
def kept_backend(stored: str) -> Backend:
    """The backend made of this; see `described`. Raises a BackendError if it is set up wrongly."""
    kind, endpoint, parameters = json.loads(stored)
    return make(kind, endpoint, parameters)


def make(kind: str, endpoint: Mapping[str, Any], parameters: Mapping[str, Any]) -> Backend:
    """The backend of this kind. Raises a BackendError if it is set up wrongly."""
    if kind not in _MAKERS:
        raise Misconfigured(f"no backend is named {kind!r}")
    try:
        return _MAKERS[kind](endpoint, parameters)
    except KeyError as error:
        raise Misconfigured(f"{kind}: {error} is missing") from error


def _replay(endpoint: Mapping[str, Any], _parameters: Mapping[str, Any]) -> Backend:
    if endpoint.get("gives") == "audio":
        return ReplayAudioBackend(
            Path(endpoint["path"]), float(endpoint.get("ttft_s", DEFAULT_TTFT_S)), endpoint.get("sha256")
        )
    return ReplayBackend(
        Path(endpoint["path"]),
        tokens_per_second=float(endpoint.get("tokens_per_second", DEFAULT_TOKENS_PER_S)),
        ttft_s=float(endpoint.get("ttft_s", DEFAULT_TTFT_S)),
        sha256=endpoint.get("sha256"),
    )


def _local(endpoint: Mapping[str, Any], _parameters: Mapping[str, Any]) -> Backend:
    entry = endpoint["entry"]
    gives_audio = entry in CONTENDERS and CONTENDERS[entry].gives == "audio"
    return LocalAudioBackend(entry) if gives_audio else LocalBackend(entry)


def _openai_http(endpoint: Mapping[str, Any], parameters: Mapping[str, Any]) -> Backend:
    from arena.systems.backends.openai_http import OpenAIBackend  # noqa: PLC0415 - with HTTP

    key_name = endpoint.get("api_key_env", "")
    return OpenAIBackend(
        endpoint["base_url"],
        endpoint["model"],
        api_key=_secret(key_name) if key_name else "",
        policy=address_policy(),
        parameters=parameters,
        system_prompt=endpoint.get("system_prompt", ""),
    )


def _music_arena_http(endpoint: Mapping[str, Any], _parameters: Mapping[str, Any]) -> Backend:
    from arena.systems.backends.music_arena_http import MusicArenaBackend  # noqa: PLC0415 - with HTTP

    return MusicArenaBackend(endpoint["base_url"], policy=address_policy())


def _audio_http(endpoint: Mapping[str, Any], _parameters: Mapping[str, Any]) -> Backend:
    from arena.systems.backends.audio_http import AudioHttpBackend, AudioPlace  # noqa: PLC0415 - with HTTP

    key_name = endpoint.get("api_key_env", "")
    return AudioHttpBackend(
        endpoint["url"],
        endpoint["body"],
        AudioPlace(**endpoint["audio"]),
        lyrics_path=endpoint.get("lyrics", ""),
        api_key=_secret(key_name) if key_name else "",
        policy=address_policy(),
    )


def _router(endpoint: Mapping[str, Any], _parameters: Mapping[str, Any]) -> Backend:
    return RouterBackend(Path(endpoint["path"]), endpoint["sha256"], tuple(endpoint["members"]))


_MAKERS: Final[Mapping[str, Maker]] = {
    "replay": _replay,
    "local": _local,
    "openai_http": _openai_http,
    "music_arena_http": _music_arena_http,
    "audio_http": _audio_http,
    "router": _router,
}


def address_policy() -> AddressPolicy:
    """Which private addresses the operator lets backends have: a setting, out of the admin's reach."""
    listed = list(settings.ARENA_PRIVATE_BACKENDS)
    if settings.ENV.openai_base_url:
        host, port = endpoint_of(settings.ENV.openai_base_url)
        listed.append(f"{host}:{port}")
    return AddressPolicy.of(listed)


def has_secret(name: str) -> bool:
    """Whether the variable of this name, or NAME_FILE, is set here."""
    return name in os.environ or f"{name}_FILE" in os.environ


def _secret(name: str) -> str:
    """The variable of this name, or the content of the file that NAME_FILE names. Raises Misconfigured."""
    if not has_secret(name):
        raise Misconfigured(f"neither {name} nor {name}_FILE is set")
    try:
        return FileAwareEnv().str(name).strip()
    except (EnvError, OSError, ValueError) as error:
        raise Misconfigured(f"{name}: cannot be read") from error

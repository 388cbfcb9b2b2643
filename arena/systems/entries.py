"""One system of a systems file, by the kind of its backend: which keys it has, and what can be wrong with them."""

import json
import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import BackendError, Limits
from arena.systems.backends.openai_chunks import RESERVED_PARAMETERS
from arena.systems.backends.replay_audio import AudioFolder
from arena.systems.backends.replay_files import open_outputs
from arena.systems.backends.router import MIN_MEMBERS
from arena.systems.offline import CONTENDERS

#: The variables that a file may name as a key: nobody sends the site's own secrets to a backend.
_KEY_VARIABLE: Final = re.compile(r"(?!(?:ARENA|AWS|S3|DJANGO|DATABASE|REDIS|SECRET)_)[A-Z][A-Z0-9_]*_(?:KEY|TOKEN)")
_LIMIT_NAMES: Final = frozenset(field.name for field in fields(Limits))


def _limits(value: dict[str, float]) -> dict[str, float]:
    for name, limit in value.items():
        if name not in _LIMIT_NAMES:
            raise ValueError(f"{name} is none of {', '.join(sorted(_LIMIT_NAMES))}")
        if limit <= 0:
            raise ValueError(f"{name} must be positive")
    return value


def _parameters(value: dict[str, Any]) -> dict[str, Any]:
    if taken := sorted(RESERVED_PARAMETERS & value.keys()):
        raise ValueError(f"{', '.join(taken)}: set by the arena in every request")
    return value


def _key_variable(value: str) -> str:
    if not _KEY_VARIABLE.fullmatch(value):
        raise ValueError("name a variable that ends in _KEY or _TOKEN and is not one of the site's own")
    return value


class Strict(BaseModel):
    """A mapping of the file: no unknown key, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Entry(Strict):
    """What every system says about itself."""

    name: str = Field(min_length=1, max_length=120, pattern=r"^\S(?:.*\S)?$")
    organisation: str = Field(default="", max_length=120)
    access: Literal["open", "proprietary"] = "proprietary"
    licence: str = Field(default="", max_length=120)
    links: dict[str, Annotated[str, Field(pattern=r"^https?://")]] = {}
    parameters: Annotated[dict[str, JsonValue], AfterValidator(_parameters)] = {}
    signature: dict[str, JsonValue] = {}
    context_tokens: int | None = Field(default=None, gt=0, lt=2**31)
    price_in: Annotated[Decimal, Field(ge=0, lt=1_000_000, strict=False)] = Decimal(0)
    price_out: Annotated[Decimal, Field(ge=0, lt=1_000_000, strict=False)] = Decimal(0)
    energy_wh_per_mtok: Annotated[float, Field(ge=0, lt=1e9, strict=False)] | None = None
    training_data: str = Field(default="", max_length=200)
    release_outputs: bool = False
    # The sampler takes weights in this range.
    weight: float = Field(default=1.0, ge=1e-6, le=1e6, allow_inf_nan=False)
    # USD per UTC day; None: as the admin or the site says.
    daily_budget_usd: Annotated[Decimal, Field(ge=0, lt=1_000_000, decimal_places=2, strict=False)] | None = None
    limits: Annotated[dict[str, float], AfterValidator(_limits)] = {}

    @property
    def gives(self) -> Literal["text", "audio"]:
        """What its outputs are."""
        return "text"

    def endpoint(self) -> dict[str, Any]:
        """How to call it, as stored."""
        raise NotImplementedError

    def problem(self, policy: AddressPolicy) -> str | None:
        """What is wrong with the endpoint itself: a file that cannot be read, a forbidden address."""
        raise NotImplementedError


class ReplayEntry(Entry):
    """A file of outputs."""

    backend: Literal["replay"]
    path: Path = Field(strict=False)
    tokens_per_second: float = Field(60.0, gt=0, le=100_000)
    ttft_s: float = Field(0.3, ge=0, le=60)

    @property
    def gives(self) -> Literal["text", "audio"]:
        """See `Entry.gives`: a folder holds clips, a file texts."""
        return "audio" if self.path.is_dir() else "text"

    def endpoint(self) -> dict[str, Any]:
        """See `Entry.endpoint`. Reads the file."""
        if self.gives == "audio":
            sha256 = AudioFolder(self.path).fingerprint()
            return {"path": str(self.path), "gives": "audio", "sha256": sha256, "ttft_s": self.ttft_s}
        return {
            "path": str(self.path),
            "sha256": open_outputs(self.path).sha256,
            "tokens_per_second": self.tokens_per_second,
            "ttft_s": self.ttft_s,
        }

    def problem(self, policy: AddressPolicy) -> str | None:  # noqa: ARG002 - one interface
        """See `Entry.problem`."""
        try:
            if self.gives == "audio":
                AudioFolder(self.path).fingerprint()
                return None
            return None if len(open_outputs(self.path)) else f"path: {self.path} holds no outputs"
        except BackendError as error:
            return f"path: {error}"


class OpenAIEntry(Entry):
    """A model behind a chat completions server."""

    backend: Literal["openai_http"]
    base_url: str
    model: str = Field(min_length=1)
    api_key_env: Annotated[str, AfterValidator(_key_variable)] | None = None
    system_prompt: str = ""

    def endpoint(self) -> dict[str, Any]:
        """See `Entry.endpoint`."""
        given = {"api_key_env": self.api_key_env, "system_prompt": self.system_prompt}
        return {"base_url": self.base_url, "model": self.model} | {
            name: value for name, value in given.items() if value
        }

    def problem(self, policy: AddressPolicy) -> str | None:
        """See `Entry.problem`."""
        return _address_problem(policy, "base_url", self.base_url)


def _address_problem(policy: AddressPolicy, name: str, url: str) -> str | None:
    try:
        policy.check_url(url)
    except BackendError as error:
        return f"{name}: {error}"
    return None


class MusicArenaEntry(Entry):
    """A system server that Music Arena's protocol describes."""

    backend: Literal["music_arena_http"]
    base_url: str

    @property
    def gives(self) -> Literal["text", "audio"]:
        """See `Entry.gives`."""
        return "audio"

    def endpoint(self) -> dict[str, Any]:
        """See `Entry.endpoint`."""
        return {"base_url": self.base_url}

    def problem(self, policy: AddressPolicy) -> str | None:
        """See `Entry.problem`."""
        return _address_problem(policy, "base_url", self.base_url)


class AudioPlaceEntry(Strict):
    """Where the reply has its audio."""

    kind: Literal["bytes", "base64", "link"] = "bytes"
    path: str = Field(default="", max_length=200)


class AudioHttpEntry(Entry):
    """Any server that makes a clip from a JSON body."""

    backend: Literal["audio_http"]
    url: str
    body: dict[str, JsonValue]
    audio: AudioPlaceEntry = AudioPlaceEntry()
    # Dotted path to the words that were sung.
    lyrics: str = Field(default="", max_length=200)
    api_key_env: Annotated[str, AfterValidator(_key_variable)] | None = None

    @property
    def gives(self) -> Literal["text", "audio"]:
        """See `Entry.gives`."""
        return "audio"

    def endpoint(self) -> dict[str, Any]:
        """See `Entry.endpoint`."""
        given = {"api_key_env": self.api_key_env, "lyrics": self.lyrics}
        described = {"url": self.url, "body": self.body, "audio": self.audio.model_dump()}
        return described | {name: value for name, value in given.items() if value}

    def problem(self, policy: AddressPolicy) -> str | None:
        """See `Entry.problem`."""
        if "{prompt}" not in json.dumps(self.body):
            return "body: holds no {prompt}"
        if self.audio.kind != "bytes" and not self.audio.path:
            return f"audio.path: says where in the reply the {self.audio.kind} lies"
        return _address_problem(policy, "url", self.url)


class LocalEntry(Entry):
    """A Python generator that comes with the arena."""

    backend: Literal["local"]
    entry: str

    @property
    def gives(self) -> Literal["text", "audio"]:
        """See `Entry.gives`."""
        return CONTENDERS[self.entry].gives if self.entry in CONTENDERS else "text"

    def endpoint(self) -> dict[str, Any]:
        """See `Entry.endpoint`."""
        return {"entry": self.entry}

    def problem(self, policy: AddressPolicy) -> str | None:  # noqa: ARG002 - one interface
        """See `Entry.problem`."""
        return None if self.entry in CONTENDERS else f"entry: none of {', '.join(CONTENDERS)}"


class RouterEntry(Entry):
    """A router that `train_router` wrote: it answers through its members."""

    backend: Literal["router"]
    path: Path = Field(strict=False)
    # Empty: all that the file knows.
    members: list[str] = []
    # What its members say is theirs; so are prices and terms.
    release_outputs: Literal[False] = False

    def endpoint(self) -> dict[str, Any]:
        """See `Entry.endpoint`. Reads the file."""
        from arena.policies.files import fingerprint, load  # noqa: PLC0415 - numpy, for routers alone

        model = load(self.path)
        return {
            "path": str(self.path),
            "sha256": fingerprint(self.path),
            "policy": model.policy,
            "members": sorted(self.members or model.members),
        }

    def problem(self, policy: AddressPolicy) -> str | None:  # noqa: ARG002 - one interface
        """See `Entry.problem`."""
        from arena.policies.files import RouterFileError, load  # noqa: PLC0415 - see `endpoint`

        try:
            model = load(self.path)
        except RouterFileError as error:
            return f"path: {error}"
        if model.about.get("modality") != "text":
            return "path: only routers of text can answer so far"
        if unknown := sorted(set(self.members) - set(model.members)):
            return f"members: {', '.join(unknown)}: the router knows {', '.join(model.members)}"
        if len(set(self.members or model.members)) < MIN_MEMBERS:
            return f"members: at least {MIN_MEMBERS}"
        if self.price_in or self.price_out:
            return "price_in, price_out: a router costs what the member costs that answers"
        return None


AnyEntry: TypeAlias = ReplayEntry | OpenAIEntry | LocalEntry | MusicArenaEntry | AudioHttpEntry | RouterEntry
KINDS: Final[dict[str, TypeAdapter[Any]]] = {
    "replay": TypeAdapter(ReplayEntry),
    "openai_http": TypeAdapter(OpenAIEntry),
    "local": TypeAdapter(LocalEntry),
    "music_arena_http": TypeAdapter(MusicArenaEntry),
    "audio_http": TypeAdapter(AudioHttpEntry),
    "router": TypeAdapter(RouterEntry),
}

"""A systems file, read and checked at the edge.

SystemsFileInvalid   one sentence a problem, each with the name of its entry
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from arena.systems import music_signature
from arena.systems.backends.addresses import AddressPolicy
from arena.systems.entries import KINDS, AnyEntry, AudioHttpEntry, Entry, LocalEntry, OpenAIEntry, Strict
from arena.systems.offline import CONTENDERS

_SECRET_NAMES: Final = frozenset(
    {"api_key", "apikey", "key", "token", "access_token", "secret", "password", "authorization", "bearer"}
)
_SECRET_VALUE: Final = re.compile(r"^(?:Bearer |sk-|sk_|hf_|gsk_|xai-|AIza|ghp_|glpat-)\S{8,}")
#: What the column holds.
MOST_VOTES: Final = 2**31 - 1
_ADVICE: Final = "a secret does not belong in this file; set an environment variable and name it as api_key_env"


class SystemsFileInvalid(Exception):
    """The file cannot be used. `problems`: one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ArenaEntry(Strict):
    """The arena of a file. `arena_name` and the rest make the arena where it is new, and update its texts later."""

    arena: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=50)
    arena_name: str | None = Field(default=None, min_length=1, max_length=80)
    arena_description: str | None = None
    modality: Literal["text", "music"] = "text"
    # None: nothing said; a new arena is then no demo.
    demo: bool | None = None
    suggestions: list[Annotated[str, Field(min_length=1, max_length=8000)]] | None = None
    listed_from_votes: int | None = Field(default=None, ge=0, le=MOST_VOTES)
    settled_from_votes: int | None = Field(default=None, ge=0, le=MOST_VOTES)


class SystemsFile(Strict):
    """A checked file."""

    arena: ArenaEntry
    systems: tuple[AnyEntry, ...]

    def with_systems(self, more: list[AnyEntry]) -> Self:
        """The same with further systems. Raises SystemsFileInvalid for a name that is taken."""
        together = self.model_copy(update={"systems": (*self.systems, *more)})
        if problems := _doubles([entry.name for entry in together.systems]):
            raise SystemsFileInvalid(problems)
        return together


def read_file(path: Path, policy: AddressPolicy) -> SystemsFile:
    """Read and check a systems file; its paths are relative to it.

    Raises:
        SystemsFileInvalid: with every problem that was found.
    """
    document = _parsed(path)
    rows = document.pop("systems", None)
    problems: list[str] = []
    arena = _checked(TypeAdapter(ArenaEntry), document, path.name, problems)
    if not isinstance(rows, list) or not rows:
        raise SystemsFileInvalid([*problems, f"{path.name}: `systems` must be a list of at least one system"])
    entries = [_entry(row, number, path.parent.resolve(), problems) for number, row in enumerate(rows, 1)]
    troubles = ((entry.name, entry.problem(policy)) for entry in filter(None, entries))
    problems += [f"system {name!r}: {trouble}" for name, trouble in troubles if trouble]
    if arena is not None:
        problems += [
            f"system {entry.name!r}: {trouble}"
            for entry in filter(None, entries)
            for trouble in _misfits(entry, arena)
        ]
    problems += _doubles([entry.name for entry in entries if entry is not None])
    if problems or arena is None:
        raise SystemsFileInvalid(problems)
    return SystemsFile(arena=arena, systems=tuple(filter(None, entries)))


def _misfits(entry: Entry, arena: ArenaEntry) -> Iterator[str]:
    """What of a system does not belong in an arena of this modality."""
    wanted = "audio" if arena.modality == "music" else "text"
    if entry.gives != wanted:
        yield f"backend: gives {entry.gives}, and an arena of {arena.modality} needs {wanted}"
    if arena.modality == "music":
        try:
            music_signature.read(entry.signature)
        except music_signature.SignatureInvalid as error:
            yield str(error)


def environment_entries(base_url: str, models: list[str], *, has_key: bool) -> list[AnyEntry]:
    """The systems that OPENAI_BASE_URL and OPENAI_MODELS describe."""
    key = "OPENAI_API_KEY" if has_key else None
    return [
        OpenAIEntry(name=model, backend="openai_http", base_url=base_url, model=model, api_key_env=key)
        for model in dict.fromkeys(model.strip() for model in models)
        if model and base_url
    ]


def missing_here(entry: AnyEntry, has_secret: Callable[[str], bool]) -> str | None:
    """What this machine lacks for the system, as a sentence; None if it has all."""
    if isinstance(entry, LocalEntry) and not CONTENDERS[entry.entry].is_installed():
        return f"{' and '.join(CONTENDERS[entry.entry].requires)} not installed here: it will not be drawn"
    if isinstance(entry, OpenAIEntry | AudioHttpEntry) and entry.api_key_env and not has_secret(entry.api_key_env):
        return f"{entry.api_key_env} is not set here: it will not be drawn"
    return None


def _entry(row: Any, number: int, folder: Path, problems: list[str]) -> AnyEntry | None:
    if not isinstance(row, dict):
        problems.append(f"system {number}: not a mapping")
        return None
    where = f"system {str(row.get('name') or number)!r}"
    secrets = [f"{where}: {key}: {_ADVICE}" for key in _secrets(row)]
    adapter = KINDS.get(str(row.get("backend")))
    if secrets or adapter is None:
        problems += secrets or [f"{where}: backend: {row.get('backend')!r} is none of {', '.join(KINDS)}"]
        return None
    if isinstance(row.get("path"), str):
        row = row | {"path": folder / row["path"]}
    found: AnyEntry | None = _checked(adapter, row, where, problems)
    return found


def _checked(adapter: TypeAdapter[Any], value: Any, where: str, problems: list[str]) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False, include_context=False):
            what = "unknown key" if found["type"] == "extra_forbidden" else found["msg"].removeprefix("Value error, ")
            problems.append(f"{where}: {'.'.join(map(str, found['loc']))}: {what}")
    return None


def _secrets(value: Any, path: str = "") -> Iterator[str]:
    """Paths of keys and values that look like a secret."""
    if isinstance(value, dict):
        for key, inner in value.items():
            name = f"{path}.{key}".lstrip(".")
            if str(key).lower().replace("-", "_") in _SECRET_NAMES:
                yield name
            else:
                yield from _secrets(inner, name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _secrets(inner, f"{path}.{number}")
    elif isinstance(value, str) and _SECRET_VALUE.match(value):
        yield path


def _doubles(names: list[str]) -> list[str]:
    return [f"system {name!r}: the name is used twice" for name in dict.fromkeys(names) if names.count(name) > 1]


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, where YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _value in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise SystemsFileInvalid([f"{path}: {error.strerror}"]) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise SystemsFileInvalid([f"{path.name}: no YAML: {' '.join(str(error).split())}"]) from error
    if not isinstance(document, dict):
        raise SystemsFileInvalid([f"{path.name}: must be a mapping with `arena` and `systems`"])
    return document

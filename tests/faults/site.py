"""The arena that the faults happen to, and what must hold after each of them.

All fault tests share one site, on servers of its own. `site.restore()` brings back whatever a test took away,
`site.check_books()` is the promise behind all of them (`tests.faults.books`).
"""

import contextlib
import itertools
import json
import os
import signal
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg

from arena.systems.backends.text import pieces
from ops.processes import wait_until
from tests.faults import books
from tests.faults.servers import OwnServers
from tests.media.sounds import as_file, melody
from tests.stack import Stack, Visitor

#: Prompts of the replay systems, and for how many seconds their answers are written.
QUICK, SLOW, LONG = "Say a word.", "Count slowly.", "Count for long."
_BRISK_S = {QUICK: 0.1, SLOW: 12, LONG: 20}
_BRISK_RATE = 60
REPLAYED = ("alpha", "beta", "gamma")
#: Requests at a time of whoever starts many battles.
STARTED_AT_ONCE = 8
#: Of systems that say little in a second, so that very many streams cost little.
CALM, CALMEST = "Count calmly.", "Count very calmly."
_CALM_S = {CALM: 25, CALMEST: 45}
_CALM_RATE = 2.5


def _answer(name: str, tokens: float) -> str:
    """So many tokens, as `replay` counts them, of numbered words."""
    words = (f"{name}{n} " for n in itertools.count())
    said = next(text for text in itertools.accumulate(words) if len(pieces(text)) >= tokens)
    return said.rstrip()


def _replay(name: str, var: Path, lasting_s: Mapping[str, float], tokens_per_s: float) -> dict[str, Any]:
    rows = [{"prompt": p, "output": _answer(name, length_s * tokens_per_s)} for p, length_s in lasting_s.items()]
    path = var / f"{name}.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    common = {"organisation": name, "access": "open", "licence": "MIT", "backend": "replay"}
    return common | {"name": name, "path": str(path), "tokens_per_second": tokens_per_s}


def replay_arena(var: Path) -> dict[str, Any]:
    """The systems file of the replayed arena."""
    brisk = [_replay(name, var, _BRISK_S, _BRISK_RATE) for name in REPLAYED]
    calm = [_replay(f"calm-{name}", var, _CALM_S, _CALM_RATE) for name in REPLAYED]
    return {"arena": "text", "systems": brisk + calm}


LOCAL_ARENA = "local"


def local_arena() -> dict[str, Any]:
    """The systems file of the arena whose systems compute here, in the pool of the `cpu` worker."""
    entries = {"gemma": "arena.systems.offline.gemma:answer", "eliza": "arena.systems.offline.eliza:reply"}
    common = {"organisation": "here", "access": "open", "licence": "MIT", "backend": "local"}
    limits = {"first_byte_s": 25, "idle_s": 12, "total_s": 100}
    systems = [common | {"name": name, "entry": entry, "limits": limits} for name, entry in entries.items()]
    return {"arena": LOCAL_ARENA, "systems": systems}


MUSIC_ARENA = "music"
#: A clip that takes seconds to be given, and seconds to be prepared.
SONG = "A slow tune, 60 seconds."


def music_arena(var: Path) -> dict[str, Any]:
    """The systems file of an arena of replayed clips."""
    clip = as_file(np.tile(melody(10), (6, 1)), kind="FLAC")
    return {"arena": MUSIC_ARENA, "modality": "music", "systems": [_replay_clip(name, var, clip) for name in REPLAYED]}


def _replay_clip(name: str, var: Path, clip: bytes) -> dict[str, Any]:
    folder = var / f"clips-{name}"
    folder.mkdir()
    (folder / "clip.flac").write_bytes(clip)
    (folder / "clips.jsonl").write_text(json.dumps({"prompt": SONG, "output": "clip.flac"}), encoding="utf-8")
    common = {"organisation": name, "access": "open", "licence": "MIT", "backend": "replay"}
    signature = {"vocals": "none", "duration": "free"}
    return common | {"name": f"{name}-plays", "path": str(folder), "ttft_s": 4, "signature": signature}


class Site(Stack):
    """An arena with servers of its own, which keeps book of what its visitors began."""

    def __init__(self, var: Path, env: Mapping[str, str]) -> None:
        self.servers = OwnServers(var)
        super().__init__(var, env, self.servers)
        self.started: set[str] = set()

    def visitor(self) -> "Regular":
        """A visitor with consent, whose battles are in the books."""
        visitor = Regular(self)
        visitor.consent()
        return visitor

    def kill(self, name: str) -> None:
        """`kill -9` of a part with all its processes, as the kernel does when memory runs out."""
        os.killpg(self.children[name].pid, signal.SIGKILL)
        self.children[name].stop(1.0)

    def restore(self) -> None:
        """Start again whatever does not run, and end what a test added."""
        if self.servers.postgres.child is None or self.servers.postgres.child.exit_code is not None:
            self.servers.postgres.start()
        if self.servers.valkey.child is None or self.servers.valkey.child.exit_code is not None:
            self.servers.valkey.start()
        parts = self.part_names()
        for name in [name for name in self.children if name not in parts]:
            self.children.pop(name).stop(5)
        missing = [name for name in parts if self.children[name].exit_code is not None]
        if missing:
            self.launch(*missing)
        self.wait_ready()

    def states(self, ids: Collection[str] | None = None) -> dict[str, int]:
        """How many battles are in which state; of these ids, or of all."""
        only = " WHERE id = ANY(%s::uuid[])" if ids is not None else ""
        rows = self.query(f"SELECT state, count(*) FROM battles_battle{only} GROUP BY 1", [list(ids)] if only else [])
        return dict(rows)

    def wait_for(self, ids: Collection[str], states: Collection[str], within_s: float) -> dict[str, int]:
        """Wait until all these battles are in one of these states; returns the states that they are in."""
        wait_until(lambda: set(self.states(ids)) <= set(states), timeout_s=within_s, every_s=0.1)
        return self.states(ids)

    def check_books(self) -> None:
        """See `books.check`."""
        books.check(self.query, self.started, self.logs)

    def stock(self, visitor: "Regular", number: int) -> list[str]:
        """So many battles of this visitor that are ready for a vote: copies of one that was generated."""
        battle = visitor.start(QUICK)["id"]
        assert self.wait_for([battle], ["ready"], within_s=60) == {"ready": 1}
        with psycopg.connect(self.database_url) as connection:
            copies = _copies(connection, battle, number)
        self.started |= set(copies)
        return copies

    @contextlib.contextmanager
    def extra(self, name: str, start: Callable[[], Any]) -> Iterator[Any]:
        """Another process beside the parts; it ends with the block."""
        child = self.children[name] = start()
        try:
            yield child
        finally:
            self.children.pop(name).stop(5)


def _copies(connection: "psycopg.Connection[Any]", battle: str, number: int) -> list[str]:
    """Copy the rows of a battle of one turn; returns the ids of the copies."""
    rows = {name: _Rows(connection, f"{app}_{name}") for app, name in _TABLES}
    (pairing,) = connection.execute("SELECT pairing_id FROM battles_battle WHERE id = %s", [battle]).fetchone() or ()
    (turn,) = connection.execute("SELECT id FROM battles_turn WHERE battle_id = %s", [battle]).fetchone() or ()
    made = [uuid.uuid4() for _ in range(number)]
    pairings = rows["pairing"].copy("id", pairing, {"seed": list(range(number))})
    rows["battle"].copy("id", battle, {"id": made, "pairing_id": pairings})
    rows["turn"].copy("battle_id", battle, {"battle_id": made})
    turns, pairings = zip(*connection.execute(_TURNS, [made]), strict=True)
    rows["response"].copy("turn_id", turn, {"turn_id": list(turns), "pairing_id": list(pairings)})
    return [str(one) for one in made]


_TURNS = """
    SELECT t.id, b.pairing_id FROM battles_turn t JOIN battles_battle b ON b.id = t.battle_id WHERE b.id = ANY(%s)
"""
_TABLES = (("router", "pairing"), ("battles", "battle"), ("battles", "turn"), ("battles", "response"))


class _Rows:
    """A table whose rows are copied, whatever columns it has."""

    def __init__(self, connection: "psycopg.Connection[Any]", table: str) -> None:
        self._connection, self._table = connection, table
        known = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        self._columns = [row[0] for row in known]

    def copy(self, by: str, value: Any, changed: Mapping[str, Sequence[Any]]) -> list[Any]:
        """Insert the rows where `by` is `value` again for each of the new values; returns the new ids."""
        names = [name for name in self._columns if name != "id" or "id" in changed]
        values = ", ".join(f'{"new" if name in changed else "old"}."{name}"' for name in names)
        columns, new = (", ".join(f'"{name}"' for name in some) for some in (names, changed))
        sql = (
            f"INSERT INTO {self._table} ({columns}) SELECT {values} "
            f"FROM {self._table} AS old, unnest({', '.join(['%s'] * len(changed))}) AS new({new}) "
            f'WHERE old."{by}" = %s RETURNING id'
        )
        return [row[0] for row in self._connection.execute(sql, [*changed.values(), value])]


class Regular(Visitor):
    """A visitor whose acknowledged battles the site expects to find."""

    def __init__(self, site: Site, url: str = "", cookies: httpx.Cookies | None = None) -> None:
        super().__init__(url or site.url)
        self._site = site
        if cookies is not None:
            self.http.cookies.update(cookies)
            self._csrf()

    @property
    def csrf_token(self) -> str:
        """What the site's scripts send with every POST."""
        return self._token

    def start(self, prompt: str, arena: str = "text", **headers: str) -> dict[str, Any]:
        """Start a battle and enter it in the books."""
        battle = super().start(prompt, arena, **headers)
        self._site.started.add(battle["id"])
        return battle

    def start_many(self, prompt: str, number: int) -> list[str]:
        """Start so many battles, a few at a time; returns their ids."""
        with ThreadPoolExecutor(STARTED_AT_ONCE) as pool:
            return [battle["id"] for battle in pool.map(self.start, [prompt] * number)]

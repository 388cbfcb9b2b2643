"""A dump is everything: restored into an empty database, the arena goes on where it was.

The programs are those of docs/operations.md, with the same options.
"""

import re
import subprocess
from pathlib import Path

import httpx
import psycopg
import pytest

from ops.homes import User, postgres_bin
from tests.environment import ROOT
from tests.stack import SharedServers, Stack, Visitor

pytestmark = pytest.mark.stack
SYSTEMS = {
    "arena": "text",
    "demo": True,
    "systems": [
        {"name": name, "organisation": "O", "access": "open", "licence": "none", "backend": "local", "entry": entry}
        for name, entry in (
            ("Eliza", "arena.systems.offline.eliza:reply"),
            ("Markov", "arena.systems.offline.markov:reply"),
            ("Retrieval", "arena.systems.offline.retrieval:reply"),
        )
    ],
}
COUNTED = (
    "battles_battle",
    "battles_response",
    "votes_vote",
    "rankings_snapshot",
    "rankings_rating",
    "accounts_consent",
)


class RestoredServers(SharedServers):
    """A database that comes out of a dump."""

    def __init__(self, dump: Path) -> None:
        super().__init__()
        self._dump = dump

    def create(self, migrate: object) -> None:
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE \"{self._database}\" ENCODING 'UTF8' TEMPLATE template0")
        _run("pg_restore", *_options("pg_restore"), f"--dbname={self.database_url}", str(self._dump))


@pytest.fixture
def dump(tmp_path):
    return tmp_path / "arena.dump"


@pytest.fixture
def old_servers():
    return SharedServers()


@pytest.fixture
def stacks(tmp_path, dump, old_servers):
    """The arena that is dumped, and the one that is restored; neither runs yet."""
    old = Stack(tmp_path / "old", servers=old_servers)
    new = Stack(tmp_path / "new", servers=RestoredServers(dump))
    for stack in (old, new):
        stack.var.mkdir()
    yield old, new
    for stack in (old, new):
        stack.stop()


def _run(program: str, *arguments: str) -> None:
    path = postgres_bin(Path("/nowhere"), User(None, None)) / program
    done = subprocess.run([path, *arguments], cwd="/", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def _options(program: str) -> list[str]:
    """The options that the page gives to a program."""
    page = (ROOT / "docs" / "operations.md").read_text()
    (line,) = re.findall(rf"^{program} (.*?--(?:file|dbname)\S*)", page, re.MULTILINE)
    return [word for word in line.split() if word.startswith("--") and not word.startswith(("--file", "--dbname"))]


def _rows(stack: Stack) -> dict[str, str]:
    """Table → a digest of all its rows."""
    digest = "SELECT count(*) || ':' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
    return {table: stack.query(digest.format(table))[0][0] for table in COUNTED}


def _last(stack: Stack) -> tuple[int, ...]:
    """The highest ids of tables that count."""
    return stack.query("SELECT (SELECT max(id) FROM votes_vote), (SELECT max(id) FROM battles_turn)")[0]


def test_a_restored_dump_has_the_same_board_and_votes_and_goes_on(stacks, old_servers, dump):
    old, new = stacks
    old_servers.create(lambda url: old.manage("migrate", "--verbosity", "0", DATABASE_URL=url))
    old.register(SYSTEMS, then=[("simulate_votes", "--arena", "text", "--battles", "60", "--seed", "7")])
    _run("pg_dump", *_options("pg_dump"), f"--file={dump}", old.database_url)
    rank = ("rank", "--arena", "text", "--json")
    before, board, last = _rows(old), old.manage(*rank), _last(old)
    assert before["votes_vote"].startswith("60:")

    new.boot()
    assert _rows(new) == before
    said = new.manage_all(rank, ("recount_tallies", "--arena", "text"))
    assert said.startswith(board)
    assert "60" in said.removeprefix(board)
    shown = httpx.get(f"{new.url}/api/v1/arenas/text/leaderboard", timeout=20).json()["ratings"]
    assert {one["system"] for one in shown} == {one["name"] for one in SYSTEMS["systems"]}
    visitor = Visitor(new.url).consent()
    battle = visitor.start("How are you?")
    assert visitor.watch(battle["id"]).state == "ready"
    assert visitor.vote(battle["id"]).status_code == 201
    assert all(now > then for now, then in zip(_last(new), last, strict=True))
    assert _rows(new)["votes_vote"].startswith("61:")

"""A system that fails is not drawn any more, until one call finds out that it answers again."""

from collections.abc import Iterator
from typing import Any

import pytest

from ops.processes import wait_until
from tests.faults.site import Regular, Site
from tests.support.fake_openai import FakeOpenAI

pytestmark = pytest.mark.stack
ARENA = "tripped"
STREAMS = "worker (streams)"
_STATE = """
    SELECT h.state FROM systems_health h JOIN systems_systemversion v ON v.id = h.version_id
    JOIN systems_system s ON s.id = v.system_id JOIN arenas_arena a ON a.id = s.arena_id
    WHERE a.slug = %s AND s.name = 'wayward'
"""
_ANSWERED_BY = """
    SELECT array_agg(s.name) FROM battles_battle b JOIN battles_turn t ON t.battle_id = b.id
    JOIN battles_response r ON r.turn_id = t.id JOIN systems_systemversion v ON v.id = r.version_id
    JOIN systems_system s ON s.id = v.system_id WHERE b.id = %s
"""


def systems(base_url: str) -> dict[str, Any]:
    """Two that answer, and one that is drawn nearly always and does what the prompt's marker says."""
    about = {"organisation": "Fake", "access": "open", "licence": "MIT", "backend": "openai_http"}
    entries = [("wayward", "wayward-", 1000), ("firm", "steady-firm", 1), ("sure", "steady-sure", 1)]
    return {
        "arena": ARENA,
        "systems": [
            {**about, "name": name, "model": model, "base_url": base_url, "weight": weight}
            for name, model, weight in entries
        ],
    }


@pytest.fixture
def guarded(site: Site, backend: FakeOpenAI) -> Iterator[Site]:
    """The site with a worker that trips after two failures, for an hour."""
    site.register(systems(backend.base_url))
    site.children[STREAMS].stop(20)
    (part,) = [part for part in site.all_parts() if part.name == STREAMS]
    site.children[STREAMS] = part.start(site.var, site.env | {"ARENA_BREAKER": "2/4/3600"})
    site.wait_ready()
    yield site
    site.children[STREAMS].stop(20)


def _state(site: Site) -> str:
    rows = site.query(_STATE, [ARENA])
    return rows[0][0] if rows else "closed"


def _answered_by(site: Site, alice: Regular, prompt: str) -> set[str]:
    """Who was called for a new battle of this prompt, which becomes ready."""
    battle = alice.start(prompt, ARENA)["id"]
    assert site.wait_for([battle], ["ready"], within_s=60) == {"ready": 1}, site.logs()
    return set(site.query(_ANSWERED_BY, [battle])[0][0])


def test_a_failing_system_is_tripped_left_alone_and_comes_back_through_one_call(guarded: Site) -> None:
    alice = guarded.visitor()
    called = [_answered_by(guarded, alice, f"Question {n}. [[fake:status:500]]") for n in range(3)]
    assert all("wayward" in names for names in called[:2])
    assert wait_until(lambda: _state(guarded) == "open", timeout_s=60)
    assert [_answered_by(guarded, alice, f"Question {n}.") for n in range(3, 6)] == [{"firm", "sure"}] * 3
    # Its hour is over.
    guarded.query("UPDATE systems_health SET retry_at = now() WHERE state = 'open'")
    assert "wayward" in _answered_by(guarded, alice, "Question 6.")
    assert wait_until(lambda: _state(guarded) == "closed", timeout_s=60)
    assert "wayward" in _answered_by(guarded, alice, "Question 7.")

"""Whatever a backend does, on whichever side: no one-sided vote, no word about who failed, no harm to others."""

import itertools
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.faults.followers import stored_texts
from tests.faults.misbehaving import ARENA, CANARIES, MISBEHAVIOURS, SILENT_S, prompt_of
from tests.faults.site import SLOW, Regular, Site

pytestmark = pytest.mark.stack
#: A misbehaving system has stood on both sides after so many battles, but for one case in 2^29.
AT_ONCE, MAX_ROUNDS = 3, 10
#: Kinds of misbehaviour that are tried at a time, the silent ones first.
KINDS_AT_ONCE = 6
WATCHERS = 3
ENDED_S = 90


class Witness(Regular):
    """A visitor who keeps every byte that the site sends."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.received: list[tuple[str, bytes]] = []
        self._record = lambda kind, data: self.received.append((kind, data))


def _side_of_the_bad(site: Site, battle_id: str) -> str:
    sql = (
        "SELECT s.name FROM battles_battle b JOIN router_pairing p ON p.id = b.pairing_id "
        "JOIN systems_systemversion v ON v.id = p.left_id JOIN systems_system s ON s.id = v.system_id WHERE b.id = %s"
    )
    return "left" if site.query(sql, [battle_id])[0][0] in CANARIES["bad"] else "right"


def _ends_without_a_vote(witness: Witness, misbehaviour: str, battle_id: str) -> None:
    watched = witness.watch(battle_id, timeout_s=ENDED_S)
    assert watched.state == "failed", (misbehaviour, watched.state)
    stored = witness.battle(battle_id)
    assert (stored["state"], stored["systems"]) == ("failed", None)
    assert witness.http.get(f"/battles/{battle_id}").status_code == 200
    answer = witness.vote(battle_id)
    assert answer.status_code == 409, (misbehaviour, answer.text)


def _on_both_sides(site: Site, misbehaviour: str) -> Witness:
    """Battles with this misbehaviour until it has stood on both sides."""
    witness = Witness(site)
    witness.consent()
    seen: set[str] = set()
    for _ in range(MAX_ROUNDS):
        ids = [witness.start(prompt_of(misbehaviour, number), arena=ARENA)["id"] for number in range(AT_ONCE)]
        for battle_id in ids:
            _ends_without_a_vote(witness, misbehaviour, battle_id)
            seen.add(_side_of_the_bad(site, battle_id))
        if seen == {"left", "right"}:
            return witness
    raise AssertionError(f"{misbehaviour}: always on one side")


def _gaps(site: Site) -> list[float]:
    """The times between the frames of one undisturbed battle, in seconds."""
    visitor = site.visitor()
    battle = visitor.start(SLOW)
    heard: list[float] = []

    def until(seen) -> bool:
        heard.append(time.monotonic())
        return seen.state == "ready"

    watched = visitor.watch(battle["id"], timeout_s=ENDED_S, until=until)
    assert watched.texts[1] == stored_texts(visitor, battle["id"])
    return [later - earlier for earlier, later in itertools.pairwise(heard)]


def _p99(futures: "list[Future[list[float]]]") -> float:
    gaps = sorted(gap for future in futures for gap in future.result())
    return gaps[int(len(gaps) * 0.99)]


def test_every_misbehaviour_on_either_side_fails_the_battle_and_nothing_else(site):
    with ThreadPoolExecutor(WATCHERS) as others, ThreadPoolExecutor(KINDS_AT_ONCE) as pool:
        before_s = _p99([others.submit(_gaps, site) for _ in range(WATCHERS)])
        failing = [pool.submit(_on_both_sides, site, one) for one in MISBEHAVIOURS]
        beside_s = _p99([others.submit(_gaps, site) for _ in range(WATCHERS)])
        witnesses = [future.result() for future in failing]
    votes = site.query(
        "SELECT count(*) FROM votes_vote v JOIN battles_battle b ON b.id = v.battle_id "
        "JOIN arenas_arena a ON a.id = b.arena_id WHERE a.slug = %s",
        [ARENA],
    )
    assert votes == [(0,)]
    planted = [canary.encode() for canaries in CANARIES.values() for canary in canaries]
    received = [data for witness in witnesses for _kind, data in witness.received]
    assert len(received) > 10 * len(MISBEHAVIOURS)
    assert [canary for canary in planted if any(canary in data for data in received)] == []
    # Frames come ten times a second; a loop that waits for one silent backend would hold up everybody's.
    assert beside_s <= max(2 * before_s, 0.9 * SILENT_S), (
        f"p99 of the gaps: {before_s:.2f} s alone, {beside_s:.2f} s beside"
    )

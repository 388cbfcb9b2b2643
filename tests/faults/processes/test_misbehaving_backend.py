"""Whatever a backend does, on whichever side: no one-sided vote, no word about who failed, no harm to others."""

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.followers import stored_texts
from tests.faults.misbehaving import ARENA, CANARIES, MISBEHAVIOURS, SILENT_S, prompt_of
from tests.faults.site import LONG, Regular, Site

pytestmark = pytest.mark.stack
#: A misbehaving system has stood on both sides after so many battles, but for one case in 2^29.
AT_ONCE, MAX_ROUNDS = 3, 10
#: Kinds of misbehaviour that are tried at a time, the silent ones first.
KINDS_AT_ONCE = 6
WATCHERS = 3
ENDED_S = 240
#: Frames come ten times a second. So far apart a small machine may write them that has other arenas to run as well.
UNDISTURBED_S = SILENT_S / 4
#: So long all may be silent at once: a loop that waits for a silent backend is so for `SILENT_S`, even if only once.
SHARED_S = SILENT_S * 0.9


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


def _written_s(site: Site) -> list[float]:
    """When the frames of a battle of somebody else were written, by the clock of Valkey."""
    visitor = site.visitor()
    battle = visitor.start(LONG)
    watched = visitor.watch(battle["id"], timeout_s=ENDED_S)
    assert watched.texts[1] == stored_texts(visitor, battle["id"])
    frames = [json.loads(message) for message in watched.raw]
    written_s = [int(one["id"].partition("-")[0]) / 1000 for one in frames if one["type"] == "frame"]
    assert len(written_s) > 2
    return written_s


def _watch(site: Site, others: ThreadPoolExecutor) -> list[list[float]]:
    return list(others.map(_written_s, [site] * WATCHERS))


def _gaps(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(moments)]


def _usual_gap_s(streams: list[list[float]]) -> float:
    """How long the gap lasts in which a moment lies, on average: long ones count by their length, one is no rule."""
    gaps = [gap for stream in streams for gap in _gaps(stream)]
    return sum(gap * gap for gap in gaps) / sum(gaps)


def _shared_gap_s(streams: list[list[float]]) -> float:
    """The longest silence of all streams at once, while all were being written."""
    begun, ended = max(stream[0] for stream in streams), min(stream[-1] for stream in streams)
    return max(_gaps(sorted(at for stream in streams for at in stream if begun <= at <= ended)), default=0.0)


def _behave(site: Site, over: threading.Event) -> None:
    """As many battles of the same systems, none of which misbehaves."""
    visitor = site.visitor()
    while not over.is_set():
        for battle in [visitor.start("A question.", arena=ARENA)["id"] for _ in range(AT_ONCE)]:
            # Nearly always to an answer: on a busy machine one may take longer than these systems are given.
            visitor.watch(battle, timeout_s=ENDED_S)


def test_every_misbehaviour_on_either_side_fails_the_battle_and_nothing_else(site):
    over = threading.Event()
    with ThreadPoolExecutor(WATCHERS) as others, ThreadPoolExecutor(KINDS_AT_ONCE) as pool:
        behaving = [pool.submit(_behave, site, over) for _ in range(KINDS_AT_ONCE)]
        try:
            before = _watch(site, others)
        finally:
            over.set()
        for one in behaving:
            one.result()
        failing = [pool.submit(_on_both_sides, site, one) for one in MISBEHAVIOURS]
        beside = _watch(site, others)
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
    # Who waits for one backend holds up nobody: neither again and again, nor everybody once.
    usual_s, shared_s = [(f(before), f(beside)) for f in (_usual_gap_s, _shared_gap_s)]
    told = f"frames of others, beside backends that behave and beside these: {usual_s=}, {shared_s=}"
    assert usual_s[1] <= max(2 * usual_s[0], UNDISTURBED_S), told
    assert shared_s[1] <= max(2 * shared_s[0], SHARED_S), told

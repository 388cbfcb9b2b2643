"""Battles of music by a whole stack up to their vote, with every byte that their visitors received.

Every field of every system carries a canary, which is looked for in all of it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import yaml

from ops.processes import wait_until
from tests.environment import ROOT
from tests.leaks.canaries import Canaries
from tests.media.frames import headers_of
from tests.stack import Stack, Visitor, Watched

#: What differs from answer to answer whoever made it.
OWN = {"date", "x-request-id"}
SIDES = ("left", "right")
READY_S = 300
_WAITING = (
    "SELECT count(*) FROM battles_prefetched p JOIN battles_battle b ON b.id = p.battle_id"
    " WHERE state = 'ready' AND taken_at IS NULL"
)


def planted(canaries: Canaries, suggestions: Sequence[str]) -> dict[str, Any]:
    """The systems file of the demo's music with a canary for every name, organisation and licence."""
    file: dict[str, Any] = yaml.safe_load((ROOT / "ops" / "demo_music.yaml").read_text(encoding="utf-8"))
    for system in file["systems"]:
        system |= {name: canaries.plant(name) for name in ("name", "organisation", "licence", "training_data")}
    return file | {"suggestions": list(suggestions)}


@dataclass(frozen=True, slots=True)
class BlindBattle:
    """A battle before its vote. `leaks`: (where, canary); `waited_s`: from the submit until both can be played."""

    seen: Watched
    sides: dict[str, Any]
    clips: dict[str, httpx.Response]
    leaks: list[tuple[str, str]]
    waited_s: float

    def differences(self) -> list[str]:
        """What tells the sides apart beside their sound and the shape of their waveform."""
        told = {
            "headers": [
                [pair for pair in self.clips[side].headers.multi_items() if pair[0] not in OWN] for side in SIDES
            ],
            "bytes": [len(self.clips[side].content) for side in SIDES],
            "frames": [set(headers_of(self.clips[side].content)) for side in SIDES],
            "keys": [sorted(self.sides[side]) for side in SIDES],
            "seconds": [self.sides[side]["duration_s"] for side in SIDES],
            "heights": [(len(self.sides[side]["peaks"]), max(self.sides[side]["peaks"])) for side in SIDES],
            "text": [self.sides[side]["text"] for side in SIDES],
            "addresses": [len(self.sides[side]["audio_url"]) for side in SIDES],
        }
        return [name for name, (left, right) in told.items() if left != right]


def blind_battle(stack: Stack, canaries: Canaries, prompt: str, wish: dict[str, Any] | None) -> BlindBattle:
    """A new visitor's battle up to its vote: page, API, socket, both clips, the lists."""
    received: list[tuple[str, bytes]] = []
    with Visitor(stack.url, lambda kind, data: received.append((kind, data))) as visitor:
        visitor.consent()
        began = time.monotonic()
        answer = visitor.post("/api/v1/arenas/music/battles", {"prompt": prompt, "requirement": wish})
        assert answer.status_code == 201, answer.text
        battle = answer.json()
        seen = visitor.watch(battle["id"], timeout_s=READY_S) if battle["state"] != "ready" else Watched(state="ready")
        assert seen.state == "ready", stack.logs()
        sides = visitor.battle(battle["id"])["turns"][0]
        clips = {side: visitor.http.get(sides[side]["audio_url"]) for side in SIDES}
        waited_s = time.monotonic() - began
        for path in (f"/battles/{battle['id']}", "/battles", "/api/v1/battles"):
            visitor.http.get(path)
        assert [clip.status_code for clip in clips.values()] == [200, 200]
    leaks = [(kind, canary) for kind, data in received for canary in canaries.found_in(data)]
    return BlindBattle(seen, sides, clips, leaks, waited_s)


def wait_for_the_pool(stack: Stack, battles: int, timeout_s: float) -> None:
    """Wait until so many battles lie ready for whoever asks first."""
    assert wait_until(lambda: stack.query(_WAITING)[0][0] >= battles, timeout_s=timeout_s, every_s=0.5), stack.logs()

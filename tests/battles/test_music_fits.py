"""No battle of music is ever sent to a system that cannot do what was asked, however often its pair is drawn anew."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Modality
from arena.battles import generation
from arena.battles.models import Turn
from arena.battles.services import start_battle
from arena.battles.states import Side
from arena.battles.work import TurnWork
from arena.router.signature import Fit, Need, Offer, fit
from arena.systems import music_signature
from arena.systems.backends.base import BadResponse
from arena.systems.models import SystemVersion
from tests.ballots import make_arena, make_voter
from tests.contenders import replay_system
from tests.router.music_needs import BAND, CHOIR, OWN_WORDS, PROMPTS, SINGER, asked, prompts, signatures

pytestmark = pytest.mark.django_db
SYSTEMS = 6
#: Of random signatures few fit anything, so that these, which do, come as often.
catalogues = st.lists(
    st.one_of(signatures, st.sampled_from([BAND, SINGER, CHOIR, OWN_WORDS])), min_size=SYSTEMS, max_size=SYSTEMS
)
#: Which sides fail at each attempt, until the pair may no longer be drawn anew.
failures: st.SearchStrategy[list[tuple[Side, ...]]] = st.lists(
    st.sampled_from([("left",), ("right",), ("left", "right")]), min_size=4, max_size=4
)


@pytest.fixture
def arena(tmp_path: Path, valkey: object) -> Arena:
    arena = make_arena("music")
    arena.modality = Modality.MUSIC
    arena.save()
    for n in range(SYSTEMS):
        replay_system(arena, f"system-{n}", dict.fromkeys(PROMPTS, "a clip"), tmp_path)
    return arena


def attempts(
    arena: Arena, voter: Voter, prompt: str, wish: dict[str, Any], failing: list[tuple[Side, ...]]
) -> list[TurnWork]:
    """Everything that the systems are asked for one battle whose attempts fail like this."""
    battle = start_battle(arena, voter, prompt, requirement=wish)
    work = generation.claim_turn(Turn.objects.get(battle=battle).pk)
    found = []
    for sides in failing:
        if work is None:
            break
        found.append(work)
        work = generation.redraw(work, {side: BadResponse("no music") for side in sides})
    return found


def assert_supported(prompt: str, work: TurnWork) -> None:
    for side in work.sides.values():
        need = Need(side.requirement, len(prompt.encode()), len(prompt))
        assert fit("music", need, Offer(side.version.signature, None)) is Fit.SUPPORTED
        assert music_signature.read(side.version.signature).vocals != (
            "none" if side.requirement["vocals"] else "always"
        )


def test_no_attempt_of_any_battle_is_sent_to_a_system_that_does_not_support_it(arena: Arena) -> None:
    versions = list(SystemVersion.objects.filter(system__arena=arena))
    voter, seen = make_voter(), Counter[str]()

    @given(prompts, asked, catalogues, failures)
    def send(prompt: str, wish: dict[str, Any], found: list[dict[str, Any]], failing: list[tuple[Side, ...]]) -> None:
        for version, signature in zip(versions, found, strict=True):
            version.signature = signature
        SystemVersion.objects.bulk_update(versions, ["signature"])
        works = attempts(arena, voter, prompt, wish, failing)
        seen.update(["sent"] * len(works[:1]) + ["redrawn"] * len(works[1:]) + ["refused"] * (not works))
        for work in works:
            assert_supported(prompt, work)

    send()
    # So that the test cannot come to show nothing.
    assert min(seen["sent"], seen["redrawn"], seen["refused"]) >= 3, seen

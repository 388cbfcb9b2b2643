"""Which texts may be released, and why the others may not. Pure.

A battle's texts are published as a whole or not at all. The first class that applies is its `text_status`:

    published           in `conversations`
    texts_off           the operator releases no texts of this arena
    no_consent          its voter did not agree to publication
    no_answers          it ended without two complete answers
    erased              a prompt was erased since; what answered it stays inside, too
    too_long            a text is longer than `MAX_CHARS`
    personal_data       the filter found something in a prompt or an answer
    unreadable          the filter failed on a text
    provider_terms      neither system's terms let its outputs be published
    withdrawn           its voter withdrew it after it was published; only in revisions

Simulated battles have no person behind them, so there is nobody to ask. Where one system's terms forbid it, its side
is null and the rest is published.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from arena.battles.states import SIDES, Side
from data_releases import pii

#: Longer texts identify their authors by themselves.
MAX_CHARS: Final = 4_000
#: Answers are longer than prompts, and not the voter's words.
MAX_ANSWER_CHARS: Final = 32_000
PUBLISHED: Final = "published"
WITHDRAWN: Final = "withdrawn"

_CONVERSATIONS: Final = pa.schema(
    [
        ("battle", pa.string()),
        ("turn", pa.int16()),
        ("prompt", pa.string()),
        ("left", pa.string()),
        ("right", pa.string()),
    ]
)
_FEEDBACK: Final = pa.schema([("vote", pa.string()), ("side", pa.string()), ("text", pa.string())])


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts that may go out, by internal ids.

    status: battle → its class. withheld: class → battles. found: kind of personal data → texts in which it was found.
    """

    conversations: pa.Table
    feedback: pa.Table
    status: dict[str, str]
    withheld: dict[str, int]
    found: dict[str, int]


def publishable(raw: Mapping[str, pa.Table], unreleased: set[int], *, enabled: bool) -> Texts:
    """Decide about every battle.

    Args:
        raw: the rows of `extract.read`; texts are there only for battles whose voter agreed, or that were simulated.
        unreleased: versions whose outputs must not be published.
        enabled: whether the operator releases texts of this arena at all.
    """
    battles = raw["battles"].select(["id", "publication", "is_simulated", "left", "right"]).to_pylist()
    turns = _turns(raw["texts"], raw["answers"])
    found: Counter[str] = Counter()
    filtered = _Filter(found)
    status: dict[str, str] = {}
    conversations: list[dict[str, Any]] = []
    for battle in battles:
        if not enabled or not (battle["publication"] or battle["is_simulated"]):
            status[battle["id"]] = "no_consent" if enabled else "texts_off"
            continue
        kept = [side for side in SIDES if battle[side] not in unreleased]
        own = turns.get(battle["id"], [])
        status[battle["id"]] = _class_of(own, kept, filtered)
        if status[battle["id"]] == PUBLISHED:
            conversations.extend(_row(battle["id"], turn, kept) for turn in own)
    allowed = {battle["id"] for battle in battles if enabled and (battle["publication"] or battle["is_simulated"])}
    feedback = [row for row in _feedback(raw["feedback"], allowed) if not filtered.problem(row["text"])]
    return Texts(
        pa.Table.from_pylist(conversations, _CONVERSATIONS),
        pa.Table.from_pylist(feedback, _FEEDBACK),
        status,
        dict(sorted(Counter(word for word in status.values() if word != PUBLISHED).items())),
        dict(sorted(found.items())),
    )


class _Filter:
    """The filter for personal data, counting what it finds; equal texts are looked at once."""

    def __init__(self, found: Counter[str]) -> None:
        self._found = found
        self._seen: dict[str, tuple[str, ...]] = {}

    def problem(self, text: str) -> str:
        """The class of what is wrong with a text; empty where nothing is."""
        try:
            kinds = self._seen[text] if text in self._seen else self._seen.setdefault(text, pii.findings(text))
        except pii.Unreadable:
            return "unreadable"
        self._found.update(kinds)
        return "personal_data" if kinds else ""


def _turns(prompts: pa.Table, answers: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """Battle → its turns in order, each with the prompt and the complete answers by side."""
    said: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for battle, turn, side, text in zip(*(column.to_pylist() for column in answers.columns), strict=True):
        said[battle, turn][side] = text
    turns: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for battle, turn, prompt in zip(*(column.to_pylist() for column in prompts.columns), strict=True):
        turns[battle].append({"turn": turn, "prompt": prompt, **said.get((battle, turn), {})})
    return {battle: sorted(own, key=lambda turn: turn["turn"]) for battle, own in turns.items()}


def _class_of(turns: list[dict[str, Any]], kept: list[Side], filtered: _Filter) -> str:
    if not turns or any(side not in turn for turn in turns for side in SIDES):
        return "no_answers"
    if not all(turn["prompt"] for turn in turns):
        return "erased"
    if not kept:
        return "provider_terms"
    if any(len(turn["prompt"]) > MAX_CHARS or len(turn[side]) > MAX_ANSWER_CHARS for turn in turns for side in SIDES):
        return "too_long"
    texts: Iterable[str] = (turn[part] for turn in turns for part in ("prompt", *SIDES))
    problems = {filtered.problem(text) for text in texts}
    return next((problem for problem in ("unreadable", "personal_data") if problem in problems), PUBLISHED)


def _row(battle: str, turn: Mapping[str, Any], kept: list[Side]) -> dict[str, Any]:
    return {
        "battle": battle,
        "turn": turn["turn"],
        "prompt": turn["prompt"],
        **{side: turn[side] if side in kept else None for side in SIDES},
    }


def _feedback(rows: pa.Table, allowed: set[str]) -> Iterable[dict[str, Any]]:
    for row in rows.to_pylist():
        said = json.loads(row["feedback"])
        for side in SIDES:
            if row["battle"] in allowed and said.get(side):
                yield {"vote": row["vote"], "side": side, "text": said[side]}

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

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from arena.battles.states import SIDES, Side
from data_releases.columns import looked_up
from data_releases.reading import UNREADABLE, verdict_of

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

    status: (battles,) the class of each. found: kind of personal data → texts in which it was found.
    """

    conversations: pa.Table
    feedback: pa.Table
    status: pa.Array
    found: dict[str, int]


def publishable(raw: Mapping[str, pa.Table], unreleased: set[int], *, enabled: bool) -> Texts:
    """Decide about every battle.

    Args:
        raw: the rows of `extract.read`; texts are there only for battles whose voter agreed, or that were simulated.
        unreleased: versions whose outputs must not be published.
        enabled: whether the operator releases texts of this arena at all.
    """
    battles = raw["battles"]
    filtered = _Filter()
    allowed = pc.and_(pc.or_(battles["publication"], battles["is_simulated"]), pa.scalar(enabled))
    asked = battles.select(["id", "left", "right"]).filter(allowed)
    turns = _turns(raw["texts"], raw["answers"])
    status: list[str] = []
    conversations: list[dict[str, Any]] = []
    for battle, *versions in zip(*(column.to_pylist() for column in asked.columns), strict=True):
        kept = [side for side, version in zip(SIDES, versions, strict=True) if version not in unreleased]
        own = turns.get(battle, [])
        status.append(_class_of(own, kept, filtered))
        if status[-1] == PUBLISHED:
            conversations.extend(_row(battle, turn, kept) for turn in own)
    feedback = [
        row for row in _feedback(raw["feedback"], asked["id"]) if not filtered.problem(row["text"], row["kinds"])
    ]
    decided = looked_up(battles["id"], asked["id"], pa.array(status, pa.string()))
    return Texts(
        pa.Table.from_pylist(conversations, _CONVERSATIONS),
        pa.Table.from_pylist(feedback, _FEEDBACK),
        pc.fill_null(decided, "no_consent" if enabled else "texts_off"),
        dict(sorted(filtered.found.items())),
    )


class _Filter:
    """The filter for personal data, counting what it finds; equal texts are looked at once, read ones not at all."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self._seen: dict[str, str] = {}

    def problem(self, text: str, verdict: str | None) -> str:
        """The class of what is wrong with a text, or nothing. `verdict`: of its reading, if there is one."""
        if verdict is None:
            verdict = self._seen[text] if text in self._seen else self._seen.setdefault(text, verdict_of(text))
        if verdict == UNREADABLE:
            return UNREADABLE
        self.found.update(verdict.split())
        return "personal_data" if verdict else ""


#: A turn: `turn`, then for `prompt` and each side a text and the verdict on it.
_Turn = dict[str, Any]


def _turns(prompts: pa.Table, answers: pa.Table) -> dict[str, list[_Turn]]:
    """Battle → its turns in order, each with the prompt and the complete answers by side."""
    said: dict[tuple[str, int], _Turn] = defaultdict(dict)
    for battle, turn, side, text, kinds in zip(*(column.to_pylist() for column in answers.columns), strict=True):
        said[battle, turn][side] = (text, kinds)
    turns: dict[str, list[_Turn]] = defaultdict(list)
    for battle, turn, prompt, kinds in zip(*(column.to_pylist() for column in prompts.columns), strict=True):
        turns[battle].append({"turn": turn, "prompt": (prompt, kinds), **said.get((battle, turn), {})})
    return {battle: sorted(own, key=lambda turn: turn["turn"]) for battle, own in turns.items()}


def _class_of(turns: list[_Turn], kept: list[Side], filtered: _Filter) -> str:
    if not turns or any(side not in turn for turn in turns for side in SIDES):
        return "no_answers"
    if not all(turn["prompt"][0] for turn in turns):
        return "erased"
    if not kept:
        return "provider_terms"
    most: dict[str, int] = {"prompt": MAX_CHARS, **dict.fromkeys(SIDES, MAX_ANSWER_CHARS)}
    if any(len(turn[part][0]) > chars for turn in turns for part, chars in most.items()):
        return "too_long"
    problems = {filtered.problem(*turn[part]) for turn in turns for part in most}
    return next((problem for problem in (UNREADABLE, "personal_data") if problem in problems), PUBLISHED)


def _row(battle: str, turn: _Turn, kept: list[Side]) -> dict[str, Any]:
    return {
        "battle": battle,
        "turn": turn["turn"],
        "prompt": turn["prompt"][0],
        **{side: turn[side][0] if side in kept else None for side in SIDES},
    }


def _feedback(rows: pa.Table, allowed: pa.ChunkedArray) -> Iterator[dict[str, Any]]:
    for row in rows.filter(pc.is_in(rows["battle"], allowed.combine_chunks())).to_pylist():
        for side in SIDES:
            if row[side]:
                yield {"vote": row["vote"], "side": side, "text": row[side], "kinds": row[f"{side}_kinds"]}

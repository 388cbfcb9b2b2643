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
is null and the rest is published. What a clip sings is a text of its battle; the clip is published with the texts.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from arena.battles.states import SIDES, Side
from data_releases.columns import each_distinct, looked_up, one_array
from data_releases.reading import CLEAN, UNREADABLE, verdict_of
from data_releases.schema import PUBLISHED

#: Longer texts identify their authors by themselves.
MAX_CHARS: Final = 4_000
#: Answers are longer than prompts, and not the voter's words.
MAX_ANSWER_CHARS: Final = 32_000
WITHDRAWN: Final = "withdrawn"

#: What a turn consists of, and how many characters of it are published at most.
_MOST: Final[dict[str, int]] = {"prompt": MAX_CHARS, **dict.fromkeys(SIDES, MAX_ANSWER_CHARS)}
#: More than any battle has.
_MAX_TURNS: Final = 1 << 16

Mask: TypeAlias = NDArray[np.bool_]

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

    status: (battles,) the class of each. found: kind of personal data → texts in which it was found. clips: rows as
    they came.
    """

    conversations: pa.Table
    feedback: pa.Table
    clips: pa.Table
    status: pa.Array
    found: dict[str, int]


def publishable(raw: Mapping[str, pa.Table], unreleased: set[int], *, enabled: bool) -> Texts:
    """Decide about every battle.

    Args:
        raw: the rows of `extract.read`; answers are there only for battles whose voter agreed, or that were simulated.
        unreleased: versions whose outputs must not be published.
        enabled: whether the operator releases texts of this arena at all.
    """
    battles = raw["battles"]
    filtered = _Filter()
    allowed = pc.and_(pc.or_(battles["publication"], battles["is_simulated"]), pa.scalar(enabled))
    asked = battles.select(["id", "left", "right"]).filter(allowed)
    withheld = {side: pc.is_in(asked[side], pa.array(sorted(unreleased), pa.int64())) for side in SIDES}
    turns = _turns(raw["turns"], raw["answers"], one_array(asked["id"]))
    clips = _placed(raw["clips"], one_array(asked["id"]))
    none_kept = pc.and_(withheld["left"], withheld["right"]).to_numpy()
    status = _classes(turns, clips, none_kept, filtered)
    decided = looked_up(battles["id"], asked["id"], status)
    return Texts(
        _conversations(turns.filter(pc.equal(status.take(turns["place"]), PUBLISHED)), withheld),
        _feedback(raw["feedback"], asked["id"], filtered),
        _clips(clips.filter(pc.equal(status.take(clips["place"]), PUBLISHED)), withheld),
        pc.fill_null(decided, "no_consent" if enabled else "texts_off"),
        dict(sorted(filtered.found.items())),
    )


class _Filter:
    """The filter for personal data, counting what it finds; equal texts are looked at once, read ones not at all."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()

    def verdicts(self, texts: pa.Array, kinds: pa.Array) -> pa.Array:
        """The verdict on each text; `kinds`: those of their readings, null where there is none."""
        unread = pc.is_null(kinds)
        verdicts = pc.replace_with_mask(kinds, unread, each_distinct(texts.filter(unread), verdict_of, pa.string()))
        for verdict in pc.value_counts(verdicts).to_pylist():
            if verdict["values"] != UNREADABLE:
                self.found.update(dict.fromkeys(verdict["values"].split(), verdict["counts"]))
        return verdicts


def _turns(prompts: pa.Table, answers: pa.Table, asked: pa.Array) -> pa.Table:
    """The turns of the battles that were asked for, in order: whose (`place` in `asked`), which, and by part (prompt,
    left, right) its text and the verdict on it, null where there is none.
    """

    def numbered(rows: pa.Table) -> pa.Table:
        own = _placed(rows, asked)
        return own.append_column("key", pc.add(pc.multiply(own["place"], _MAX_TURNS), own["turn"].cast(pa.int64())))

    turns, said = numbered(prompts).sort_by("key"), numbered(answers)
    columns = {name: one_array(turns[name]) for name in ("battle", "place", "turn", "prompt")}
    columns["prompt_kinds"] = one_array(turns["kinds"])
    for side in SIDES:
        own = said.filter(pc.equal(said["side"], side))
        for name, column in ((side, "text"), (f"{side}_kinds", "kinds")):
            columns[name] = looked_up(turns["key"], own["key"], one_array(own[column]))
    return pa.table(columns)


def _placed(rows: pa.Table, asked: pa.Array) -> pa.Table:
    """The rows of the battles that were asked for, with their `place` among these."""
    placed = rows.append_column("place", pc.index_in(rows["battle"], asked).cast(pa.int64()))
    return placed.filter(pc.is_valid(placed["place"]))


def _classes(turns: pa.Table, clips: pa.Table, none_kept: Mask, filtered: _Filter) -> pa.Array:
    """(n,) the class of each battle; none_kept: (n,) whether neither answer may be published."""
    n, place = len(none_kept), turns["place"].to_numpy()

    def with_turn(places: NDArray[np.int64]) -> Mask:
        marked = np.zeros(n, bool)
        marked[places] = True
        return marked

    def any_turn(rows: pa.ChunkedArray) -> Mask:
        return with_turn(place[pc.fill_null(rows, False).to_numpy()])

    sung = clips["place"].to_numpy()
    too_long = [any_turn(_longer(turns[part], most)) for part, most in _MOST.items()]
    classes = {
        "no_answers": ~with_turn(place) | any_turn(pc.or_(pc.is_null(turns["left"]), pc.is_null(turns["right"]))),
        "erased": any_turn(pc.equal(turns["prompt"], "")),
        "provider_terms": none_kept,
        "too_long": reduce(
            np.logical_or, [*too_long, with_turn(sung[_longer(clips["lyrics"], MAX_ANSWER_CHARS).to_numpy()])]
        ),
    }
    # Nobody looks for personal data in what stays inside anyway.
    left = ~reduce(np.logical_or, classes.values())
    own, sings = turns.filter(pa.array(left[place])), clips.filter(pa.array(left[sung]))
    texts = [(own["place"], own[part], own[f"{part}_kinds"]) for part in _MOST]
    texts.append((sings["place"], sings["lyrics"], sings["kinds"]))
    verdicts = [(at.to_numpy(), filtered.verdicts(one_array(text), one_array(kinds))) for at, text, kinds in texts]
    for name, wrong in (("unreadable", _is_unreadable), ("personal_data", _is_dirty)):
        classes[name] = reduce(np.logical_or, (with_turn(at[wrong(verdict)]) for at, verdict in verdicts))
    return pa.array(np.select(list(classes.values()), list(classes), PUBLISHED).tolist(), pa.string())


def _is_unreadable(verdicts: pa.Array) -> Mask:
    found: Mask = pc.equal(verdicts, UNREADABLE).to_numpy(zero_copy_only=False)
    return found


def _is_dirty(verdicts: pa.Array) -> Mask:
    found: Mask = pc.not_equal(verdicts, CLEAN).to_numpy(zero_copy_only=False)
    return found


def _longer(texts: pa.ChunkedArray, chars: int) -> pa.ChunkedArray:
    return pc.greater(pc.utf8_length(texts), chars)


def _conversations(turns: pa.Table, withheld: Mapping[Side, pa.ChunkedArray]) -> pa.Table:
    nothing = pa.scalar(None, pa.string())
    sides: dict[str, pa.Array] = {
        side: pc.if_else(one_array(withheld[side]).take(turns["place"]), nothing, turns[side]) for side in SIDES
    }
    return pa.table({name: sides.get(name, turns[name]) for name in _CONVERSATIONS.names}, schema=_CONVERSATIONS)


def _feedback(rows: pa.Table, allowed: pa.ChunkedArray, filtered: _Filter) -> pa.Table:
    own = rows.filter(pc.is_in(rows["battle"], one_array(allowed)))
    kept = [_FEEDBACK.empty_table()]
    for side in SIDES:
        said = own.filter(pc.not_equal(own[side], ""))
        verdicts = filtered.verdicts(one_array(said[side]), one_array(said[f"{side}_kinds"]))
        columns = [said["vote"], pa.repeat(side, len(said)), said[side]]
        kept.append(pa.table(columns, schema=_FEEDBACK).filter(pc.equal(verdicts, CLEAN)))
    return pa.concat_tables(kept)


def _clips(rows: pa.Table, withheld: Mapping[Side, pa.ChunkedArray]) -> pa.Table:
    """Those whose own side may be published."""
    forbidden = {side: one_array(withheld[side]).take(rows["place"]) for side in SIDES}
    right = pc.equal(rows["side"], "right")
    return rows.filter(pc.invert(pc.if_else(right, forbidden["right"], forbidden["left"])))

"""TRL: preferences for DPO and reward models (paired), and labelled completions for KTO (unpaired). Pure.

Source: huggingface.co/docs/trl/dataset_formats. A battle of several turns is one example: the first prompt is the
prompt, and what followed on each side, further prompts included, is that side's completion.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from data_releases.formats.base import Data, Export, Format, in_parts, usable
from data_releases.formats.comparisons import SIDES, Comparison, Comparisons
from data_releases.formats.files import File, json_lines
from data_releases.split import PARTS

_NEEDS: Final = "prompts and both answers"
_DECISIVE: Final = {"left": ("left", "right"), "right": ("right", "left")}
#: Outcome → what is said of (left, right).
_GOOD: Final = {"left": (True, False), "right": (False, True), "tie": (True, True), "both_bad": (False, False)}


def _prompt(one: Comparison) -> list[dict[str, str]]:
    return [{"role": "user", "content": one.prompts[0]}]


def _completion(one: Comparison, side: str) -> list[dict[str, str]]:
    messages = [
        message
        for prompt, answer in zip(one.prompts, one.answers(side), strict=True)
        for message in ({"role": "user", "content": prompt}, {"role": "assistant", "content": answer})
    ]
    return messages[1:]


def _paired(data: Data) -> Export:
    decisive = "prompts, both answers and a preference"
    kept, left_out = usable(data, data.comparisons.complete().among("outcome", _DECISIVE), decisive)
    kept = in_parts(kept, left_out)
    notes = ("Ties and votes that both are bad say nothing here.",)
    return Export(_by_part(kept, lambda one: [_preference(one)]), notes, left_out)


def _preference(one: Comparison) -> dict[str, Any]:
    chosen, rejected = _DECISIVE[one.outcome]
    return {
        "prompt": _prompt(one),
        "chosen": _completion(one, chosen),
        "rejected": _completion(one, rejected),
        "chosen_model": getattr(one, chosen),
        "rejected_model": getattr(one, rejected),
    }


def _unpaired(data: Data) -> Export:
    kept, left_out = usable(data, data.comparisons.complete(), _NEEDS)
    kept = in_parts(kept, left_out)
    notes = ("The label says preferred or not, in this pair. A tie labels both true, both bad labels both false.",)
    return Export(_by_part(kept, _labelled), notes, left_out)


def _labelled(one: Comparison) -> list[dict[str, Any]]:
    return [
        {"prompt": _prompt(one), "completion": _completion(one, side), "label": good, "model": getattr(one, side)}
        for side, good in zip(SIDES, _GOOD[one.outcome], strict=True)
    ]


def _by_part(kept: Comparisons, rows_of: Callable[[Comparison], list[dict[str, Any]]]) -> dict[str, File]:
    def rows(part: str) -> Iterator[dict[str, Any]]:
        return (row for one in kept.of_parts(part) for row in rows_of(one))

    return {f"{part}.jsonl": json_lines(rows(part)) for part in PARTS}


FORMATS: Final = (
    Format("trl-preference", "TRL DPO and RewardTrainer", "prompt, chosen, rejected as messages", _paired),
    Format("trl-unpaired", "TRL KTO", "prompt, completion, label", _unpaired),
)

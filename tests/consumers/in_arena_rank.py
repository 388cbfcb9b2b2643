"""Rank an export with arena-rank, LMArena's package, with and without style. Runs in the ranking peers' environment.

    python -m tests.consumers.in_arena_rank EXPORT

Prints one JSON object: model → rating, by both.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from arena_rank.models.bradley_terry import BradleyTerry
from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
from arena_rank.utils.data_utils import ContextualPairDataset, PairDataset

#: As in its example on the 140k set: sums of what `conv_metadata` counts on each side.
STYLES = ("sum_assistant_{}_tokens", "header_count_{}", "list_count_{}", "bold_count_{}")


def counted(value: object) -> float:
    """A number, or the sum of a struct of numbers."""
    return float(sum(value.values()) if isinstance(value, dict) else value)


def compared(frame: pd.DataFrame, style: str) -> pd.Series:
    """The difference of both sides in a kind of form, relative to their sum."""
    left, right = (frame["conv_metadata"].map(lambda row, s=side: counted(row[style.format(s)])) for side in "ab")
    total = left + right
    return ((left - right) / total.where(total > 0, 1.0)).astype(float)


def main(folder: Path) -> dict[str, dict[str, float]]:
    """Both rankings."""
    frame = pd.read_parquet(folder / "train.parquet")
    plain = PairDataset.from_pandas(frame)
    for style in STYLES:
        frame[style] = compared(frame, style)
    # What never differs has no coefficient.
    used = [style for style in STYLES if np.ptp(frame[style]) > 0]
    styled = ContextualPairDataset.from_pandas(frame, feature_cols=used)
    models = {
        "plain": (BradleyTerry(n_competitors=len(plain.competitors)), plain),
        "style": (ContextualBradleyTerry(n_competitors=len(styled.competitors), n_features=len(used)), styled),
    }
    found = {}
    for name, (model, data) in models.items():
        result = model.compute_ratings_and_cis(data)
        found[name] = dict(zip(result["competitors"], map(float, result["ratings"]), strict=True))
    return found


if __name__ == "__main__":
    printed, sys.stdout = sys.stdout, sys.stderr
    json.dump(main(Path(sys.argv[1])), printed)

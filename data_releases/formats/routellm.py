"""RouteLLM 0.2: pairwise data with embeddings (matrix factorisation), and the rows of its similarity ranking. Pure.

Source: github.com/lm-sys/RouteLLM, `routers/matrix_factorization/train_matrix_factorization.py` and
`routers/similarity_weighted`.
"""

from typing import Final

import pyarrow as pa

from arena.policies import embedding
from data_releases.formats.base import (
    Comparison,
    Data,
    Export,
    Format,
    csv_file,
    in_parts,
    json_file,
    npy_file,
    parquet_file,
    usable,
)
from data_releases.formats.grid import TWO_PARTS
from data_releases.formats.lmarena import COLUMNS_55K, rows_55k

WINNERS: Final = {"left": "model_a", "right": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}
#: Its similarity ranking drops shorter prompts before it matches rows by position.
FEWEST_CHARS: Final = 16
EMBEDDINGS: Final = pa.schema([("embeddings", pa.list_(pa.float32()))])

_ADAPTER: Final = '''"""The names of this release, for RouteLLM, which has its own. Import this before training."""

from routellm.routers.matrix_factorization import model

MODELS = {models}
model.MODEL_IDS.clear()
model.MODEL_IDS.update({{name: number for number, name in enumerate(MODELS)}})
'''


def _make(data: Data) -> Export:
    kept, left_out = usable(data, lambda one: bool(one.turns), "a prompt")
    kept = in_parts(kept, left_out)
    train, test = ([one for one in kept if TWO_PARTS[one.split] == part] for part in ("train", "test"))
    # Both answers are needed only by the shape, not by the ranking; what is withheld stays empty.
    ranked = [one for one in train if len(one.prompts[0].strip()) >= FEWEST_CHARS]
    own = data.vectors([one.prompts[0] for one in ranked])
    names = sorted({name for one in kept for name in (one.left, one.right)})
    files = {
        **_pairs(data, train),
        **{f"test/{path}": content for path, content in _pairs(data, test).items()},
        "sw_ranking/train.csv": csv_file(COLUMNS_55K, rows_55k(ranked)),
        "sw_ranking_embeddings/train.parquet": parquet_file([{"embeddings": row.tolist()} for row in own], EMBEDDINGS),
        "adapter.py": _ADAPTER.format(models=repr(names)).encode(),
    }
    return Export(files, _NOTES, left_out)


def _pairs(data: Data, part: list[Comparison]) -> dict[str, bytes]:
    """The pairs of a part, and as many vectors."""
    pairs = [
        {"idx": idx, "model_a": one.left, "model_b": one.right, "winner": WINNERS[one.outcome]}
        for idx, one in enumerate(part)
    ]
    vectors = data.vectors([one.prompts[0] for one in part])
    return {"pairwise_data.json": json_file(pairs), "prompt_embedding.npy": npy_file(vectors)}


_NOTES: Final = (
    (
        f"Embeddings are `{embedding.NAME}` ({embedding.DIMENSIONS} numbers, length 1), not those of "
        "RouteLLM's service: "
        "train and route with the same encoder, and give `text_dim` to the router."
    ),
    "Model names are not in RouteLLM's built-in list: import `adapter.py` first.",
    (
        "`sw_ranking` leaves out prompts under 16 characters, as RouteLLM does, so that rows match by "
        "position; withheld "
        "answers are empty texts there."
    ),
    "`test/` has the votes of the part test, which the files to train on have not; validation and train are one here.",
    "A vote that both are bad is `tie (bothbad)` in the pairs and a tie in the ranking.",
)

FORMATS: Final = (
    Format("routellm", "RouteLLM 0.2", "pairwise JSON with embeddings; rows for similarity ranking", _make),
)

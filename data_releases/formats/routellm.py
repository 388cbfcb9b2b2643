"""RouteLLM 0.2: pairwise data with embeddings (matrix factorisation), and the rows of its similarity ranking. Pure.

Source: github.com/lm-sys/RouteLLM, `routers/matrix_factorization/train_matrix_factorization.py` and
`routers/similarity_weighted`.
"""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from arena.policies import embedding
from arena.policies.embedding import Vectors
from data_releases.formats.base import Data, Export, Format, in_parts, usable
from data_releases.formats.comparisons import Comparisons
from data_releases.formats.files import File, Rows, csv_file, json_file, npy_file, parquet_tables, text_file
from data_releases.formats.grid import models_of
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
    kept, left_out = usable(data, data.comparisons.prompted(), "a prompt")
    kept = in_parts(kept, left_out)
    train, test = kept.of_parts("train", "validation"), kept.of_parts("test")
    # Both answers are needed only by the shape, not by the ranking; what is withheld stays empty.
    ranked = train.where(lambda one: len(one.prompts[0].strip()) >= FEWEST_CHARS)
    names = models_of(kept)
    files = {
        **_pairs(data, train),
        **{f"test/{path}": content for path, content in _pairs(data, test).items()},
        "sw_ranking/train.csv": csv_file(COLUMNS_55K, rows_55k(ranked)),
        "sw_ranking_embeddings/train.parquet": parquet_tables(
            (_vectors_table(batch) for batch in data.vectors(_prompts(ranked))), EMBEDDINGS
        ),
        "adapter.py": text_file([_ADAPTER.format(models=repr(names))]),
    }
    return Export(files, _NOTES, left_out)


def _prompts(comparisons: Comparisons) -> Iterator[str]:
    return (one.prompts[0] for one in comparisons)


def _vectors_table(batch: Vectors) -> pa.Table:
    return pa.table([pa.array(list(batch), EMBEDDINGS.field(0).type)], schema=EMBEDDINGS)


def _pairs(data: Data, part: Comparisons) -> dict[str, File]:
    """The pairs of a part, and as many vectors."""
    pairs = (
        {"idx": idx, "model_a": one.left, "model_b": one.right, "winner": WINNERS[one.outcome]}
        for idx, one in enumerate(part)
    )
    vectors = data.vectors(_prompts(part))
    return {"pairwise_data.json": json_file(Rows(pairs)), "prompt_embedding.npy": npy_file(len(part), vectors)}


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

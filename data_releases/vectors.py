"""The table `embeddings`: a vector for every distinct published prompt. Pure; `verify` makes it again."""

import hashlib
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from arena.policies.embedding import DIMENSIONS, Vectors, counted, normalised
from data_releases.schema import EMBEDDINGS

ID_CHARS: Final = 16


def prompt_id(prompt: str) -> str:
    """What names a published prompt."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:ID_CHARS]


def embeddings_of(conversations: pa.Table) -> pa.Table:
    """The vectors of the prompts of `conversations`, in the order of their ids."""
    prompts = distinct_prompts(conversations)
    return vector_table(prompts["prompt_id"], normalised(counted(prompts["prompt"].to_pylist())))


def distinct_prompts(conversations: pa.Table) -> pa.Table:
    """`prompt_id` and `prompt` of each, in the order of their ids."""
    told = conversations.select(["prompt_id", "prompt"])
    prompts = told.group_by("prompt_id", use_threads=False).aggregate([("prompt", "first")])
    return prompts.rename_columns(["prompt_id", "prompt"]).sort_by("prompt_id")


def vector_table(ids: pa.ChunkedArray | pa.Array, vectors: Vectors) -> pa.Table:
    """The table `embeddings` from (n,) ids and (n, 256) vectors."""
    offsets = pa.array(range(0, vectors.size + 1, DIMENSIONS), pa.int32())
    column = pa.ListArray.from_arrays(offsets, pa.array(vectors.reshape(-1), pa.float32()))
    return pa.table([pc.cast(ids, pa.string()), column], schema=EMBEDDINGS.schema)

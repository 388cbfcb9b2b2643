"""The table `embeddings`: a vector for every distinct published prompt. Pure; `verify` makes it again."""

import hashlib
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from data_releases.embedding import DIMENSIONS, embedded
from data_releases.schema import EMBEDDINGS

ID_CHARS: Final = 16


def prompt_id(prompt: str) -> str:
    """What names a published prompt."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:ID_CHARS]


def embeddings_of(conversations: pa.Table) -> pa.Table:
    """The vectors of the prompts of `conversations`, in the order of their ids."""
    prompts = conversations.group_by("prompt_id", use_threads=False).aggregate([("prompt", "first")])
    prompts = prompts.sort_by("prompt_id")
    vectors = embedded(prompts["prompt_first"].to_pylist())
    offsets = pa.array(range(0, vectors.size + 1, DIMENSIONS), pa.int32())
    column = pa.ListArray.from_arrays(offsets, pa.array(vectors.reshape(-1), pa.float32()))
    return pa.table([pc.cast(prompts["prompt_id"], pa.string()), column], schema=EMBEDDINGS.schema)

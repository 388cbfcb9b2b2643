"""The clips of a release: which files there are under `audio/`, and whether they are what `clips` says. Pure.

A clip is there if its battle's texts are published, and the system's terms let its outputs be. Its file is named by
the pseudonym of its response and holds the bytes that were heard, one profile for all systems.
"""

import re
from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from data_releases import schema
from data_releases.anonymise import Pseudonyms
from data_releases.found import Verified
from data_releases.manifest import sha256
from data_releases.source import Source, Unreadable

FOLDER: Final = "audio"
SUFFIX: Final = ".mp3"
#: What the file of a clip is called.
CLIP: Final = re.compile(rf"{FOLDER}/[0-9a-f]{{16}}\{SUFFIX}")
DIGITS: Final = 1
#: More than a clip of ten minutes; nobody is made to read more for one.
MAX_BYTES: Final = 32 * 1024 * 1024


def path_of(response_id: str) -> str:
    """The file of a response's clip."""
    return f"{FOLDER}/{response_id}{SUFFIX}"


def clip_rows(clips: pa.Table, names: Pseudonyms, battle_ids: Callable[[pa.ChunkedArray], pa.Array]) -> pa.Table:
    """The rows of `clips`, and with each in `key` where its bytes lie.

    Args:
        clips: those that may be published, as `texts.publishable` gives them.
        names: pseudonyms of the release.
        battle_ids: battles to their pseudonyms.
    """
    ids = names.keys("response", clips["response"])
    return pa.table(
        {
            "response_id": ids,
            "battle_id": battle_ids(clips["battle"]),
            "path": pa.array(map(path_of, ids.to_pylist()), pa.string()),
            "bytes": clips["bytes"],
            "sha256": clips["sha256"],
            "duration_s": pc.round(clips["duration_s"], DIGITS),
            "lyrics": clips["lyrics"],
            "key": clips["key"],
        }
    )


def digests_of(clips: pa.Table) -> dict[str, str]:
    """File → SHA-256."""
    return dict(zip(clips["path"].to_pylist(), clips["sha256"].to_pylist(), strict=True))


def described(clips: pa.Table, missing: int) -> dict[str, int]:
    """What the manifest says. missing: clips that might be published and whose bytes were not in the store."""
    return {"clips": len(clips), "bytes": pc.sum(clips["bytes"]).as_py() or 0, "missing": missing}


def check_rows(found: Verified) -> None:
    """Note clips that must not be there, and what the manifest says of them wrongly."""
    clips, responses, battles = (found.tables[name] for name in ("clips", "responses", "battles"))
    systems = found.tables["systems"]
    # Older schemas say nothing about clips.
    if "audio" in found.manifest:
        told = found.manifest["audio"]
        missing = told.get("missing", 0) if isinstance(told, dict) else 0
        if told != described(clips, missing):
            found.say(schema.CLIPS.file, "the manifest counts other clips")
    free = systems.filter(systems["outputs_released"])["system_id"].combine_chunks()
    for column, known, problem in (
        ("battle_id", _where(battles, "text_status", schema.PUBLISHED), "of a battle whose texts are not published"),
        ("response_id", _where(responses, "status", "complete"), "of a response that is not complete"),
        ("response_id", responses.filter(pc.is_in(responses["system_id"], free)), "that its provider's terms forbid"),
    ):
        if _strangers(clips[column], known[column]):
            found.say(schema.CLIPS.file, f"a clip {problem}")


def _where(table: pa.Table, column: str, value: str) -> pa.Table:
    return table.filter(pc.equal(table[column], value))


def _strangers(column: pa.ChunkedArray, known: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.invert(pc.is_in(column, known.combine_chunks()))).as_py())


def check_files(source: Source, found: Verified) -> None:
    """Read every clip, one after the other, and note those that are not what their row says."""
    for row in found.tables["clips"].select(["response_id", "path", "bytes", "sha256"]).to_pylist():
        path = row["path"]
        if path != path_of(row["response_id"]):
            found.say(schema.CLIPS.file, f"{row['response_id']} has the file of another response")
            continue
        try:
            content = source.read(path, min(row["bytes"], MAX_BYTES))
        except Unreadable as error:
            found.say(path, str(error).removeprefix(f"{path}: "))
            continue
        if (len(content), sha256(content)) != (row["bytes"], row["sha256"]):
            found.say(path, "its bytes are not those that clips.parquet names")

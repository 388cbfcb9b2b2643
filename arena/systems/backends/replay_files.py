"""Files of pre-generated outputs: read once, indexed by prompt, held on disk. Does I/O.

Formats by name: `.json` (a list of records, or one object prompt → output), `.jsonl`, `.csv`; each also `.gz`.
A record has `prompt` and `output`; for a conversation both are lists of equal length, one entry a turn.
"""

import csv
import gzip
import hashlib
import io
import json
import os
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

from arena.systems.backends.base import Misconfigured

MAX_BYTES: Final = 2_000_000_000
FORMATS: Final = (".json", ".jsonl", ".csv")
_BLOCK: Final = 1 << 20


class OutputsFile:
    """The outputs of one file, found by the user prompts of a conversation.

    Only digests and positions stay in memory (about 200 bytes a prompt); the texts lie in an unlinked temporary
    file, so that a process can hold many systems.
    """

    def __init__(self, records: Iterable[tuple[tuple[str, ...], str]], sha256: str) -> None:
        self.sha256 = sha256
        self._positions: dict[bytes, tuple[int, int]] = {}
        self._first_prompts: list[tuple[int, int]] = []
        # Closed by the garbage collector with this object; the system removes it even after a crash.
        self._texts: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        for prompts, output in records:
            self._add(prompts, output)
        self._texts.flush()

    def __del__(self) -> None:
        self._texts.close()

    def __len__(self) -> int:
        return len(self._positions)

    def find(self, prompts: tuple[str, ...]) -> str | None:
        """The output for the last of these prompts: of the same conversation, or of the prompt alone; or None."""
        position = self._positions.get(_digest(prompts)) or self._positions.get(_digest(prompts[-1:]))
        return None if position is None else self._read(position)

    def has(self, prompts: tuple[str, ...]) -> bool:
        """Whether `find` would give an output."""
        return _digest(prompts) in self._positions or _digest(prompts[-1:]) in self._positions

    def prompts(self) -> Iterator[str]:
        """First prompts, in the order of the file."""
        return (self._read(position) for position in self._first_prompts)

    def _add(self, prompts: tuple[str, ...], output: str) -> None:
        key = _digest(prompts)
        if key in self._positions:
            return
        if len(prompts) == 1:
            self._first_prompts.append(self._write(prompts[0]))
        self._positions[key] = self._write(output)

    def _write(self, text: str) -> tuple[int, int]:
        data = text.encode("utf-8", "surrogatepass")
        start = self._texts.seek(0, io.SEEK_END)
        if start + len(data) > MAX_BYTES:
            raise Misconfigured(f"more than {MAX_BYTES} bytes of outputs")
        self._texts.write(data)
        return start, len(data)

    def _read(self, position: tuple[int, int]) -> str:
        start, length = position
        # Threads share this file: a read at a position moves no common pointer.
        return os.pread(self._texts.fileno(), length, start).decode("utf-8", "surrogatepass")


def open_outputs(path: Path) -> OutputsFile:
    """The outputs in this file; kept per process for as long as the file stays as it is.

    Raises:
        Misconfigured: the file is missing, unreadable, of an unknown format, or a record is wrong (named by number).
    """
    try:
        status = path.stat()
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from error
    return _load(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _load(path: Path, _mtime_ns: int, _size: int) -> OutputsFile:
    try:
        return OutputsFile(_records(path), content_sha256(path))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, ValueError, RecursionError) as error:
        raise Misconfigured(f"{path}: {error}") from error


def content_sha256(path: Path) -> str:
    """SHA-256 of the file as it lies there, in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def format_of(path: Path) -> str | None:
    """`.json`, `.jsonl` or `.csv`; None for anything else."""
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    return suffix if suffix in FORMATS else None


def _records(path: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    readers = {".json": _json_rows, ".jsonl": _jsonl_rows, ".csv": _csv_rows}
    reader = readers.get(format_of(path) or "")
    if reader is None:
        raise Misconfigured(f"{path}: not one of {', '.join(FORMATS)} (each also .gz)")
    opener: Any = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="" if reader is _csv_rows else None) as file:
        for number, row in enumerate(reader(file), 1):
            yield from _conversation(row, f"{path}, record {number}")


def _json_rows(file: IO[str]) -> Iterator[Any]:
    text = file.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise Misconfigured(f"more than {MAX_BYTES} characters")
    document = json.loads(text)
    if isinstance(document, dict):
        return ({"prompt": prompt, "output": output} for prompt, output in document.items())
    if isinstance(document, list):
        return iter(document)
    raise Misconfigured("neither a list of records nor an object prompt → output")


def _jsonl_rows(file: IO[str]) -> Iterator[Any]:
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise Misconfigured(f"line {number}: {error}") from error


def _csv_rows(file: IO[str]) -> Iterator[Any]:
    csv.field_size_limit(min(sys.maxsize, 1 << 31) - 1)
    return iter(csv.DictReader(file))


def _conversation(row: Any, where: str) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(row, dict) or "prompt" not in row or "output" not in row:
        raise Misconfigured(f"{where}: needs `prompt` and `output`")
    prompts, outputs = (value if isinstance(value, list) else [value] for value in (row["prompt"], row["output"]))
    if not prompts or len(prompts) != len(outputs) or not all(isinstance(text, str) for text in prompts + outputs):
        raise Misconfigured(f"{where}: `prompt` and `output` must be texts, or lists of texts of equal length")
    for turns, output in enumerate(outputs, 1):
        yield tuple(islice(prompts, turns)), output


def _digest(prompts: tuple[str, ...]) -> bytes:
    """A key that survives line ends, Unicode composition and white space at the ends (a form changes all three)."""
    plain = [unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip() for text in prompts]
    return hashlib.blake2b(json.dumps(plain).encode(), digest_size=16).digest()

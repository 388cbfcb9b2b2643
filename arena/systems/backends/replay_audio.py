"""A folder of clips as a contender. Framework-free.

Beside the clips lies an index, `clips.jsonl` (or .json, .csv): prompt → name of a file in the folder.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import ClassVar, Final

from arena.systems.backends.base import (
    AudioClip,
    Capabilities,
    Event,
    Finished,
    GenerationRequest,
    Limits,
    Message,
    Misconfigured,
    TimedOut,
    Unsupported,
)
from arena.systems.backends.clips import GIVES_A_CLIP, checked_size, is_one_prompt
from arena.systems.backends.replay_files import FORMATS, OutputsFile, open_outputs

_TYPES: Final = {
    ".mp3": "audio/mpeg", ".wav": "audio/wav", ".flac": "audio/flac", ".ogg": "audio/ogg", ".opus": "audio/ogg",
}  # fmt: skip


class AudioFolder:
    """The clips of a folder. Raises Misconfigured where there is no index, or a clip is not inside the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        index = next((path for name in FORMATS if (path := folder / f"clips{name}").is_file()), None)
        if index is None:
            raise Misconfigured(f"{folder}: has none of {', '.join(f'clips{name}' for name in FORMATS)}")
        self.index: OutputsFile = open_outputs(index)

    def clip(self, prompt: str) -> Path | None:
        """Where the clip of a prompt lies. Raises Misconfigured."""
        name = self.index.find((prompt,))
        if name is None:
            return None
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()) or path.suffix.lower() not in _TYPES:
            raise Misconfigured(f"{self.folder}: {name!r} is no {', '.join(_TYPES)} inside the folder")
        return path

    def fingerprint(self) -> str:
        """SHA-256 over the index and the name and size of every clip. Raises Misconfigured for one that is missing."""
        digest = hashlib.sha256(self.index.sha256.encode())
        for prompt in self.index.prompts():
            path = self.clip(prompt)
            if path is None or not path.is_file():
                raise Misconfigured(f"{self.folder}: the clip of a prompt is missing: {path.name if path else ''}")
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        return digest.hexdigest()


class ReplayAudioBackend:
    """One folder of clips.

    Args:
        folder: the clips and their index.
        ttft_s: seconds until the clip is there.
        sha256: the fingerprint that the system was registered with; another is refused. None: any.
    """

    capabilities: ClassVar[Capabilities] = GIVES_A_CLIP

    def __init__(self, folder: Path, ttft_s: float = 0.0, sha256: str | None = None) -> None:
        self._folder = AudioFolder(folder)
        self._ttft_s = ttft_s
        if sha256 is not None and self._folder.fingerprint() != sha256:
            raise Misconfigured(f"{folder} has changed since the system was registered; register it again")

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """Whether the folder has a clip for the one prompt."""
        return is_one_prompt(messages) and self._folder.index.has((messages[0].content,))

    def known_prompts(self) -> Iterator[str]:
        """Prompts that the folder can answer, in the order of its index."""
        return self._folder.index.prompts()

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Give the stored clip; see `Backend.stream`."""
        started, limits = time.monotonic(), request.limits
        path = self._folder.clip(request.messages[-1].content) if request.messages else None
        if path is None:
            raise Unsupported("the folder has no clip for this prompt")
        data = await asyncio.to_thread(_read, path, limits)
        await asyncio.sleep(max(0.0, started + min(self._ttft_s, limits.total_s) - time.monotonic()))
        if self._ttft_s > limits.total_s:
            raise TimedOut("total")
        yield AudioClip(data, _TYPES[path.suffix.lower()])
        yield Finished("stop")


def _read(path: Path, limits: Limits) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from error
    return checked_size(data, limits)

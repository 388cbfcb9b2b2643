"""The decoder without its process, for whatever is no promise of the process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from arena.media import decode, decoder


@contextmanager
def decoded_here(data: bytes) -> Iterator[decode.Decoded]:
    """As `decode.decoded`, in this process."""
    with TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "target"
        source.write_bytes(data)
        with target.open("wb") as file:
            facts = decoder.decode(source, file)
        yield decode.Decoded(target, facts["lead_s"], facts["clip_s"], facts["music_s"], facts)

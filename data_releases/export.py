"""Write one format of a verified release, with a card that says what it is and what it lacks. Framework-free."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_releases.documents import title
from data_releases.formats import FORMATS
from data_releases.formats.base import Data, Export, Format
from data_releases.formats.files import File
from data_releases.found import Verified
from data_releases.manifest import canonical, sha256

CARD = "EXPORT.md"


def export(release: Verified, name: str, folder: Path) -> list[str]:
    """Write a format into a folder, the card last: without it an export is not complete.

    Args:
        release: as `verify` found it.
        name: of the format, a key of `FORMATS`.
        folder: made where it is missing.

    Returns:
        The paths written, relative to the folder.

    Raises:
        NotVerified: the release has a problem.
        NothingToExport: no vote has what the format needs.
        OSError: the folder cannot be written.
    """
    release.require_good()
    made = FORMATS[name].make(Data(release.tables, release.manifest))
    (folder / CARD).unlink(missing_ok=True)
    sums = {path: _written(file, folder / path) for path, file in made.files.items()}
    (folder / CARD).write_text(card_of(release.manifest, FORMATS[name], made, sums), encoding="utf-8")
    return sorted([*sums, CARD])


def _written(file: File, path: Path) -> str:
    """Write a file; returns its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w+b") as sink:
        file(sink)
        sink.seek(0)
        return hashlib.file_digest(sink, "sha256").hexdigest()


def card_of(manifest: dict[str, Any], form: Format, made: Export, sums: Mapping[str, str]) -> str:
    """What an export is, what it lacks and what was left out, in Markdown; sums: file → its sha256."""
    notes = "\n".join(f"- {note}" for note in made.notes)
    left = "\n".join(f"- {reason}: {n}" for reason, n in made.left_out.items() if n) or "- none"
    listed = "\n".join(f"    {digest}  {path}" for path, digest in sorted(sums.items()))
    return f"""# {title(manifest)} as {form.name}

For {form.reader}: {form.meaning}. Made by `arena-export` from the release with the manifest
{sha256(canonical(manifest))}, schema {manifest["schema_version"]}.
Licence: as of the release ({json.dumps(manifest["licence"])}); answers under the terms of their providers.

## What to know

{notes}

Only votes that count are here. Votes left out:

{left}

## Files

{listed}
"""

"""Write one format of a verified release, with a card that says what it is and what it lacks. Framework-free.

ExportError
└── NotVerified     the release is not what it says; nothing is exported from it
"""

import json
from pathlib import Path
from typing import Any

from data_releases.documents import title
from data_releases.formats import FORMATS
from data_releases.formats.base import Data, Export, Format
from data_releases.found import Verified
from data_releases.manifest import canonical, sha256

CARD = "EXPORT.md"


class ExportError(Exception):
    """Nothing was exported."""


class NotVerified(ExportError):
    """The release is not what it says."""


def export(release: Verified, name: str, folder: Path) -> list[str]:
    """Write a format into a folder.

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
    if release.problems:
        path, problem = release.problems[0]
        raise NotVerified(f"{path}: {problem}")
    made = FORMATS[name].make(Data(release.tables, release.manifest))
    files = made.files | {CARD: card_of(release.manifest, FORMATS[name], made).encode()}
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return sorted(files)


def card_of(manifest: dict[str, Any], form: Format, made: Export) -> str:
    """What an export is, what it lacks and what was left out, in Markdown."""
    notes = "\n".join(f"- {note}" for note in made.notes)
    left = "\n".join(f"- {reason}: {n}" for reason, n in made.left_out.items() if n) or "- none"
    sums = "\n".join(f"    {sha256(content)}  {path}" for path, content in sorted(made.files.items()))
    return f"""# {title(manifest)} as {form.name}

For {form.reader}: {form.meaning}. Made by `arena-export` from the release with the manifest
{sha256(canonical(manifest))}, schema {manifest["schema_version"]}.
Licence: as of the release ({json.dumps(manifest["licence"])}); answers under the terms of their providers.

## What to know

{notes}

Only votes that count are here. Votes left out:

{left}

## Files

{sums}
"""

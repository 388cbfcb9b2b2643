"""Static files: what Vite has built already carries a content hash and must keep its name.

A second hash would split every module in two: the page would load one copy, and the other modules import the other.
"""

from typing import Final

from whitenoise.storage import CompressedManifestStaticFilesStorage

BUILT_BY_VITE: Final = "assets/"


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # WhiteNoise has no types
    """WhiteNoise's storage, which leaves the names of Vite's files alone."""

    def stored_name(self, name: str) -> str:
        """The name under which `name` is served."""
        if name.startswith(BUILT_BY_VITE):
            return name
        return str(super().stored_name(name))

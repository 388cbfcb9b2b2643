"""A release in the shapes that other data sets, trainers and routers read. Pure: tables in, files out.

One module per family. A format is a projection: what it needs and a release does not hold is left out or imputed, and
its card says which. Only votes that count are exported.
"""

from typing import Final

from data_releases.formats import llmrouter, lmarena, p2l, routellm, trl
from data_releases.formats.base import Export, Format, NothingToExport

__all__ = ["FORMATS", "Export", "Format", "NothingToExport"]

FORMATS: Final[dict[str, Format]] = {
    made.name: made for module in (lmarena, routellm, llmrouter, p2l, trl) for made in module.FORMATS
}

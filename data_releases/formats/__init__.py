"""A release in the shapes that other data sets, trainers and routers read. Pure: tables in, files out.

One module per family. A format is a projection: what it needs and a release does not hold is left out or imputed, and
its card says which. Only votes that count are exported.
"""

from typing import Final

from data_releases.formats import (
    fusionbench,
    gqr,
    graphrouter,
    iranker,
    llmrouter,
    lmarena,
    model_sat,
    p2l,
    routellm,
    router_r1,
    routerbench,
    trl,
)
from data_releases.formats.base import Export, Format, NothingToExport

__all__ = ["FORMATS", "Export", "Format", "NothingToExport"]

_MODULES: Final = (
    lmarena,
    routellm,
    llmrouter,
    fusionbench,
    graphrouter,
    routerbench,
    p2l,
    iranker,
    router_r1,
    model_sat,
    gqr,
    trl,
)
FORMATS: Final[dict[str, Format]] = {made.name: made for module in _MODULES for made in module.FORMATS}

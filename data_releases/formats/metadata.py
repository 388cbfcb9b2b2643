"""What readers want to know of models and tasks in words. Pure."""

from collections.abc import Collection
from typing import Any

from data_releases.formats.base import Data


def described(data: Data, models: Collection[str]) -> dict[str, dict[str, Any]]:
    """Model → `feature` (a sentence), `input_price` and `output_price` (US dollars per million tokens), `model`."""
    found = {}
    for row in data.tables["systems"].to_pylist():
        name = data.models[row["system_id"]]
        if name in models:
            found[name] = {
                "feature": f"{name} by {row['organisation'] or 'an unnamed maker'}, {row['access']} weights.",
                "input_price": row["price_in_usd_per_mtok"],
                "output_price": row["price_out_usd_per_mtok"],
                "model": name,
            }
    return dict(sorted(found.items()))


def task_description(cluster: str) -> str:
    """A cluster (`en/coding`) in words."""
    language, _slash, kind = cluster.partition("/")
    return f"Prompts of visitors of an arena; language: {language}, kind: {kind}."

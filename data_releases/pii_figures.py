"""How well the filter for personal data does on its synthetic suite; a test measures it anew and compares. Pure.

The suite (tests/data_releases/pii_suite.py) is made by this project: real texts hide things better. It shows that the
patterns work, not that a text without findings is harmless.
"""

from typing import Any, Final

FIGURES: Final[dict[str, Any]] = {
    "languages": ["en", "fr", "de", "es", "it", "pt", "nl", "pl"],
    "texts": 2400,
    "structured_recall": 1.0,
    "precision": 1.0,
    "introduced_name_recall": 1.0,
}

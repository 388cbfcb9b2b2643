"""A stored consent names its wording, so the wording cannot change without its version."""

import hashlib

from django.utils import translation

from arena.accounts.services import CONSENT_TEXT_VERSION
from arena.web.forms import ConsentForm

# version → SHA-256 over the English labels and help texts; translations hang on these.
# Add a version; never edit one that visitors have seen.
WORDINGS = {
    "2026-11-22": "5e9bca061d83296e597be350d6bbce4af4c7512dc2af32bf392918f3fed18f95",
}


def test_the_wording_of_the_consent_is_the_one_that_its_version_names() -> None:
    with translation.override("en"):
        boxes = [f"{name}: {field.label} {field.help_text}" for name, field in sorted(ConsentForm.base_fields.items())]
    found = hashlib.sha256("\n".join(boxes).encode()).hexdigest()
    assert WORDINGS[CONSENT_TEXT_VERSION] == found, (
        f"What visitors agree to was changed: raise CONSENT_TEXT_VERSION and add the new wording ({found}) here."
    )

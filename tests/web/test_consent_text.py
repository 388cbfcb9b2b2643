"""Every stored consent points at the wording that was shown: new words need a new version."""

import hashlib

from arena.accounts.services import CONSENT_TEXT_VERSION
from arena.web.forms import ConsentForm
from tests.web.catalogue import catalogue

#: Version of the consent text → digest of its English and French wording.
KNOWN = {"2026-11-22": "1961112537a0692f"}


def wording() -> str:
    form = ConsentForm()
    english = [str(part) for field in form.fields.values() for part in (field.label, field.help_text)]
    french = catalogue("fr")
    return "\n".join(english + [str(french[text].string) for text in english])


def test_the_wording_belongs_to_its_version() -> None:
    digest = hashlib.sha256(wording().encode()).hexdigest()[:16]
    assert KNOWN.get(CONSENT_TEXT_VERSION) == digest, "the text changed: give CONSENT_TEXT_VERSION a new value"

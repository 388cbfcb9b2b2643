"""What a cached page depends on besides its data: templates, translations and the built front end."""

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

_HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def _deployed() -> str:
    """A digest of everything that a page is made of; a new deployment starts new processes."""
    files = sorted(_HERE.glob("templates/**/*.html")) + sorted(_HERE.glob("locale/*/LC_MESSAGES/*.mo"))
    files += sorted(_HERE.glob("*.py"))
    manifest = settings.DJANGO_VITE["default"]["manifest_path"]
    digest = hashlib.sha256()
    for file in [*files, *([manifest] if manifest.exists() else [])]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def etag_of(request: HttpRequest, *data: object) -> str:
    """A strong-enough tag for a page made from `data`: it changes with the deployment, the language and the visitor.

    The visitor's CSRF cookie is part of it, because the page's forms carry a token made from that cookie.
    """
    cookie = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    parts = "\x00".join(map(str, (_deployed(), get_language(), cookie, request.get_full_path(), *data)))
    return f'W/"{hashlib.sha256(parts.encode()).hexdigest()[:32]}"'

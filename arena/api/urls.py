"""The addresses of the API, of its page and of the operators' probes."""

import re

from django.urls import URLPattern, URLResolver, path, re_path

from arena.api import health, metrics, page
from arena.api.application import api, openapi_json, polite
from arena.api.problems import nothing_here

app_name = "api"


def _endpoints() -> list[URLPattern]:
    """ninja's endpoints, each behind `polite`; its own root page stays out."""
    found = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern) and pattern.name != "api-root"]
    return [
        path(f"api/v1/{pattern.pattern}", polite(pattern.callback, _described(pattern)), name=pattern.name)
        for pattern in found
    ]


def _described(pattern: URLPattern) -> str:
    """The address as the OpenAPI document writes it."""
    return "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.show, name="metrics"),
    path("api/", page.show, name="page"),
    path("api/v1/openapi.json", polite(openapi_json), name="openapi"),
    *_endpoints(),
    # A problem document, not the site's page, for whatever else is asked below the API.
    re_path(r"^api/v1(?:/|$)", nothing_here),
]

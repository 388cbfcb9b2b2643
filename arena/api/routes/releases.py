"""Published data releases. Their files lie under `/releases/{arena}/{release}/`, outside of the API."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import Router

from arena.api.openapi import problems
from arena.api.rendering import rendered
from arena.api.routes.boards import LISTS
from arena.api.schemas import ReleaseOut, ReleasesOut
from data_releases.downloads import files_of
from data_releases.models import Release
from data_releases.selectors import being_revised, public_releases

router = Router(tags=["public"])

_OF_THE_ROW: Final = ("window_start", "window_end", "published_at", "downloads", "manifest_sha256")
_OF_THE_MANIFEST: Final = ("arena", "release", "simulated", "licence", "leaderboard_sha256")


@router.get("/releases", operation_id="list_releases", response={200: ReleasesOut, 304: None, **problems()})
def releases(request: HttpRequest) -> HttpResponse:
    """The published data releases. Ask again with `If-None-Match`: 304 means that the list is still the same."""
    found = public_releases()
    revised = being_revised(found)
    listed = ReleasesOut(releases=[_described(request, release, release.pk in revised) for release in found])
    return rendered(listed, cache=LISTS)


def _described(request: HttpRequest, release: Release, revised: bool) -> ReleaseOut:
    manifest: dict[str, Any] = release.manifest or {}
    counts = manifest["counts"]
    return ReleaseOut(
        **{name: getattr(release, name) for name in _OF_THE_ROW},
        **{name: manifest[name] for name in _OF_THE_MANIFEST},
        votes=counts["cast"],
        counted=counts["counted"],
        conversations=counts["rows"]["conversations"],
        clips=manifest.get("audio", {}).get("clips", 0),
        being_revised=revised,
        url=request.build_absolute_uri(f"/releases/{release.arena.slug}/{release.name}"),
        files=[entry["path"] for entry in files_of(release)],
    )

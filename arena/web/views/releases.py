"""Data releases: a list with a feed, one page each, and the files with ranges."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.arenas.models import Arena
from arena.arenas.selectors import ArenaNotFound, open_arena, open_arenas
from arena.common.storage import Missing, StorageError
from arena.web.figures import bars_figure
from arena.web.public import public_page
from arena.web.sending import sent_bytes
from arena.web.templatetags.arena_text import language_name, outcome_name
from data_releases import downloads
from data_releases.anonymise import OTHER
from data_releases.models import Release
from data_releases.selectors import being_revised, newer_revision, next_release_on, public_release, public_releases

#: The first places of a release's leaderboard that its page shows.
SHOWN_RANKS: Final = 10
#: The most frequent, in a figure; the table beside it has all.
SHOWN_BARS: Final = 25
#: A file never changes, but what a revision took away must not be had from a cache: whoever keeps it asks each time.
FILES: Final = "public, no-cache"


@require_safe
@public_page
def index(request: HttpRequest) -> HttpResponse:
    """Every public release, by arena, and when the next one is due."""
    by_arena: dict[int, list[Release]] = {}
    for release in public_releases():
        by_arena.setdefault(release.arena_id, []).append(release)
    arenas = [(arena, by_arena.get(arena.pk, []), next_release_on(arena)) for arena in open_arenas()]
    revised = being_revised(release for own in by_arena.values() for release in own)
    return render(request, "web/releases.html", {"arenas": arenas, "being_revised": revised, "section": "about"})


@require_safe
@public_page
def page(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """One release: what it holds, how it was made, its files and how to check them."""
    if newer := newer_revision(slug, name):
        return redirect("web:release", slug, newer)
    arena, release = _public(slug, name)
    manifest: dict[str, Any] = release.manifest or {}
    board = release.leaderboard or {}
    files = [{**entry, "url": _file_url(arena, release, entry["path"])} for entry in downloads.files_of(release)]
    context = {
        "arena": arena,
        "release": release,
        "manifest": manifest,
        "counts": manifest["counts"],
        "files": files,
        "tables": [entry for entry in files if "rows" in entry],
        "ratings": [row for row in board["ratings"] if row["rating"] is not None][:SHOWN_RANKS],
        "audio": manifest.get("audio", {}),
        "being_revised": being_revised([release]),
        "overviews": _overviews(manifest.get("overview", {})),
        "withheld": sorted(manifest["withheld_texts"].items()),
        "base_url": request.build_absolute_uri(reverse("web:release", args=(arena.slug, release.name))),
        "section": "about",
    }
    return render(request, "web/release.html", context)


@dataclass(frozen=True, slots=True)
class Overview:
    """A figure and the table beside it, most frequent first. `head`: what rows are, `unit`: what is counted."""

    id: str
    title: str
    head: str
    unit: str
    rows: list[tuple[str, int]]
    figure: dict[str, Any]

    @property
    def data_id(self) -> str:
        """Where the page keeps the figure."""
        return f"{self.id}-data"


def _overviews(counts: dict[str, dict[str, int]]) -> list[Overview]:
    """What is drawn of a release; releases from before it was told have nothing to draw."""
    told: list[tuple[str, str, str, str, Callable[[str], str]]] = [
        ("outcomes", _("Votes by outcome"), _("Outcome"), _("Votes"), outcome_name),
        ("languages", _("Battles by language"), _("Language"), _("Battles"), _language),
        ("systems", _("Votes by system"), _("System"), _("Votes"), str),
    ]
    found = []
    for key, title, head, unit, name_of in told:
        ordered = sorted(counts.get(key, {}).items(), key=lambda row: (-row[1], row[0]))
        rows = [(name_of(code), number) for code, number in ordered]
        if rows:
            found.append(Overview(f"overview-{key}", title, head, unit, rows, bars_figure(rows[:SHOWN_BARS], unit)))
    return found


def _language(code: str) -> str:
    return _("Languages of few voters") if code == OTHER else language_name(code)


def _public(slug: str, name: str) -> tuple[Arena, Release]:
    try:
        arena = open_arena(slug)
    except ArenaNotFound:
        raise Http404 from None
    release = public_release(arena, name)
    if release is None:
        raise Http404
    return arena, release


def _file_url(arena: Arena, release: Release, path: str) -> str:
    return reverse("web:release-file", args=(arena.slug, release.name, path))


@require_safe
def file(request: HttpRequest, slug: str, name: str, path: str) -> HttpResponseBase:
    """One file of a public release, whole or in part (one range)."""
    _arena, release = _public(slug, name)
    if downloads.holds_rows(path) and being_revised([release]):
        return _later(
            _("This release is being revised, as somebody withdrew what is in it. Please try again later."), 60
        )
    try:
        return _sent(request, release, path)
    except Missing:
        raise Http404 from None
    except StorageError:
        return _later(_("The files cannot be reached at the moment."), 30)


def _later(words: str, seconds: int) -> HttpResponse:
    response = HttpResponse(words, status=503)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def _sent(request: HttpRequest, release: Release, path: str) -> HttpResponseBase:
    """The file, a part of it, or that it has not changed; raises Missing where there is none."""
    found = downloads.file_of(release, path)
    etag = f'"{found.etag}"'
    if (unchanged := get_conditional_response(request, etag=etag)) and unchanged.status_code == 304:
        return unchanged
    response = _part(request, release, found, etag)
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = FILES
    response["Content-Disposition"] = f'attachment; filename="{PurePosixPath(found.path).name}"'
    return response


def _part(request: HttpRequest, release: Release, found: downloads.ReleaseFile, etag: str) -> HttpResponseBase:
    # A part of other bytes than the reader has is no use: then the whole file is sent.
    asked = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    sent = sent_bytes(request, asked, found.size, found.content_type, partial(downloads.blocks, release, found))
    if (
        request.method == "GET"
        and sent.status_code != 416
        and sent.get("Content-Range", "bytes 0").startswith("bytes 0")
    ):
        downloads.count(release, found)
    return sent


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The public releases as an Atom feed."""
    link = request.build_absolute_uri(reverse("web:releases"))
    atom = Atom1Feed(
        title=_("Data releases of this arena"),
        link=link,
        description="",
        feed_url=request.build_absolute_uri(),
        language=getattr(request, "LANGUAGE_CODE", "en"),
    )
    for release in public_releases():
        url = request.build_absolute_uri(reverse("web:release", args=(release.arena.slug, release.name)))
        counts = (release.manifest or {})["counts"]
        atom.add_item(
            title=f"{release.arena.name} {release.name}",
            link=url,
            description=_("%(cast)d votes, %(counted)d counted.") % counts,
            unique_id=f"urn:sha256:{release.manifest_sha256}",
            pubdate=release.published_at,
            updateddate=release.published_at,
        )
    response = HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    response["Cache-Control"] = "public, max-age=300"
    return response


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The public key that signs this site's releases, for `arena-verify --key`."""
    response = HttpResponse(downloads.public_key() + "\n", content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "public, max-age=300"
    return response

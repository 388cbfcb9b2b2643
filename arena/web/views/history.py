"""This browser's battles."""

import json
from datetime import datetime
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from arena.integrity.identity import browser_actor
from arena.votes.history import History, history_of
from arena.votes.own_data import own_data
from arena.web.messages import described

PAGE_SIZE: Final = 20


@require_safe
@cache_control(no_store=True)
def page(request: HttpRequest) -> HttpResponse:
    """The battles of this browser, newest first; systems are named for voted ones only."""
    voter = browser_actor(request).voter
    before = _moment(request.GET.get("before", ""))
    history = history_of(voter, limit=PAGE_SIZE, before=before) if voter else History((), None)
    context = {
        "entries": [(entry, described(entry.state, entry.reason)) for entry in history.entries],
        "next_before": history.next_before.isoformat() if history.next_before else "",
        "before": before,
        "section": "battles",
    }
    return render(request, "web/history.html", context)


@require_safe
@cache_control(no_store=True)
def download(request: HttpRequest) -> HttpResponse:
    """Everything that is stored about this browser's voter, as a JSON file in a ZIP archive."""
    voter = browser_actor(request).voter
    if voter is None:
        raise Http404
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("my-battles.json", json.dumps(own_data(voter), ensure_ascii=False, indent=1))
    response = HttpResponse(packed.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="my-battles.zip"'
    return response


def _moment(text: str) -> datetime | None:
    """The moment in the address, or None where somebody wrote something else there."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None

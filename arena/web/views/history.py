"""This browser's battles."""

from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from arena.integrity.identity import browser_actor
from arena.votes.history import History, history_of
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


def _moment(text: str) -> datetime | None:
    """The moment in the address, or None where somebody wrote something else there."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None

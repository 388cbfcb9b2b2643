"""Expected refusals become pages: one place decides the status and the words.

NotFound of any kind   → 404   a foreign battle and an unknown one look the same
LimitReached           → 429   with Retry-After
GuardUnavailable       → 503   with Retry-After; the prompt is not lost, it is still in the form
"""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Concatenate, Final, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from arena.arenas.selectors import ArenaNotFound
from arena.battles.errors import BattleNotFound
from arena.integrity.errors import LimitReached
from arena.router.services import GuardUnavailable

GUARD_RETRY_S: Final = 30

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def _try_later(request: HttpRequest, status: int, wait_s: float) -> HttpResponse:
    seconds = max(1, ceil(wait_s))
    context = {"wait_s": seconds, "wait_minutes": ceil(seconds / 60), "draft": request.POST.get("prompt", "")}
    response = render(request, f"{status}.html", context, status=status)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def answers_refusals(view: View[P]) -> View[P]:
    """Let `view` raise what services raise; answer with the page that explains it."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (ArenaNotFound, BattleNotFound):
            # Without the cause: the page must not tell a foreign battle from an unknown one.
            raise Http404 from None
        except LimitReached as error:
            return _try_later(request, 429, error.retry_after_s)
        except GuardUnavailable:
            return _try_later(request, 503, GUARD_RETRY_S)

    return answered

"""Take battles back: one, all of this browser, or the one of a receipt. Each asks first and says what will happen."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from arena.battles.errors import BattleNotFound, NotReady
from arena.battles.selectors import battle_of
from arena.integrity.identity import browser_actor
from arena.votes.receipts import ReceiptInvalid, battle_of_receipt
from arena.votes.services import vote_of
from arena.votes.withdrawals import withdraw, withdraw_battle, withdraw_everything, withdrawn_of
from arena.web.refusals import answers_refusals

_methods = require_http_methods(["GET", "HEAD", "POST"])
_private = cache_control(no_store=True)


@_methods
@_private
@answers_refusals
def battle(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """One battle of this browser."""
    voter = browser_actor(request).voter
    if voter is None:
        raise BattleNotFound(str(battle_id))
    own = battle_of(battle_id, voter)
    context = {"battle_id": battle_id, "has_vote": vote_of(battle_id) is not None, "state": own.state}
    if request.method != "POST":
        return _page(request, {**context, "withdrawn": withdrawn_of(battle_id)})
    try:
        done = withdraw(battle_id, voter, vote=_with_votes(request))
    except NotReady:
        return _page(request, {**context, "error": _still_written()}, 409)
    return _page(request, {**context, "withdrawn": done, "done": True})


@_methods
@_private
def everything(request: HttpRequest) -> HttpResponse:
    """Every battle of this browser."""
    voter = browser_actor(request).voter
    context: dict[str, Any] = {"everything": True, "has_vote": True, "no_voter": voter is None}
    if request.method != "POST" or voter is None:
        return _page(request, context)
    number, left = withdraw_everything(voter, votes=_with_votes(request))
    return _page(request, {**context, "done": True, "number": number, "left": left})


@_methods
@_private
def receipt(request: HttpRequest) -> HttpResponse:
    """The battle of a receipt, in any browser: first the question, then the deed."""
    code = request.POST.get("receipt", "")
    context: dict[str, Any] = {"by_receipt": True, "receipt": code}
    if request.method != "POST":
        return _page(request, context)
    try:
        battle_id = battle_of_receipt(code)
        context |= {"known": True, "has_vote": vote_of(battle_id) is not None}
        if not request.POST.get("confirmed"):
            return _page(request, {**context, "withdrawn": withdrawn_of(battle_id)})
        done = withdraw_battle(battle_id, vote=_with_votes(request))
    except (ReceiptInvalid, BattleNotFound):
        return _page(request, {**context, "known": False, "error": _("This is no receipt of this site.")}, 422)
    except NotReady:
        return _page(request, {**context, "error": _still_written()}, 409)
    return _page(request, {**context, "withdrawn": done, "done": True})


def _with_votes(request: HttpRequest) -> bool:
    return request.POST.get("vote") == "true"


def _still_written() -> str:
    return _("The answers are still being written. Stop them first, then withdraw the battle.")


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "web/withdraw.html", {**context, "section": "battles"}, status=status)

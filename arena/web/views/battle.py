"""The battle page and its forms. Scripts use the API instead, but for stopping and reporting."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Concatenate, Final, ParamSpec
from uuid import UUID

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from arena.accounts.services import Actor
from arena.battles.errors import AlreadyReported, BattleNotFound, IdempotencyMismatch, PromptRefused, TooManyTurns
from arena.battles.errors import WrongState as BattleInWrongState
from arena.battles.models import Battle
from arena.battles.selectors import battle_of
from arena.battles.services import add_turn, most_turns, report_answer
from arena.battles.services import stop as stop_writing
from arena.battles.states import SIDES, Side
from arena.integrity.errors import ConsentRequired
from arena.integrity.identity import browser_actor
from arena.integrity.services import admit, hold_open_battles
from arena.router.services import PromptInvalid
from arena.votes.outcome import Outcome
from arena.votes.selectors import view_of
from arena.votes.services import NotHeard, NotReady, VoteConflict, VoteInvalid, cast_vote, heard_of, is_heard
from arena.web.battle_page import BattlePage
from arena.web.forms import posted_draft
from arena.web.messages import REPORT_REASONS, refusal_text
from arena.web.refusals import answers_refusals

REPORT_MAX_CHARS: Final = 2000
#: On the page that shows what models write, DOMPurify alone may turn text into elements.
TRUSTED_TYPES: Final = {"require-trusted-types-for": ["'script'"], "trusted-types": ["dompurify"]}

P = ParamSpec("P")
_any_render: Any = render
_render: Any = csp_update(TRUSTED_TYPES)(_any_render)


def _asks_consent(view: Callable[Concatenate[HttpRequest, UUID, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Consent can be withdrawn between a battle and its vote: ask again, then come back."""

    @wraps(view)
    def asked(request: HttpRequest, battle_id: UUID, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, battle_id, *args, **kwargs)
        except ConsentRequired:
            return redirect(f"{reverse('web:consent')}?{urlencode({'next': reverse('web:battle', args=[battle_id])})}")

    return asked


@require_safe
@cache_control(no_store=True)
@answers_refusals
def page(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """The battle as its voter may see it now."""
    return _shown(request, _owned(battle_id, browser_actor(request)))


@require_POST
@cache_control(no_store=True)
@answers_refusals
@_asks_consent
def turn(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Ask the same two systems further."""
    actor = browser_actor(request)
    battle = _owned(battle_id, actor)
    admit("turn", actor)
    draft = posted_draft(request, battle.arena.slug)
    try:
        gate = partial(hold_open_battles, actor)
        add_turn(battle_id, battle.voter, draft.prompt, idempotency_key=draft.key or None, gate=gate)
    except PromptInvalid as error:
        return _shown(request, battle, 422, follow_up_draft=draft.prompt, follow_up_error=refusal_text(error.code))
    except PromptRefused as error:
        return _shown(request, battle, 422, follow_up_draft=draft.prompt, follow_up_error=refusal_text(error.code))
    except TooManyTurns:
        return _shown(request, battle, 409, notice=_("This conversation is as long as it may be. Please vote."))
    except (BattleInWrongState, IdempotencyMismatch):
        return _shown(request, battle, 409, notice=_("Nothing was sent: the battle had moved on in the meantime."))
    return redirect("web:battle", battle_id)


@require_POST
@cache_control(no_store=True)
@answers_refusals
@_asks_consent
def vote(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Cast the vote with its reasons; the page then reveals the systems."""
    actor = browser_actor(request)
    battle = _owned(battle_id, actor)
    admit("vote", actor)
    try:
        outcome = Outcome(request.POST.get("outcome", ""))
        reasons = {side: request.POST.getlist(f"reasons_{side}") for side in SIDES}
        feedback = {side: request.POST.get(f"feedback_{side}", "").replace("\r\n", "\n") for side in SIDES}
        cast_vote(battle_id, battle.voter, outcome, reasons, feedback)
    except (ValueError, VoteInvalid):
        return _shown(request, battle, 422, notice=_("This vote cannot be read. Please use the buttons."))
    except NotReady:
        return _shown(request, battle, 409, notice=_("The answers are not complete yet."))
    except NotHeard:
        return _shown(request, battle, 409, notice=_("Please listen to both clips first."))
    except VoteConflict:
        return _shown(request, battle, 409, notice=_("This battle has a vote already; it stays as it was."))
    return redirect(f"{reverse('web:battle', args=[battle_id])}#reveal")


@require_POST
@cache_control(no_store=True)
@answers_refusals
def stop(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """End the writing at what is shown."""
    actor = browser_actor(request)
    stop_writing(battle_id, _owned(battle_id, actor).voter)
    return _done(request, battle_id)


@require_POST
@cache_control(no_store=True)
@answers_refusals
def report(request: HttpRequest, battle_id: UUID) -> HttpResponse:
    """Keep a report of an answer for the operators."""
    actor = browser_actor(request)
    battle = _owned(battle_id, actor)
    side, reason, turn_n = (request.POST.get(name, "") for name in ("side", "reason", "turn"))
    if side not in SIDES or reason not in REPORT_REASONS or not turn_n.isdecimal() or len(turn_n) > len("99"):
        return _shown(request, battle, 422, notice=_("This report cannot be read. Please try again."))
    admit("report", actor)
    text = request.POST.get("text", "").replace("\0", "")[:REPORT_MAX_CHARS]
    chosen: Side = "left" if side == "left" else "right"
    try:
        report_answer(battle_id, battle.voter, int(turn_n), chosen, reason, text)
    except AlreadyReported:
        return _shown(request, battle, 409, notice=_("You have reported this answer already."))
    return _done(request, battle_id, notice=_("Thank you. An operator will look at it."))


def _owned(battle_id: UUID, actor: Actor) -> Battle:
    if actor.voter is None:
        raise BattleNotFound(str(battle_id))
    return battle_of(battle_id, actor.voter)


def _done(request: HttpRequest, battle_id: UUID, notice: str = "") -> HttpResponse:
    """204 to a script, the battle's page to a form."""
    if "application/json" in request.headers.get("Accept", ""):
        return HttpResponse(status=204)
    if notice:
        return _shown(request, _owned(battle_id, browser_actor(request)), notice=notice)
    return redirect("web:battle", battle_id)


def _shown(
    request: HttpRequest,
    battle: Battle,
    status: int = 200,
    *,
    notice: str = "",
    follow_up_draft: str = "",
    follow_up_error: str = "",
) -> HttpResponse:
    battle.refresh_from_db(fields=["state", "reason"])
    shown = BattlePage(
        battle=view_of(battle).as_dict(),
        arena_name=battle.arena.name,
        max_turns=most_turns(battle.arena),
        modality=battle.arena.modality,
        heard=heard_of(battle) if is_heard(battle.arena.modality) else None,
        notice=notice,
        follow_up_draft=follow_up_draft,
        follow_up_error=follow_up_error,
    )
    context = {"page": shown, "section": "battle", "nav_arena": battle.arena.slug}
    response: HttpResponse = _render(request, "web/battle.html", context, status=status)
    return response

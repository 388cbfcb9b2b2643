"""The page of one arena, and the start of a battle."""

from functools import partial
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from arena.accounts.services import Actor, consent_of
from arena.arenas.models import Arena
from arena.arenas.selectors import open_arena, open_arenas
from arena.battles.errors import BattleNotFound, IdempotencyMismatch
from arena.battles.models import Battle
from arena.battles.selectors import first_prompt
from arena.battles.services import earlier_battle, start_battle
from arena.battles.states import BattleState
from arena.integrity.errors import ConsentRequired
from arena.integrity.identity import browser_actor
from arena.integrity.services import admit, hold_open_battles
from arena.router.lengths import MOST_S
from arena.router.messages import language_choices
from arena.router.services import PromptInvalid
from arena.systems.services import suggested_prompts
from arena.web.board_summary import summary_of
from arena.web.forms import ConsentForm, Draft, new_key, posted_draft
from arena.web.messages import refusal_text
from arena.web.public import public_page
from arena.web.refusals import answers_refusals

SUGGESTIONS: Final = 4
_ANSWERED: Final = frozenset(
    state.value for state in (BattleState.READY, BattleState.VOTED, BattleState.FAILED, BattleState.EXPIRED)
)


@require_safe
@public_page
def index(request: HttpRequest) -> HttpResponse:
    """All open arenas; where there is one, straight to it."""
    arenas = open_arenas()
    if len(arenas) == 1:
        return redirect("web:arena", arenas[0].slug)
    return render(request, "web/arenas.html", {"arenas": arenas, "section": "battle"})


@require_safe
@cache_control(no_store=True)
@answers_refusals
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The arena with its start form; `?prompt=` (a suggestion) or `?again=` (one's own battle) fills the box."""
    arena = open_arena(slug)
    return start_page(request, arena, Draft(slug, _wished_prompt(request), ""))


def _wished_prompt(request: HttpRequest) -> str:
    """A prompt of a visitor's own is named by its battle: it may be too long for an address, and is not for logs."""
    try:
        battle_id = UUID(request.GET.get("again", ""))
        return first_prompt(battle_id, browser_actor(request).voter)
    except (ValueError, BattleNotFound):
        return request.GET.get("prompt", "")


@require_POST
@cache_control(no_store=True)
@answers_refusals
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Start a battle and go to it; ask for consent first where it is missing."""
    return begin(request, browser_actor(request), open_arena(slug), posted_draft(request, slug))


def begin(request: HttpRequest, actor: Actor, arena: Arena, draft: Draft) -> HttpResponse:
    """Start the battle of `draft` for `actor`: a redirect to it, or a page that says what is missing."""
    try:
        admit("battle", actor)
        battle = _started(actor, arena, draft)
    except ConsentRequired:
        return consent_page(request, ConsentForm(), draft)
    except PromptInvalid as error:
        return start_page(request, arena, draft, error=refusal_text(error.code), status=422)
    return redirect("web:battle", battle.id)


def _started(actor: Actor, arena: Arena, draft: Draft) -> Battle:
    """The battle of `draft`; a doubled submit finds the one that runs already."""
    consent = consent_of(actor)
    if actor.voter is None or consent is None:
        raise ConsentRequired("battle")
    gate = partial(hold_open_battles, actor)
    wish = partial(
        start_battle,
        arena,
        actor.voter,
        draft.prompt,
        requirement=draft.requirement,
        publication=consent.publication,
        gate=gate,
    )
    try:
        earlier = earlier_battle(arena, actor.voter, draft.prompt, draft.requirement, draft.key) if draft.key else None
    except IdempotencyMismatch:
        # The browser went back to an old page and sent its form with another prompt: that is a new battle.
        return wish()
    if earlier is None:
        return wish(idempotency_key=draft.key or None)
    # The same old page with the same prompt, after the battle: the visitor wants the prompt answered again.
    return wish() if earlier.state in _ANSWERED else earlier


def start_page(
    request: HttpRequest, arena: Arena, draft: Draft, *, error: str = "", status: int = 200
) -> HttpResponse:
    """The arena's page with `draft` in the prompt box, and what is wrong with it."""
    context = {
        "arena": arena,
        "prompt": draft.prompt,
        "wishes": draft.wishes,
        "lyrics_languages": language_choices(),
        "most_s": int(MOST_S),
        "key": new_key(),
        "error": error,
        "suggestions": suggested_prompts(arena, SUGGESTIONS),
        "boards": summary_of(arena),
        "section": "battle",
        "nav_arena": arena.slug,
    }
    return render(request, "web/arena.html", context, status=status)


def consent_page(
    request: HttpRequest, form: ConsentForm, draft: Draft | None, *, after: str = "", status: int = 200
) -> HttpResponse:
    """The consent question. It carries the draft, so that the battle starts right after the answer."""
    context = {"form": form, "draft": draft, "next": after, "language": get_language()}
    return render(request, "web/consent.html", context, status=status)

"""The consent question, its change, and being forgotten."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST

from arena.accounts.services import Actor, current_consent
from arena.arenas.models import Arena
from arena.arenas.selectors import open_arena
from arena.integrity.identity import browser_actor, consent_in_browser, keep_voter
from arena.web.forms import ConsentForm, Draft, posted_draft, safe_next
from arena.web.refusals import answers_refusals
from arena.web.views.arena import begin, consent_page


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(no_store=True)
@answers_refusals
def page(request: HttpRequest) -> HttpResponse:
    """Ask, or record the answer and go on: to the battle that was waiting for it, or to `next`."""
    draft = _draft(request)
    arena = open_arena(draft.arena) if draft else None
    after = safe_next(request, reverse("web:home"))
    if request.method != "POST":
        return consent_page(request, _form_of(request), draft, after=after)
    form = ConsentForm(request.POST)
    if not form.is_valid():
        return consent_page(request, form, draft, after=after, status=422)
    given = consent_in_browser(request, **form.cleaned_data, language=get_language() or settings.LANGUAGE_CODE)
    response = _go_on(request, given.actor, arena, draft) if arena and draft else redirect(after)
    keep_voter(response, given.cookie)
    return response


def _draft(request: HttpRequest) -> Draft | None:
    arena = request.POST.get("arena", "")
    return posted_draft(request, arena) if arena else None


def _form_of(request: HttpRequest) -> ConsentForm:
    """The form, showing an earlier answer if there is one; never ticked for a newcomer."""
    voter = browser_actor(request).voter
    given = current_consent(voter) if voter else None
    if given is None:
        return ConsentForm()
    return ConsentForm(initial={"research": given.research, "age_16": given.age_16, "publication": given.publication})


@answers_refusals
def _go_on(request: HttpRequest, actor: Actor, arena: Arena, draft: Draft) -> HttpResponse:
    """Start the waiting battle. Its refusal must be a response here, or the new voter's cookie would be lost."""
    return begin(request, actor, arena, draft)


@require_POST
@cache_control(no_store=True)
def forget(request: HttpRequest) -> HttpResponse:
    """Delete the voter's cookie: nothing links this browser to its battles any more."""
    response = redirect("web:privacy")
    response.set_cookie(
        settings.VOTER_COOKIE,
        "",
        max_age=0,
        path="/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response

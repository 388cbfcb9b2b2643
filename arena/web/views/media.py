"""Clips, played to their voter: the same headers for both sides, and nothing that a cache may keep."""

from functools import partial
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from arena.accounts.models import Voter
from arena.battles.errors import BattleNotFound
from arena.battles.selectors import battle_of
from arena.battles.states import SIDES
from arena.common.storage import Missing, StorageError
from arena.integrity.identity import browser_actor
from arena.integrity.programs import ProgramRefused, program_actor, says_bearer
from arena.media.selectors import ClipNotFound, audio_of, blocks, download_of
from arena.web.sending import sent_bytes

#: No tag of the bytes either: it would tell a clip that was met in another battle.
_HEADERS: Final = {"Cache-Control": "private, no-store", "Accept-Ranges": "bytes", "Content-Disposition": "inline"}


@require_safe
def clip(request: HttpRequest, token: str) -> HttpResponseBase:
    """One clip, whole or in part (one range)."""
    response: HttpResponseBase
    try:
        audio = audio_of(token, _voter(request))
        asked = request.headers.get("Range", "")
        response = sent_bytes(request, asked, audio.bytes, audio.media_type, partial(blocks, audio))
    except (ClipNotFound, Missing):
        raise Http404 from None
    except StorageError:
        response = _try_later()
    for name, value in _HEADERS.items():
        response[name] = value
    return response


@require_safe
def download(request: HttpRequest, battle_id: UUID, side: str) -> HttpResponseBase:
    """A clip to keep: after the vote, where its system's licence allows it."""
    if side not in SIDES:
        raise Http404
    try:
        battle = battle_of(battle_id, _voter(request))
        audio = download_of(battle, "left" if side == "left" else "right")
        response = sent_bytes(request, "", audio.bytes, audio.media_type, partial(blocks, audio))
    except (BattleNotFound, ClipNotFound, Missing):
        raise Http404 from None
    except StorageError:
        return _try_later()
    response["Cache-Control"] = _HEADERS["Cache-Control"]
    response["Content-Disposition"] = f'attachment; filename="{battle.arena.slug}-{side}.mp3"'
    return response


def _try_later() -> HttpResponse:
    response = HttpResponse(status=503)
    response["Retry-After"] = "5"
    return response


def _voter(request: HttpRequest) -> Voter | None:
    """The voter of the cookie, or the one whom a program names."""
    authorization = request.headers.get("Authorization", "")
    if not says_bearer(authorization):
        return browser_actor(request).voter
    try:
        return program_actor(authorization, request.headers.get("X-Voter"), network="", voter_needed=True).voter
    except ProgramRefused:
        return None

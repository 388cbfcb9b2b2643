"""From inner types to response bodies."""

from django.http import HttpResponse
from pydantic import BaseModel

from arena.api.schemas import BattleOut
from arena.battles.models import Battle
from arena.votes.models import Vote
from arena.votes.selectors import view_of


def rendered(body: BaseModel, status: int = 200, *, cache: str = "no-store") -> HttpResponse:
    """`body` as JSON. Whatever belongs to one voter must not be stored on the way (`cache`)."""
    response = HttpResponse(body.model_dump_json(), status=status, content_type="application/json")
    response["Cache-Control"] = cache
    return response


def rendered_battle(battle: Battle, status: int = 200, vote: Vote | None = None) -> HttpResponse:
    """What this battle's voter may see of it now: the view's type decides, the schema is the second lock."""
    return rendered(BattleOut.model_validate(view_of(battle, vote).as_dict()), status)

"""Battles: start, read, follow up, stop, report, vote."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router
from pydantic import AwareDatetime, BeforeValidator

from arena.accounts.models import Voter
from arena.accounts.services import Actor, consent_of
from arena.api.auth import IDENTITY, actor_of, owner_of
from arena.api.bodies import BattleIn, ReportIn, RequirementIn, TurnIn, VoteIn, WithdrawIn, WithdrawManyIn
from arena.api.openapi import problems
from arena.api.problems import ProblemRaised
from arena.api.rendering import rendered, rendered_battle
from arena.api.schemas import (
    BattleOut,
    BattlesOut,
    ReportOut,
    RequirementOut,
    SummaryOut,
    WithdrawalsOut,
    WithdrawnOut,
)
from arena.arenas.models import Arena
from arena.arenas.selectors import open_arena
from arena.battles import services
from arena.battles.models import Battle
from arena.battles.selectors import BlindBattle, battle_of, battles_of, blind_battles
from arena.battles.states import BattleState
from arena.integrity.services import ConsentRequired, LimitReached, admit, hold_open_battles
from arena.router import services as routing
from arena.votes.services import cast_vote
from arena.votes.withdrawals import withdraw, withdraw_everything, withdraw_receipts

router = Router(tags=["battles"], auth=IDENTITY)
PAGE_MAX = 100


def _moment(text: object) -> datetime:
    """An ISO 8601 time with its offset; a bare number is no time, though pydantic would take it for one."""
    try:
        found = datetime.fromisoformat(str(text))
        if found.tzinfo is None:
            raise ValueError("a time needs its offset from UTC")
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key with the same body gives the same battle again instead of a second one.",
    ),
]
Moment: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_moment)]
BattleId = Annotated[str, Path(description="The battle's id.")]


def _id(text: str) -> UUID:
    """The battle's id; what is none names no battle."""
    try:
        return UUID(text)
    except ValueError:
        raise ProblemRaised("battle-not-found") from None


def _admitted(request: HttpRequest, action: str, battle_id: UUID) -> Voter:
    """The voter, admitted to act on a battle.

    A battle of somebody else is not found, whatever else is wrong with the request: a missing consent must not
    make it look different from an unknown one.
    """
    actor = actor_of(request)
    voter = owner_of(actor)
    try:
        admit(action, actor)
    except ConsentRequired:
        battle_of(battle_id, voter)
        raise
    return voter


@router.post(
    "/arenas/{slug}/battles",
    operation_id="start_battle",
    response={201: BattleOut, **problems(400, 401, 403, 404, 413, 415, 422, 429)},
)
def start(request: HttpRequest, slug: str, body: BattleIn, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Start a battle: the prompt goes to two systems that stay anonymous until the vote.

    Answers at once, in state `queued`; follow the WebSocket or read the battle. A prompt that moderation refuses
    gives a battle in state `refused` with its `reason`.
    """
    actor = actor_of(request)
    arena = open_arena(slug)
    try:
        admit("battle", actor)
        battle = _started(arena, actor, body, idempotency_key)
    except LimitReached:
        # The retry of a request that was taken uses up nothing.
        earlier = _earlier(arena, actor.voter, body, idempotency_key)
        if earlier is None:
            raise
        battle = earlier
    return rendered_battle(battle, 201)


@router.post(
    "/arenas/{slug}/requirement",
    operation_id="read_requirement",
    response={200: RequirementOut, **problems(400, 401, 403, 404, 413, 415, 422, 429)},
)
def requirement(request: HttpRequest, slug: str, body: RequirementIn) -> HttpResponse:
    """What a prompt is understood to need, before a battle: nothing is stored and nothing is generated.

    `requirement` of the body outweighs what is read. A battle that is started without a `requirement` needs what this
    says.
    """
    admit("requirement", actor_of(request))
    arena = open_arena(slug)
    prompt = routing.checked_prompt(body.prompt)
    needs = routing.understood(arena, prompt, routing.checked_requirement(arena, body.requirement))
    told = {name: value for name, value in needs.items() if name not in ("asked", "lyrics_by")}
    return rendered(
        RequirementOut(
            requirement=told, summary=routing.summary_of(needs), systems=routing.able_now(arena, prompt, needs)
        )
    )


def _started(arena: Arena, actor: Actor, body: BattleIn, key: str | None) -> Battle:
    consent = consent_of(actor)
    return services.start_battle(
        arena,
        owner_of(actor),
        body.prompt,
        requirement=body.requirement,
        idempotency_key=key,
        publication=consent is not None and consent.publication,
        gate=partial(hold_open_battles, actor),
    )


def _earlier(arena: Arena, voter: Voter | None, body: BattleIn, key: str | None) -> Battle | None:
    if voter is None or key is None:
        return None
    return services.earlier_battle(arena, voter, body.prompt, body.requirement, key)


def _summary(view: BlindBattle) -> SummaryOut:
    return SummaryOut(
        id=view.id,
        arena=view.arena,
        state=BattleState(view.state),
        reason=view.reason or None,
        created_at=view.created_at,
        prompt=view.turns[0].prompt if view.turns else "",
        turns=len(view.turns),
    )


@router.get("/battles", operation_id="list_battles", response={200: BattlesOut, **problems(400, 401, 422)})
def mine(
    request: HttpRequest,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 20,
    before: Annotated[Moment | None, Query(description="`next` of the page before.")] = None,
) -> HttpResponse:
    """This voter's battles, the newest first, page by page."""
    voter = actor_of(request).voter
    battles = battles_of(voter, limit=limit + 1, before=before) if voter is not None else []
    page = battles[:limit]
    following: datetime | None = page[-1].created_at if len(battles) > limit else None
    return rendered(BattlesOut(battles=[_summary(view) for view in blind_battles(page)], next=following))


@router.get("/battles/{battle_id}", operation_id="read_battle", response={200: BattleOut, **problems(400, 401, 404)})
def read(request: HttpRequest, battle_id: BattleId) -> HttpResponse:
    """One battle of this voter, as it stands; blind until its vote."""
    return rendered_battle(battle_of(_id(battle_id), owner_of(actor_of(request))))


@router.post(
    "/battles/{battle_id}/turns",
    operation_id="add_turn",
    response={201: BattleOut, **problems(400, 401, 403, 404, 409, 413, 415, 422, 429)},
)
def turn(
    request: HttpRequest, battle_id: BattleId, body: TurnIn, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """Ask the same two systems again; each keeps its own history. The battle must be `ready`."""
    try:
        voter = _admitted(request, "turn", _id(battle_id))
        gate = partial(hold_open_battles, actor_of(request))
        battle = services.add_turn(_id(battle_id), voter, body.prompt, idempotency_key=idempotency_key, gate=gate)
    except LimitReached:
        voter = owner_of(actor_of(request))
        if idempotency_key is None:
            raise
        earlier = services.earlier_turn(_id(battle_id), voter, body.prompt, idempotency_key)
        if earlier is None:
            raise
        battle = earlier
    return rendered_battle(battle, 201)


@router.post(
    "/battles/{battle_id}/vote",
    operation_id="vote",
    response={200: BattleOut, 201: BattleOut, **problems(400, 401, 403, 404, 409, 413, 415, 422, 429)},
)
def vote(request: HttpRequest, battle_id: BattleId, body: VoteIn) -> HttpResponse:
    """Vote, once; the answer is the battle with its systems revealed.

    `reasons` and `feedback` may be left out or null, as a whole or for a side: nothing was said then. The same vote
    again is answered 200 with an equal body, another one 409 `vote-conflict`, a vote before both sides are complete
    409 `not-ready`, an unknown reason tag 422 with the known ones.
    """
    voter = _admitted(request, "vote", _id(battle_id))
    cast = cast_vote(
        _id(battle_id),
        voter,
        body.outcome,
        body.reasons.by_side() if body.reasons else None,
        body.feedback.by_side() if body.feedback else None,
    )
    return rendered_battle(cast.battle, 201 if cast.created else 200, cast.vote)


@router.post(
    "/battles/{battle_id}/stop", operation_id="stop_battle", response={200: BattleOut, **problems(400, 401, 403, 404)}
)
def stop(request: HttpRequest, battle_id: BattleId) -> HttpResponse:
    """End the writing at what is shown; the battle can be voted on as it is. No effect where nothing is written."""
    return rendered_battle(services.stop(_id(battle_id), owner_of(actor_of(request))))


@router.post(
    "/battles/{battle_id}/withdraw",
    operation_id="withdraw_battle",
    response={200: WithdrawnOut, **problems(400, 401, 404, 409, 413, 415, 422)},
)
def withdraw_one(request: HttpRequest, battle_id: BattleId, body: WithdrawIn) -> HttpResponse:
    """Take a battle back: prompts, answers and feedback are erased at once, and the vote goes too if `vote` is true.

    It cannot be undone; again is answered alike. Needs no consent. Nothing of it appears in later data releases; a
    release that holds it gets a revision without it. While answers are written: 409 `not-ready`; stop them first.
    """
    done = withdraw(_id(battle_id), owner_of(actor_of(request)), vote=body.vote)
    return rendered(WithdrawnOut(battle=done.battle_id, text_at=done.text_at, vote_at=done.vote_at))


@router.post(
    "/withdrawals",
    operation_id="withdraw_many",
    response={200: WithdrawalsOut, **problems(400, 401, 404, 413, 415, 422)},
)
def withdraw_many(request: HttpRequest, body: WithdrawManyIn) -> HttpResponse:
    """Take back the battles of receipts, or everything of the caller's voter; as with one battle, see there.

    A receipt opens its battle to whoever shows it. If one of them is for no battle of this site, nothing is done: 404.
    """
    if body.receipts is not None:
        done, left = withdraw_receipts(body.receipts, votes=body.vote)
    else:
        voter = owner_of(actor_of(request))
        done, left = withdraw_everything(voter, votes=body.vote) if voter else (0, 0)
    return rendered(WithdrawalsOut(withdrawn=done, left=left))


@router.post(
    "/battles/{battle_id}/report",
    operation_id="report_answer",
    response={201: ReportOut, **problems(400, 401, 403, 404, 409, 413, 415, 422, 429)},
)
def report(request: HttpRequest, battle_id: BattleId, body: ReportIn) -> HttpResponse:
    """Report an answer to the operators."""
    voter = _admitted(request, "report", _id(battle_id))
    fields: dict[str, Any] = body.model_dump(exclude={"turn"})
    services.report_answer(_id(battle_id), voter, body.turn, **fields)
    return rendered(ReportOut(turn=body.turn, side=body.side, reason=body.reason), 201)

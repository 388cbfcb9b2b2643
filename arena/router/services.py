"""From prompt to pairing: check, moderate, draw. The errors are drawn in `errors`."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection, transaction

from arena.arenas.models import Arena, Modality
from arena.router import guard, lyrics, model_reader, moderation, questions, sampler, signature
from arena.router.errors import GuardUnavailable, NoPair, PromptInvalid
from arena.router.guard import Refusal
from arena.router.messages import message_of, summary_of
from arena.router.models import DrawCount, Pairing, SamplingPolicy
from arena.router.routes import equals, keep_routes, member_for
from arena.systems import music_signature
from arena.systems.backends.base import Message
from arena.systems.models import SystemVersion
from arena.systems.services import answerer, eligible_versions, most_usd, take, without_orphans

__all__ = [
    "GuardUnavailable",
    "NoPair",
    "PromptInvalid",
    "Refusal",
    "able_now",
    "asked",
    "checked_prompt",
    "checked_requirement",
    "draw_pairing",
    "member_for",
    "message_of",
    "moderate",
    "purge_readings",
    "summary_of",
    "understood",
    "verify_pairing",
    "written_lyrics",
]

DEFAULT_OPTIONS: Final = {"new_system_boost": 2.0, "new_system_battles": 100}


def checked_prompt(text: str) -> str:
    """The prompt as it is stored: line ends as LF, nothing else changed.

    Raises:
        PromptInvalid: empty, over 8,000 characters, not valid text, or with control characters.
    """
    text = guard.with_newlines(text)
    code = guard.problem_of(text)
    if code is not None:
        raise PromptInvalid(code, message_of(code))
    return text


def checked_requirement(arena: Arena, requirement: object) -> dict[str, Any]:
    """What a program says that its prompt needs, as the arena's modality knows it; None is {}.

    Raises:
        PromptInvalid: it is no JSON object, or has an unknown key or a value of the wrong kind.
    """
    try:
        return signature.checked(arena.modality, requirement)
    except signature.RequirementInvalid as error:
        raise PromptInvalid("requirement_invalid", f"{message_of('requirement_invalid')} ({error})") from error


def understood(arena: Arena, prompt: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    """What the prompt needs: the wish (from `checked_requirement`), completed from the prompt's words."""
    return signature.RULES[arena.modality].understood(prompt, wish, model_reader.read)


def able_now(arena: Arena, prompt: str, requirement: dict[str, Any]) -> int:
    """How many systems could be drawn for this prompt now."""
    messages = (Message("user", prompt),)
    return len(_able(arena, eligible_versions(arena, messages), messages, requirement))


def asked(arena: Arena, requirement: Mapping[str, Any]) -> dict[str, Any]:
    """The wish that a stored requirement came from."""
    return signature.RULES[arena.modality].asked(requirement)


def written_lyrics(
    arena: Arena, prompt: str, requirement: Mapping[str, Any], versions: Iterable[SystemVersion], seed: int
) -> str | None:
    """Words for a battle in which a voice is wanted, nobody gave words, and one of these systems needs them.

    They are written once and sung by both sides, so that the music is compared and not the words. What a model wrote
    is moderated like what a visitor writes. None: not needed.
    """
    if arena.modality != Modality.MUSIC or not requirement.get("vocals") or requirement.get("lyrics"):
        return None
    if not any(music_signature.read(version.signature).needs_lyrics for version in versions):
        return None
    song = (prompt, str(requirement.get("language") or "en"), seed)
    words = lyrics.by_model(*song)
    return words if words and _may_be_sung(words, arena) else lyrics.by_templates(*song)


def _may_be_sung(words: str, arena: Arena) -> bool:
    try:
        return moderate(words, arena) is None
    except GuardUnavailable:
        return False


def purge_readings() -> int:
    """Forget what the model answered long ago; returns how many. Called by the periodic sweep."""
    return questions.purge()


def moderate(text: str, arena: Arena | None = None, requirement: Mapping[str, Any] | None = None) -> Refusal | None:
    """Ask every moderator in turn about a prompt and the words that go with it; the first refusal counts.

    Args:
        text: the prompt.
        arena: where it is asked; music has rules of its own. None: text.
        requirement: what was understood and corrected; its words are read as well.

    Raises:
        GuardUnavailable: a moderator gave no usable answer, so nobody may call the prompt accepted.
    """
    modality = arena.modality if arena else Modality.TEXT.value
    text = "\n".join([text, *_own_words(text, requirement or {})])
    for moderator in moderation.moderators(modality):
        refusal = moderator.check(text)
        if refusal is not None:
            return replace(refusal, message=message_of(refusal.code))
    return None


def _own_words(prompt: str, requirement: Mapping[str, Any]) -> list[str]:
    """What a requirement says in somebody's own words, where the prompt does not say it already."""
    said = [str(requirement.get("lyrics") or ""), ", ".join(requirement.get("genres") or ())]
    return [words for words in said if words and words not in prompt]


def current_policy(arena: Arena) -> SamplingPolicy:
    """The newest policy of the arena; an arena without one gets number 1."""
    newest = SamplingPolicy.objects.filter(arena=arena).order_by("-number").first()
    if newest is not None:
        return newest
    # The unique constraint decides who of two first draws makes it.
    policy, _created = SamplingPolicy.objects.get_or_create(
        arena=arena, number=1, defaults={"kind": "weighted", "options": DEFAULT_OPTIONS}
    )
    return policy


def _able(
    arena: Arena, versions: Iterable[SystemVersion], messages: Sequence[Message], requirement: dict[str, Any]
) -> list[SystemVersion]:
    """The versions that can do what the prompt needs; see `signature.able`."""
    need = signature.Need(
        requirement,
        prompt_bytes=sum(len(message.content.encode()) for message in messages),
        prompt_chars=sum(len(message.content) for message in messages),
    )
    offers = {version: signature.Offer(version.signature, version.context_tokens) for version in versions}
    return without_orphans(signature.able(arena.modality, need, offers))


def _draws_so_far(pool: Iterable[SystemVersion]) -> dict[int, int]:
    """Version id → how often its system was drawn while it was new. O(systems), whatever the number of battles."""
    versions = list(pool)
    counts = {
        (row.system_id, row.behaviour): row.draws
        for row in DrawCount.objects.filter(system_id__in=[version.system_id for version in versions])
    }
    return {version.pk: counts.get((version.system_id, version.behaviour), 0) for version in versions}


def _weights(pool: Iterable[SystemVersion], draws: Mapping[int, int], policy: SamplingPolicy) -> dict[int, float]:
    """Version id → weight, boosted while the system is new."""
    factor = float(policy.options.get("new_system_boost", 1.0))
    until_draws = _boosted_draws(policy)
    return {
        version.pk: version.system.weight * sampler.boost(draws[version.pk], factor, until_draws) for version in pool
    }


def _boosted_draws(policy: SamplingPolicy) -> int:
    """How many draws a system is new for; a policy that does not say so boosts nobody."""
    return int(policy.options.get("new_system_battles", 0))


def _count_draw(new: Iterable[SystemVersion]) -> None:
    """Count a draw of systems that are still new, in one order of rows, so that two draws cannot deadlock."""
    with connection.cursor() as cursor:
        for version in sorted(new, key=lambda version: (version.system_id, version.behaviour)):
            cursor.execute(
                "INSERT INTO router_drawcount AS c (system_id, behaviour, draws) VALUES (%s, %s, 1) "
                "ON CONFLICT (system_id, behaviour) DO UPDATE SET draws = c.draws + 1",
                [version.system_id, version.behaviour],
            )


def draw_pairing(
    arena: Arena,
    messages: Sequence[Message],
    *,
    requirement: dict[str, Any] | None = None,
    redraw_of: Pairing | None = None,
    exclude: frozenset[int] = frozenset(),
    holder: str = "",
    seed: int | None = None,
) -> Pairing:
    """Draw two systems that can answer and store the pairing with everything needed to draw it again.

    Args:
        arena: where the battle is.
        messages: the conversation so far, ending with the prompt.
        requirement: what the prompt needs, from `checked_requirement`.
        redraw_of: the pairing that this one replaces; it can be replaced once (a constraint).
        exclude: version ids to leave out: the failed sides of the chain.
        holder: for whom budget and the breaker's probe are taken; empty: for nobody (simulations).
        seed: of 63 bits, for simulated battles only; a visitor's pair must not be foreseeable, so None: a secret one.

    Raises:
        NoPair: fewer than two systems can answer.
    """
    policy = current_policy(arena)
    while True:
        pool = _pool(arena, messages, requirement or {}, exclude)
        plan = _plan(policy, pool, seed)
        answerers = [answerer(side, pool.values(), messages) for side in plan.sides]
        if alike := equals(plan.sides, answerers):
            # A router picked the system that it was to meet: nobody can judge between equals. The draw is kept.
            redraw_of, exclude = _store(arena, policy, plan, redraw_of), exclude | alike
            continue
        costs = {one.version: most_usd(one.version, messages) for one in answerers}
        with transaction.atomic():
            lost = take(costs, holder) if holder else frozenset()
            if not lost:
                return keep_routes(_store(arena, policy, plan, redraw_of), answerers)
        # Another draw was faster: draw from those that are left, so that the propensities are theirs.
        exclude |= lost


@dataclass(frozen=True, slots=True)
class _Plan:
    """A draw that nothing was written of yet. `weights`: of the whole pool, by version id."""

    draw: sampler.Draw
    sides: tuple[SystemVersion, SystemVersion]
    weights: Mapping[int, float]
    new: tuple[SystemVersion, ...]
    seed: int


def _plan(policy: SamplingPolicy, pool: Mapping[int, SystemVersion], seed: int | None) -> _Plan:
    draws = _draws_so_far(pool.values())
    weights = _weights(pool.values(), draws, policy)
    drawn_by = secrets.randbits(63) if seed is None else seed
    draw = sampler.draw(pool, weights, sampler.SeededRng(drawn_by))
    sides = (pool[draw.left], pool[draw.right])
    new = tuple(side for side in sides if draws[side.pk] < _boosted_draws(policy))
    return _Plan(draw, sides, weights, new, drawn_by)


def _store(arena: Arena, policy: SamplingPolicy, plan: _Plan, redraw_of: Pairing | None) -> Pairing:
    _count_draw(plan.new)
    return Pairing.objects.create(
        arena=arena,
        policy=policy,
        left=plan.sides[0],
        right=plan.sides[1],
        pool=[[version_id, plan.weights[version_id]] for version_id in sorted(plan.weights)],
        pair_propensity=plan.draw.pair_propensity,
        side_propensity=plan.draw.side_propensity,
        seed=plan.seed,
        attempt=redraw_of.attempt + 1 if redraw_of else 1,
        redraw_of=redraw_of,
    )


def _pool(
    arena: Arena, messages: Sequence[Message], requirement: dict[str, Any], exclude: frozenset[int]
) -> dict[int, SystemVersion]:
    """Version id → version of those that a pair may be drawn from; two at least. Raises NoPair."""
    eligible = [version for version in eligible_versions(arena, messages) if version.pk not in exclude]
    if len(eligible) < 2:
        raise NoPair("no_systems")
    able = _able(arena, eligible, messages, requirement)
    if len(able) < 2:
        raise NoPair("no_pair")
    return {version.pk: version for version in able}


def verify_pairing(pairing: Pairing) -> bool:
    """Whether drawing again from what is stored gives this pair, these sides and these propensities."""
    weights = {int(version_id): float(weight) for version_id, weight in pairing.pool}
    again = sampler.draw(weights, weights, sampler.SeededRng(pairing.seed))
    return again == sampler.Draw(pairing.left_id, pairing.right_id, pairing.pair_propensity, pairing.side_propensity)

"""What a release is made of, read from the database in one snapshot, column by column.

Every query names its columns; what they may be is decided in `fields`. Nothing here is anonymous yet.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import CharField, Exists, Func, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Concat, Left, TruncDate

from arena.arenas.models import Arena
from arena.battles.models import Battle, Prefetched, Response, Turn
from arena.battles.states import SIDES, BattleState, ResponseStatus
from arena.media.models import Clip
from arena.rankings.languages import UNDETERMINED
from arena.rankings.models import BattleTraits
from arena.router.models import Pairing, Route
from arena.systems.models import SystemVersion
from arena.votes.models import Listening, Vote, Withdrawal, WithdrawnScope
from data_releases.columns import looked_up, one_array
from data_releases.copied import Source, copied, source_of
from data_releases.expressions import JsonHash, fixed, hexadecimal
from data_releases.models import Sha256, TextReading
from data_releases.reading import RULES
from data_releases.snapshots import as_of
from data_releases.vectors import ID_CHARS

#: Of battles that are released: nothing can follow; refused prompts never are.
FINISHED: Final = [state.value for state in (BattleState.VOTED, BattleState.FAILED, BattleState.EXPIRED)]


@dataclass(frozen=True, slots=True)
class Window:
    """The battles of a release: those that began in start ≤ t < end."""

    start: datetime
    end: datetime


def sources(arena: Arena, window: Window) -> dict[str, Source]:
    """Every query of a release by the name of its rows."""
    in_window = Q(created_at__gte=window.start, created_at__lt=window.end, arena=arena, state__in=FINISHED)
    # What was made ahead of any visitor, and nobody took, was nobody's battle.
    nobodys = Prefetched.objects.filter(taken_at=None).values("battle_id")
    began = Battle.objects.filter(in_window, pairing__isnull=False).exclude(id__in=nobodys)
    withdrawn = Exists(Withdrawal.objects.filter(battle=OuterRef("pk"), scope=WithdrawnScope.VOTE))
    battles = began.filter(~withdrawn)
    ids = fixed(battles.values("id"))
    publishable = fixed(battles.filter(Q(publication=True) | Q(is_simulated=True)).values("id"))
    return {
        "systems": _systems(arena),
        "battles": _battles(battles),
        "turns": _turns(ids),
        "responses": _responses(ids),
        "routes": _routes(ids),
        "votes": _votes(ids),
        "listening": _listening(ids),
        "answers": _answers(publishable),
        "clips": _clips(publishable),
        "feedback": _feedback(publishable),
        "vectors": _vectors(publishable),
        "withdrawn": source_of(began.filter(withdrawn), id=("id", pa.string())),
    }


def _systems(arena: Arena) -> Source:
    text = pa.string()
    return source_of(
        SystemVersion.objects.filter(system__arena=arena),
        id=("id", pa.int64()),
        system=("system_id", pa.int64()),
        name=("system__name", text),
        version=("number", pa.int32()),
        behaviour=("behaviour", text),
        organisation=("organisation", text),
        access=("access", text),
        licence=("licence", text),
        context_tokens=("context_tokens", pa.int32()),
        price_in_usd_per_mtok=("price_in_usd_per_mtok", pa.float64()),
        price_out_usd_per_mtok=("price_out_usd_per_mtok", pa.float64()),
        signature=("signature", text),
        outputs_released=("release_outputs", pa.bool_()),
    )


def _battles(battles: QuerySet[Battle]) -> Source:
    # Language and mask: two questions to the index would take twice as long as one.
    told = Concat("language", Value("/"), Cast("categories", CharField()), output_field=CharField())
    traits = BattleTraits.objects.filter(battle=OuterRef("pk")).values_list(told)
    source = source_of(
        battles,
        id=("id", pa.string()),
        voter=("voter_id", pa.string()),
        day=(TruncDate("created_at", tzinfo=UTC), pa.date32()),
        state=("state", pa.string()),
        reason=("reason", pa.string()),
        is_simulated=("is_simulated", pa.bool_()),
        publication=("publication", pa.bool_()),
        traits=(Coalesce(Subquery(traits), Value(f"{UNDETERMINED}/0")), pa.string()),
        requirement=("requirement", pa.string()),
        policy=("pairing__policy__number", pa.int32()),
        policy_kind=("pairing__policy__kind", pa.string()),
        pairing=("pairing_id", pa.int64()),
        # A month has a few dozen, each of many numbers: `read` asks for the pool behind each hash once.
        pool=(JsonHash("pairing__pool"), pa.int64()),
        left=("pairing__left_id", pa.int64()),
        right=("pairing__right_id", pa.int64()),
        pair_propensity=("pairing__pair_propensity", pa.float64()),
        side_propensity=("pairing__side_propensity", pa.float64()),
        draw_attempt=("pairing__attempt", pa.int16()),
    )
    return replace(source, packed=("traits", ("language", "categories")))


def _turns(battles: Any) -> Source:
    source = source_of(
        Turn.objects.filter(battle__in=battles),
        battle=("battle_id", pa.string()),
        turn=("n", pa.int16()),
        prompt=("prompt", pa.string()),
        # The sketch in hexadecimal and the kinds: two questions to the index would take twice as long as one.
        reading=(
            _of_reading("prompt", Concat(Coalesce(hexadecimal("sketch"), Value("")), Value("/"), "kinds")),
            pa.string(),
        ),
    )
    return replace(source, packed=("reading", ("sketch", "kinds")))


def _of_reading(text: str, what: Any) -> Subquery:
    """Something of the reading of a text; null where nobody has read it by today's rules."""
    return Subquery(TextReading.objects.filter(sha256=Sha256(OuterRef(text)), rules=RULES).values_list(what))


def _responses(battles: Any) -> Source:
    return source_of(
        Response.objects.filter(turn__battle__in=battles).exclude(status=ResponseStatus.GENERATING.value),
        id=("id", pa.string()),
        battle=("turn__battle_id", pa.string()),
        turn=("turn__n", pa.int16()),
        pairing=("pairing_id", pa.int64()),
        side=("side", pa.string()),
        system=("version_id", pa.int64()),
        attempt=("attempt", pa.int16()),
        status=("status", pa.string()),
        error_class=("error_class", pa.string()),
        finish_reason=("finish_reason", pa.string()),
        ttft_s=("ttft_s", pa.float64()),
        latency_s=("latency_s", pa.float64()),
        input_tokens=("input_tokens", pa.int32()),
        output_tokens=("output_tokens", pa.int32()),
        cost_usd=("cost_usd", pa.float64()),
        revealed=(Func("identity_matches", function="cardinality"), pa.int32()),
    )


def _routes(battles: Any) -> Source:
    """Who answered for routers, redrawn pairings included: they have responses, too."""
    drawn = Response.objects.filter(turn__battle__in=battles).values("pairing")
    return source_of(
        Route.objects.filter(pairing__in=drawn),
        pairing=("pairing_id", pa.int64()),
        side=("side", pa.string()),
        member=("member_id", pa.int64()),
    )


def _listening(battles: Any) -> Source:
    sides: dict[str, tuple[Any, pa.DataType]] = {
        f"{side}_{name}": (f"{side}_{name}", kind)
        for side in SIDES
        for name, kind in (("duration_s", pa.float64()), ("heard_s", pa.float64()), ("intervals", pa.string()))
    }
    return source_of(Listening.objects.filter(battle__in=battles), battle=("battle_id", pa.string()), **sides)


def _votes(battles: Any) -> Source:
    return source_of(
        Vote.objects.filter(battle__in=battles),
        id=("id", pa.string()),
        battle=("battle_id", pa.string()),
        voter=("voter_id", pa.string()),
        day=(TruncDate("created_at", tzinfo=UTC), pa.date32()),
        turn=("turn_n", pa.int16()),
        outcome=("outcome", pa.string()),
        voter_simulated=("voter__is_simulated", pa.bool_()),
        reasons=("reasons", pa.string()),
    )


def _answers(battles: Any) -> Source:
    return source_of(
        Response.objects.filter(turn__battle__in=battles, status=ResponseStatus.COMPLETE.value),
        battle=("turn__battle_id", pa.string()),
        turn=("turn__n", pa.int16()),
        side=("side", pa.string()),
        text=("content", pa.string()),
        kinds=(_of_reading("content", "kinds"), pa.string()),
    )


def _clips(battles: Any) -> Source:
    heard = Clip.objects.filter(response__turn__battle__in=battles, response__status=ResponseStatus.COMPLETE.value)
    return source_of(
        heard,
        response=("response_id", pa.string()),
        battle=("response__turn__battle_id", pa.string()),
        side=("response__side", pa.string()),
        key=("key", pa.string()),
        bytes=("bytes", pa.int64()),
        sha256=("sha256", pa.string()),
        duration_s=("duration_s", pa.float64()),
        lyrics=("lyrics", pa.string()),
        kinds=(_of_reading("lyrics", "kinds"), pa.string()),
    )


def _feedback(battles: Any) -> Source:
    said = {side: KeyTextTransform(side, "feedback") for side in SIDES}
    given = Vote.objects.filter(battle__in=battles).exclude(feedback={"left": "", "right": ""}).exclude(feedback={})
    rows = given.annotate(**{f"said_{side}": what for side, what in said.items()})
    return source_of(
        rows,
        vote=("id", pa.string()),
        battle=("battle_id", pa.string()),
        **{side: (what, pa.string()) for side, what in said.items()},
        **{f"{side}_kinds": (_of_reading(f"said_{side}", "kinds"), pa.string()) for side in SIDES},
    )


def _vectors(battles: Any) -> Source:
    """The counts behind the vectors of prompts, by `prompt_id`."""
    prompts = Turn.objects.filter(battle__in=battles).order_by().annotate(digest=Sha256("prompt")).values("digest")
    read = TextReading.objects.filter(rules=RULES, counts__isnull=False, sha256__in=prompts)
    return source_of(
        read,
        prompt_id=(Left(hexadecimal("sha256"), ID_CHARS), pa.string()),
        counts=(hexadecimal("counts"), pa.string()),
    )


def first_battle_day(arena: Arena) -> date | None:
    """The day (UTC) of the arena's first finished battle."""
    first = Battle.objects.filter(arena=arena, state__in=FINISHED).aggregate(first=Min("created_at"))["first"]
    return first.astimezone(UTC).date() if first else None


def read(arena: Arena, window: Window, snapshot: str = "") -> dict[str, pa.Table]:
    """The rows of a release by name; see `sources`.

    Raises:
        SnapshotGone: whoever holds the snapshot has ended.
    """
    with as_of(snapshot):
        rows = {name: copied(source) for name, source in sources(arena, window).items()}
        return rows | {"battles": _with_pools(rows["battles"])}


def _with_pools(battles: pa.Table) -> pa.Table:
    """Battles with their pools as JSON instead of its hash, each read from one of the pairings that have it."""
    place = battles.schema.get_field_index("pool")
    hashes = one_array(battles["pool"])
    if not len(hashes):
        return battles.set_column(place, "pool", pa.array([], pa.string()))
    encoded = pc.dictionary_encode(hashes)
    pairings = battles["pairing"].take(pc.index_in(encoded.dictionary, hashes))
    source = Pairing.objects.filter(id__in=pairings.to_pylist())
    found = copied(source_of(source, id=("id", pa.int64()), pool=("pool", pa.string())))
    pools = looked_up(pairings, found["id"], one_array(found["pool"]))
    return battles.set_column(place, "pool", pa.DictionaryArray.from_arrays(encoded.indices, pools))

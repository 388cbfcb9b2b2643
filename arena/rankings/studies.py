"""Studies of single votes, made now and then where an arena's votes changed: how fragile the first place is, and what
ratings are at equal form of answers.

The form of the answers is counted once per voted battle. Both studies look at the newest votes only (`MOST_VOTES`), so
that their cost has a bound too.
"""

from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import Any, Final, TypeAlias

import numpy as np
from django.db.models import Exists, OuterRef, Subquery
from numpy.typing import NDArray

from arena.arenas.models import Arena
from arena.battles.models import Response
from arena.battles.states import SIDES, ResponseStatus
from arena.common import ledger, periods
from arena.rankings import markdown_style
from arena.rankings.bradley_terry import RankingError
from arena.rankings.computing import Computed, compute
from arena.rankings.contenders import rows_of, versions_of
from arena.rankings.folding import counted_votes
from arena.rankings.models import BattleForm, FoldWatermark, Study
from arena.rankings.robustness import Fragility, Removal, fragility
from arena.rankings.services import CODE_VERSION
from arena.rankings.style import differences, fit_style
from arena.rankings.tallies import CODE_OF, Votes, count
from arena.rankings.tallying import read
from arena.rankings.variants import METHOD

Forms: TypeAlias = NDArray[np.float64]

JOB: Final = ledger.Job("rankings.studies", periods.Every(timedelta(minutes=10)), backlog=1, lease_s=1800)
FRAGILITY: Final = "fragility"
STYLE: Final = "style"
MOST_VOTES: Final = 200_000
#: Fewer votes cannot carry the coefficients.
FEWEST_FOR_STYLE: Final = 200
_BATCH: Final = 1_000


def study_all(_period: ledger.Period) -> None:
    """Study every arena whose votes changed."""
    for arena in Arena.objects.order_by("id"):
        study(arena)


def study(arena: Arena) -> bool:
    """Store new studies of an arena, if its votes changed since the last ones.

    Returns:
        Whether they did.
    """
    watermark = FoldWatermark.objects.filter(arena=arena).first()
    latest = Study.objects.filter(arena=arena).order_by("-id").values_list("revision", flat=True).first()
    if watermark is None or watermark.revision == latest:
        return False
    computed = compute(read(arena.pk), versions_of(arena.pk), METHOD, {})
    votes, forms = _columns(arena, watermark.last_vote_id, computed)
    results = {FRAGILITY: _fragility(computed, votes), STYLE: _style(computed, votes, forms)}
    Study.objects.bulk_create(
        Study(
            arena=arena,
            kind=kind,
            last_vote_id=watermark.last_vote_id,
            revision=watermark.revision,
            result=result,
            code_version=CODE_VERSION,
        )
        for kind, result in results.items()
    )
    return True


def _columns(arena: Arena, up_to: int, computed: Computed) -> tuple[Votes, Forms]:
    """The newest counted votes among the rated, by their places there, and the forms of their answers: (N, 2, K)."""
    _count_forms(arena, up_to)
    rows = rows_of(computed.contenders)
    place = {version: computed.board.rated.index(row) for version, row in rows.items() if row in computed.board.rated}
    form = BattleForm.objects.filter(battle=OuterRef("battle"))
    found = (
        counted_votes(arena, up_to)
        .filter(battle__pairing__left__in=place, battle__pairing__right__in=place)
        .annotate(form_left=Subquery(form.values("left")), form_right=Subquery(form.values("right")))
        .order_by("-id")
        .values_list(
            "battle__pairing__left_id", "battle__pairing__right_id", "outcome", "voter_id", "form_left", "form_right"
        )[:MOST_VOTES]
    )
    told = [(place[left], place[right], *rest) for left, right, *rest in found]
    voters = np.unique([row[3] for row in told], return_inverse=True)[1] if told else np.zeros(0, dtype=np.int64)
    votes = Votes(
        np.array([row[0] for row in told], dtype=np.int64),
        np.array([row[1] for row in told], dtype=np.int64),
        np.array([CODE_OF[row[2]] for row in told], dtype=np.uint8),
        voter=voters,
    )
    none = [0] * len(markdown_style.NAMES)
    forms = np.array([[row[4] or none, row[5] or none] for row in told], dtype=np.float64)
    return votes, forms.reshape(-1, 2, len(none))


def _count_forms(arena: Arena, up_to: int) -> None:
    """Count the answers of voted battles that have not been counted yet, as they stood when the vote was cast."""
    known = BattleForm.objects.filter(battle=OuterRef("battle"))
    answers = Response.objects.filter(
        turn__battle=OuterRef("battle"), turn__n=OuterRef("turn_n"), status=ResponseStatus.COMPLETE.value
    )
    texts = {f"text_{side}": Subquery(answers.filter(side=side).values("content")[:1]) for side in SIDES}
    new = counted_votes(arena, up_to).filter(~Exists(known)).annotate(**texts).order_by("-id")
    rows = new.values_list("battle_id", *texts)[:MOST_VOTES].iterator(chunk_size=_BATCH)
    while batch := list(islice(rows, _BATCH)):
        BattleForm.objects.bulk_create(
            [
                BattleForm(battle_id=battle, **{side: _amounts(text) for side, text in zip(SIDES, told, strict=True)})
                for battle, *told in batch
            ],
            ignore_conflicts=True,
        )


def _amounts(text: str | None) -> list[int]:
    return list(markdown_style.covariates(text or "").amounts())


def _fragility(computed: Computed, votes: Votes) -> dict[str, Any]:
    """The study as JSON, or {"refused": why}."""
    try:
        found = fragility(count(votes, len(computed.board.rated)), METHOD, votes)
    except RankingError as error:
        return {"refused": str(error)}
    return _told(found, [computed.names[row] for row in computed.board.rated], len(votes))


def _told(found: Fragility, names: list[str], n: int) -> dict[str, Any]:
    moved = [one.moved_points for one in found.loudest if one.moved_points is not None]
    return {
        "votes": n,
        "first": names[found.first],
        "lead": found.lead_points,
        "by_votes": _removal(found.votes, names),
        "by_voters": _removal(found.voters, names),
        "largest_voter": max(moved, default=None),
        "needs_a_voter": len(moved) < len(found.loudest),
        "largest_voter_changes_first": any(one.first != found.first for one in found.loudest),
    }


def _removal(removal: Removal | None, names: list[str]) -> dict[str, Any] | None:
    """Numbers only: which voters they are stays here."""
    if removal is None:
        return None
    becomes = None if removal.becomes is None else names[removal.becomes]
    return {"number": removal.number, "share": removal.share, "becomes": becomes}


def _style(computed: Computed, votes: Votes, forms: Forms) -> dict[str, Any]:
    """The study as JSON, or {"refused": why}. Features that never differ are left out and named."""
    names = [computed.names[row] for row in computed.board.rated]
    if len(votes) < FEWEST_FOR_STYLE or len(names) < 2:
        return {"refused": f"fewer than {FEWEST_FOR_STYLE} votes"}
    features = differences(forms[:, 0], forms[:, 1])
    useful = [k for k in range(features.shape[1]) if np.ptp(features[:, k]) > 0]
    told = [markdown_style.NAMES[k] for k in useful]
    if not told:
        return {"refused": "all answers have the same form"}
    try:
        fit = fit_style(votes, len(names), features[:, useful], told)
    except RankingError as error:
        return {"refused": str(error)}
    columns = (fit.plain.ratings, fit.plain_limits.lower, fit.plain_limits.upper)
    styled = (fit.ratings, fit.limits.lower, fit.limits.upper)
    keys = ("plain", "plain_lower", "plain_upper", "styled", "styled_lower", "styled_upper")
    values = zip(*(column.tolist() for column in (*columns, *styled)), strict=True)
    return {
        "votes": len(votes),
        "left_out": [name for name in markdown_style.NAMES if name not in told],
        "coefficients": [asdict(one) for one in fit.coefficients],
        "ratings": [
            {"system": name} | dict(zip(keys, row, strict=True)) for name, row in zip(names, values, strict=True)
        ],
    }


def newest(arena: Arena, kind: str) -> Study | None:
    """The newest study of a kind."""
    return Study.objects.filter(arena=arena, kind=kind).order_by("-id").first()

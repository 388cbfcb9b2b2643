"""Studies of single votes, made now and then where an arena's votes changed: how fragile the first place is, and what
ratings are at equal form of answers.

Both look at the newest votes only (`MOST_VOTES`), so that their cost has a bound too.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

import numpy as np

from arena.arenas.models import Arena
from arena.common import ledger, periods
from arena.rankings.bradley_terry import RankingError
from arena.rankings.computing import Computed, compute
from arena.rankings.contenders import rows_of, versions_of
from arena.rankings.forms import FORMS, Amounts, Form, count_forms, form_columns
from arena.rankings.models import FoldWatermark, Study
from arena.rankings.robustness import Fragility, Removal, fragility
from arena.rankings.services import CODE_VERSION
from arena.rankings.single_votes import read_newest
from arena.rankings.style import fit_style
from arena.rankings.tallies import Votes, count
from arena.rankings.tallying import read
from arena.rankings.variants import METHOD

JOB: Final = ledger.Job("rankings.studies", periods.Every(timedelta(minutes=10)), backlog=1, lease_s=1800)
FRAGILITY: Final = "fragility"
STYLE: Final = "style"
MOST_VOTES: Final = 200_000
#: Fewer votes cannot carry the coefficients.
FEWEST_FOR_STYLE: Final = 200


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
    votes, amounts = _columns(arena, watermark.last_vote_id, computed)
    styled = _style(computed, votes, FORMS[arena.modality], amounts)
    results = {FRAGILITY: _fragility(computed, votes), STYLE: styled}
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


def _columns(arena: Arena, up_to: int, computed: Computed) -> tuple[Votes, Amounts]:
    """The newest counted votes among the rated, by their places there, and what was counted of their answers."""
    count_forms(arena, up_to, MOST_VOTES)
    single, amounts = read_newest(arena, up_to, MOST_VOTES, form_columns(), FORMS[arena.modality].amounts_of)
    votes, rated = single.votes(rows_of(computed.contenders), weighted=False), computed.board.rated
    return votes.only(rated), amounts[votes.between(rated)]


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


def _style(computed: Computed, votes: Votes, form: Form, amounts: Amounts) -> dict[str, Any]:
    """The study as JSON, or {"refused": why}. Features that never differ are left out and named."""
    names = [computed.names[row] for row in computed.board.rated]
    if len(votes) < FEWEST_FOR_STYLE or len(names) < 2:
        return {"refused": f"fewer than {FEWEST_FOR_STYLE} votes"}
    features = form.differences(amounts)
    useful = [k for k in range(features.shape[1]) if np.ptp(features[:, k]) > 0]
    told = [form.names[k] for k in useful]
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
        "left_out": [name for name in form.names if name not in told],
        "coefficients": [asdict(one) for one in fit.coefficients],
        "ratings": [
            {"system": name} | dict(zip(keys, row, strict=True)) for name, row in zip(names, values, strict=True)
        ],
    }


def newest(arena: Arena, kind: str) -> Study | None:
    """The newest study of a kind."""
    return Study.objects.filter(arena=arena, kind=kind).order_by("-id").first()

"""Everything that is stored about a voter, as one document, for the voter alone. Blind where there is no vote yet."""

from collections.abc import Iterator
from typing import Any

from arena.accounts.models import Consent, Voter
from arena.battles.models import Battle, RefusedTurn, Report
from arena.votes.models import Vote, Withdrawal
from arena.votes.selectors import view_of

_CONSENT = ("research", "publication", "age_16", "text_version", "language", "created_at")


def own_data(voter: Voter) -> dict[str, Any]:
    """Consents and battles, the oldest first, with what was refused, reported and withdrawn."""
    consents = Consent.objects.filter(voter=voter).order_by("id").values(*_CONSENT)
    return {
        "voter": {"created_at": voter.created_at.isoformat(), "simulated": voter.is_simulated},
        "consents": [{**row, "created_at": row["created_at"].isoformat()} for row in consents],
        "battles": list(_battles(voter)),
    }


def _battles(voter: Voter) -> Iterator[dict[str, Any]]:
    mine = Battle.objects.filter(voter=voter).select_related("arena").order_by("created_at")
    votes = {vote.battle_id: vote for vote in Vote.objects.filter(battle__voter=voter)}
    for battle in mine.iterator(chunk_size=200):
        vote = votes.get(battle.id)
        yield {
            **view_of(battle, vote).as_dict(),
            "publication": battle.publication,
            "voted_at": vote.created_at.isoformat() if vote else None,
            "refused_turns": list(RefusedTurn.objects.filter(battle=battle).order_by("id").values("prompt", "reason")),
            "reports": list(
                Report.objects.filter(battle=battle).order_by("id").values("turn_n", "side", "reason", "text")
            ),
            "withdrawn": {
                scope: moment.isoformat()
                for scope, moment in Withdrawal.objects.filter(battle=battle).values_list("scope", "created_at")
            },
        }

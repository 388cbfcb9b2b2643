"""What an operator watches about battles."""

from django.db.models import Count

from arena.battles.models import Battle
from arena.battles.states import BattleState, is_terminal

#: Only these are counted: the partial index `battle_open` holds them, finished battles are too many to count.
OPEN_STATES = tuple(state.value for state in BattleState if not is_terminal(state))


def open_battles() -> dict[tuple[str, str], int]:
    """(arena slug, open state) → number of battles now."""
    rows = (
        Battle.objects.filter(state__in=OPEN_STATES)
        .values("arena__slug", "state")
        .annotate(n=Count("id"))
        .values_list("arena__slug", "state", "n")
    )
    return {(slug, state): n for slug, state, n in rows}

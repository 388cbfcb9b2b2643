"""`manage.py rank`: ratings of an arena, live or of a moment in the past, or of a file of votes."""

from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.arenas.models import Arena
from arena.rankings.bradley_terry import RankingError
from arena.rankings.command_line import BAD_INPUT, add_options, method_from, rank_file, show
from arena.rankings.computing import RecomputeError, rank_arena
from arena.rankings.filters import FilterError, filter_of
from arena.rankings.intervals import VotersNeeded
from arena.rankings.method import BadMethod, Method
from arena.rankings.moments import moment_of
from arena.rankings.past import board_then
from arena.rankings.questions import WEIGHTS, require_kinds

_REFUSALS = (BadMethod, FilterError, RankingError, RecomputeError, VotersNeeded)


class Command(BaseCommand):
    """Compute ratings and print them; nothing is stored but the fold of new votes."""

    help = "Rate the systems of an arena, or of a file of votes (which needs no settings and no database)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Those of `command_line`, and what needs the database."""
        add_options(parser)
        parser.add_argument(
            "--as-of",
            type=moment_of,
            metavar="T",
            help="count the votes of the leaderboard that was the newest then (ISO 8601, UTC) again, one by one; where"
            " it was thinned out, the votes cast until then",
        )
        parser.add_argument(
            "--weights",
            choices=WEIGHTS,
            default=WEIGHTS[0],
            help="of a vote: 1 (the default), or one over the logged probability that its pair was drawn",
        )
        parser.add_argument("--language", metavar="CODE", help="only votes on prompts in this language")
        parser.add_argument("--category", action="append", default=[], metavar="C", help="only on prompts of a kind")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Rank."""
        asked = Namespace(**options)
        if asked.votes is not None:
            raise SystemExit(rank_file(asked))
        arena = Arena.objects.filter(slug=asked.arena).first()
        if arena is None:
            raise CommandError(f"there is no arena {asked.arena!r}", returncode=BAD_INPUT)
        try:
            document = _ranked(arena, asked)
        except _REFUSALS as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        show(document, as_json=asked.json)


def _ranked(arena: Arena, asked: Namespace) -> dict[str, Any]:
    method, chosen = method_from(asked, weights=asked.weights), filter_of(asked.language, asked.category)
    require_kinds(arena, chosen)
    if asked.as_of is None:
        return rank_arena(arena.pk, method, chosen).document(arena.slug, matrix=asked.matrix)
    # Without a wish of one's own, by the method of then: the result is the stored board, to the byte.
    then = board_then(arena.pk, asked.as_of, chosen, None if method == Method() else method)
    document, told = then.computed.document(arena.slug, matrix=asked.matrix), {"as_of": then.described()}
    # A stored board is printed as it is stored, without a word more.
    return document if then.is_kept and asked.json else document | told

"""Read texts when they have arrived: findings of the filter, sketches and counts of prompts; kept by digest.

A build then only looks them up. It is a cache, so nothing depends on it: a text without a reading is read by the
build. It goes with its text (`forget_battle`), and when it is old. Every minute a job reads the battles that ended
since its mark; twice is harmless. While it reads a battle it holds its row, as a withdrawal does, so that nothing of a
text that was just erased comes back.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles.models import Battle, Response, Turn
from arena.common import ledger, periods
from arena.media.models import Clip
from arena.votes.models import Vote
from data_releases import near_duplicates, reading
from data_releases.extract import FINISHED
from data_releases.models import ReadingMark, Release, TextReading
from data_releases.publish import moments_of
from data_releases.reading import RULES, digest_of

JOB: Final = ledger.Job("data_releases.read_texts", periods.Every(timedelta(minutes=1)), backlog=1, lease_s=900)
#: A run ends after so long; the next one goes on from the mark.
RUN_S: Final = 45.0
BATCH: Final = 50
#: What ended just now may still be committed behind the mark.
SETTLED: Final = timedelta(minutes=1)
#: No battle is open for longer; keeps the search on the index of beginnings.
LONGEST: Final = timedelta(days=7)
#: A month, its embargo, and a generous time for a review.
KEPT: Final = timedelta(days=120)


def read_due(_period: ledger.Period) -> None:
    """Read what ended since the last run, for a while."""
    deadline = time.monotonic() + RUN_S
    for arena in Arena.objects.order_by("pk"):
        while time.monotonic() < deadline and read_next(arena):
            pass


def forget_old() -> int:
    """Delete readings that no build will look up any more; returns how many."""
    number, _by_model = TextReading.objects.filter(created_at__lt=Now() - KEPT).delete()
    return number


def read_next(arena: Arena) -> int:
    """Read the texts of the next battles that ended, and move the mark behind them; returns how many battles."""
    mark = _mark_of(arena)
    ended = Battle.objects.filter(
        arena=arena,
        state__in=FINISHED,
        state_changed_at__gt=mark.up_to,
        state_changed_at__lte=Now() - SETTLED,
        created_at__gt=mark.up_to - LONGEST,
    )
    times = list(ended.order_by("state_changed_at").values_list("state_changed_at", flat=True)[:BATCH])
    if not times:
        return 0
    with transaction.atomic():
        # Whatever ended at the same moment as the last one is read with it.
        battles = list(ended.filter(state_changed_at__lte=times[-1]).select_for_update(of=("self",), no_key=True))
        read_battles(battles)
        ReadingMark.objects.update_or_create(arena=arena, defaults={"rules": RULES, "up_to": times[-1]})
    return len(battles)


def _mark_of(arena: Arena) -> ReadingMark:
    """Where the last run ended; by other rules everything is read again that is not released yet."""
    mark = ReadingMark.objects.filter(arena=arena, rules=RULES).first()
    if mark is not None:
        return mark
    newest = Release.objects.filter(arena=arena, published_at__isnull=False).order_by("-window_end").first()
    return ReadingMark(arena=arena, up_to=moments_of(newest)[1] if newest else datetime(2000, 1, 1, tzinfo=UTC))


def read_battles(battles: Iterable[Battle]) -> None:
    """Read texts that were not read by today's rules; the caller holds the battles' rows."""
    ids = [battle.pk for battle in battles]
    public = [battle.pk for battle in battles if battle.publication or battle.is_simulated]
    prompts = {digest_of(text): text for text in _prompts(ids) if text}
    others = {digest_of(text): text for text in _others(public) if text}
    known = dict(
        TextReading.objects.filter(sha256__in=[*prompts, *others], rules=RULES).values_list("sha256", "sketch")
    )
    whole = {bytes(digest) for digest, sketch in known.items() if sketch is not None}
    read = {bytes(digest) for digest in known}
    _keep(_of_prompts({digest: text for digest, text in prompts.items() if digest not in whole}))
    _keep(_of_others({digest: text for digest, text in others.items() if digest not in read | prompts.keys()}))


def _keep(readings: Iterable[TextReading]) -> None:
    TextReading.objects.bulk_create(
        # In one order, so that two transactions never wait for each other.
        sorted(readings, key=lambda one: bytes(one.sha256)),
        update_conflicts=True,
        unique_fields=["sha256"],
        update_fields=["rules", "kinds", "sketch", "counts"],
    )


def _of_prompts(texts: dict[bytes, str]) -> Iterator[TextReading]:
    listed = list(texts.values())
    columns = (texts, listed, near_duplicates.sketches_of(listed), reading.counts_of(listed))
    for digest, text, sketch, counts in zip(*columns, strict=True):
        kinds = reading.verdict_of(text)
        yield TextReading(sha256=digest, rules=RULES, kinds=kinds, sketch=sketch, counts=counts)


def _of_others(texts: dict[bytes, str]) -> Iterator[TextReading]:
    for digest, text in texts.items():
        yield TextReading(sha256=digest, rules=RULES, kinds=reading.verdict_of(text))


def _prompts(battles: list[Any]) -> Iterator[str]:
    yield from Turn.objects.filter(battle__in=battles).values_list("prompt", flat=True)


def _others(battles: list[Any]) -> Iterator[str]:
    """Answers, what clips sing, and feedback."""
    yield from Response.objects.filter(turn__battle__in=battles).values_list("content", flat=True)
    yield from Clip.objects.filter(response__turn__battle__in=battles).values_list("lyrics", flat=True)
    for said in Vote.objects.filter(battle__in=battles).exclude(Q(feedback={})).values_list("feedback", flat=True):
        yield from said.values()


def forget_battle(battle: Battle) -> None:
    """Delete the readings of a battle's texts, while they are there; what else has one is read again."""
    texts = {text for text in (*_prompts([battle.pk]), *_others([battle.pk])) if text}
    TextReading.objects.filter(sha256__in=[digest_of(text) for text in texts]).delete()

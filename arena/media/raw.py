"""Clips as they came: kept until they are prepared, then forgotten."""

import secrets
from datetime import UTC, datetime
from typing import Final

from django.db import IntegrityError, transaction

from arena.common.object_store import store
from arena.media.models import RawClip
from arena.systems.backends.base import AudioClip

PREFIX: Final = "clips-raw"
_KEY_BYTES: Final = 16


def keep_raw(response_id: int, clip: AudioClip, latency_s: float) -> None:
    """Keep a clip as it came until it is prepared. The same response's second clip (a task delivered twice) goes.

    Raises:
        StorageError: see `arena.common.storage`.
    """
    key = new_key(PREFIX)
    store().put(key, clip.data)
    try:
        with transaction.atomic():
            RawClip.objects.create(
                response_id=response_id,
                key=key,
                media_type=clip.media_type[:80],
                bytes=len(clip.data),
                lyrics=clip.lyrics,
                latency_s=latency_s,
            )
    except IntegrityError:
        store().delete(key)


def forget_raw(turn_id: int) -> None:
    """Delete what came for a turn that has ended, of every attempt."""
    for raw in RawClip.objects.filter(response__turn_id=turn_id):
        store().delete(raw.key)
        raw.delete()


def new_key(prefix: str) -> str:
    """A random name below the day, by which `orphans` finds what no row names."""
    return f"{prefix}/{datetime.now(UTC).date()}/{secrets.token_hex(_KEY_BYTES)}"

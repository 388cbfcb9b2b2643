"""Erase what was made for a battle; its rows stay."""

from functools import partial

from django.db import transaction

from arena.battles.models import Battle
from arena.common.object_store import store
from arena.media.models import Clip


def erase_clips(battle: Battle) -> None:
    """What a battle's clips sound like and say, but not their lengths. The objects go after the commit."""
    clips = Clip.objects.filter(response__turn__battle=battle)
    for key in clips.values_list("key", flat=True):
        transaction.on_commit(partial(store().delete, key))
    clips.update(lyrics="")

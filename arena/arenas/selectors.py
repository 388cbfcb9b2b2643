"""Reading arenas.

ArenaNotFound      no such arena, or one that is not open to the public
"""

from arena.arenas.models import Arena


class ArenaNotFound(LookupError):
    """No open arena has this slug."""


def open_arenas() -> list[Arena]:
    """Every arena that visitors may enter, the oldest first."""
    return list(Arena.objects.filter(is_open=True).order_by("id"))


def open_arena(slug: str) -> Arena:
    """The open arena of this slug.

    Raises:
        ArenaNotFound: there is none.
    """
    try:
        return Arena.objects.get(slug=slug, is_open=True)
    except Arena.DoesNotExist:
        raise ArenaNotFound(slug) from None


def slugs_by_id() -> dict[int, str]:
    """Arena id → slug of every arena, open or not."""
    return dict(Arena.objects.values_list("id", "slug"))

"""The moderators of this deployment: the rules always, and a remote one where `ARENA_MODERATION_URL` names it."""

from arena.router.guard import Moderator


def moderators() -> tuple[Moderator, ...]:
    """Who is asked, in this order."""
    return ()

"""A moment as people type it: ISO 8601, a date alone being its first instant, UTC where no zone is named. Pure."""

from datetime import UTC, datetime


def moment_of(text: str) -> datetime:
    """The moment.

    Raises:
        ValueError: not one.
    """
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Periods of the clock: when one begins, when the next does. Pure; every moment is aware and in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Periods(Protocol):
    """A way to cut time into periods without gaps."""

    def start_of(self, moment: datetime) -> datetime:
        """The beginning of the period that `moment` lies in."""
        ...

    def after(self, start: datetime) -> datetime:
        """The beginning of the period that follows the one that begins at `start`; also the end of that one."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Periods of one length, counted from 1970: every hour starts at minute 0, every day at midnight."""

    length: timedelta

    def start_of(self, moment: datetime) -> datetime:
        """See `Periods`."""
        return moment - (moment - _EPOCH) % self.length

    def after(self, start: datetime) -> datetime:
        """See `Periods`."""
        return start + self.length


@dataclass(frozen=True, slots=True)
class EveryMonth:
    """Calendar months."""

    def start_of(self, moment: datetime) -> datetime:
        """See `Periods`."""
        return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)

    def after(self, start: datetime) -> datetime:
        """See `Periods`."""
        return self.start_of(start + timedelta(days=31))


HOURLY: Final = Every(timedelta(hours=1))
DAILY: Final = Every(timedelta(days=1))
MONTHLY: Final = EveryMonth()


def next_due(periods: Periods, last: datetime | None, now: datetime, backlog: int) -> datetime | None:
    """The beginning of the oldest period that is over at `now` and comes after the one that begins at `last`.

    Args:
        periods: how time is cut.
        last: the beginning of the newest period that was dealt with; None: none ever was, so only the newest period
            that is over counts.
        now: the present.
        backlog: of missed periods the newest so many are made up for; older ones are left out for good.

    Returns:
        None where nothing is due.
    """
    current = periods.start_of(now)
    starts: list[datetime] = []
    earlier = current
    while len(starts) < (1 if last is None else backlog):
        earlier = periods.start_of(earlier - timedelta(microseconds=1))
        if last is not None and earlier <= last:
            break
        starts.append(earlier)
    return starts[-1] if starts else None

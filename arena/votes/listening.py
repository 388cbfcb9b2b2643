"""What was really heard of the two clips of a battle: from what players report, and when the server received it. Pure.

A player reports `play`, `pause`, `seek`, `ended` and, once a second, `tick`, each with the time of its *media* clock.
Two reports of one player in a row prove at most what both clocks agree on: the media clock moved on, and so much time
passed on the server. From that:

- Nothing is heard before `play`, after `pause` or `ended`, while muted (volume 0 is muted), or while the media clock
  stands still. A seek moves the media clock and proves nothing.
- Wall time is spent once: two players of the same clip never earn more than one second per second.
- While both clips play, whichever page plays them, nobody hears either: neither earns.
- A media clock that runs away from the server's by more than `SLACK_MS` is no listening. It earns again after it has
  kept the pace for `PROBATION_MS`. What arrives early within the slack is earned as the time passes.
- A sequence number counts once per side; what is not above the last one is a repetition. A media time outside the clip
  ends the playing.
- Clocks: within a source (a socket), `at_s` comes from a monotonic clock. A source that begins before what is known
  already (the server's clock was set back) is moved behind it.

All arithmetic is in whole milliseconds, so that the sum does not depend on how reports were batched. A report costs
O(1): at most `MAX_SOURCES` sources and `MAX_INTERVALS` intervals are kept, and at most `MAX_REPORTS` reports are read.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, Final

from arena.battles.states import SIDES, Side

SLACK_MS: Final = 1000
PROBATION_MS: Final = 2000
#: How far a media clock may be past the clip's end: decoders round.
END_SLACK_MS: Final = 500
MAX_SOURCES: Final = 4
#: Parts of a clip that are kept apart; what would be one more counts as heard, and is left out of the coverage.
MAX_INTERVALS: Final = 64
#: More than an hour at the pace that a socket allows.
MAX_REPORTS: Final = 20_000

_OTHER: Final[dict[Side, Side]] = {"left": "right", "right": "left"}


class ReportKind(Enum):
    """What a player tells."""

    PLAY = "play"
    PAUSE = "pause"
    SEEK = "seek"
    ENDED = "ended"
    TICK = "tick"


_STARTS: Final = frozenset({ReportKind.PLAY, ReportKind.SEEK})
_ENDS: Final = frozenset({ReportKind.PAUSE, ReportKind.ENDED})


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `source`: the socket it came by. `at_s`: when the server received it; see the module's clocks."""

    source: str
    side: Side
    kind: ReportKind
    media_s: float
    seq: int
    muted: bool
    at_s: float


@dataclass(slots=True)
class _Run:
    """A player that plays: where it was at its last report. `behind_ms`: played, but not earned yet."""

    media_ms: int
    at_ms: int
    muted: bool
    behind_ms: int = 0


@dataclass(slots=True)
class _Source:
    """One socket. `shift_ms` moves its clock behind what was known when it began."""

    shift_ms: int
    last_ms: int
    runs: dict[Side, _Run] = field(default_factory=dict)


@dataclass(slots=True)
class Track:
    """What is known of one clip. `intervals`: the parts heard, in media time, disjoint and in order."""

    heard_ms: int = 0
    intervals: list[tuple[int, int]] = field(default_factory=list)
    last_seq: int = -1
    # The last moment at which somebody was known to hear it.
    audible_ms: int = 0
    # How far the media clock is ahead of the server's, as of `debt_at_ms`; it earns nothing before `trusted_ms`.
    debt_ms: int = 0
    debt_at_ms: int = 0
    trusted_ms: int = 0

    @property
    def heard_s(self) -> float:
        """Seconds that were heard, a part heard twice counting twice."""
        return self.heard_ms / 1000

    @property
    def covered_s(self) -> float:
        """Seconds of the clip that were heard at least once."""
        return sum(end - start for start, end in self.intervals) / 1000

    def earn(self, start_ms: int, end_ms: int) -> None:
        """Add the media interval to what was heard."""
        self.heard_ms += end_ms - start_ms
        first = bisect_left(self.intervals, start_ms, key=lambda one: one[1])
        last = first
        while last < len(self.intervals) and self.intervals[last][0] <= end_ms:
            start_ms, end_ms = min(start_ms, self.intervals[last][0]), max(end_ms, self.intervals[last][1])
            last += 1
        if last > first or len(self.intervals) < MAX_INTERVALS:
            self.intervals[first:last] = [(start_ms, end_ms)]

    def pace(self, media_ms: int, wall_ms: int, at_ms: int) -> None:
        """Keep account of a media clock that moved `media_ms` in `wall_ms`, and suspend one that runs away."""
        self.debt_ms = max(0, self.debt_ms + media_ms - wall_ms)
        self.debt_at_ms = at_ms
        if self.debt_ms > SLACK_MS:
            self.debt_ms, self.trusted_ms = 0, at_ms + PROBATION_MS

    def settle(self, at_ms: int) -> None:
        """Time without playing pays off what the media clock was ahead."""
        self.debt_ms = max(0, self.debt_ms - max(0, at_ms - self.debt_at_ms))
        self.debt_at_ms = at_ms


@dataclass(slots=True)
class Ledger:
    """The account of one battle; feed it reports in the order in which they arrived."""

    duration_s: Mapping[Side, float]
    tracks: dict[Side, Track] = field(default_factory=lambda: {side: Track() for side in SIDES})
    reports: int = 0
    # Wall time up to here is spent.
    spent_ms: int = 0
    latest_ms: int = 0
    sources: dict[str, _Source] = field(default_factory=dict)

    def add(self, report: Report) -> None:
        """Take one report into account."""
        track = self.tracks[report.side]
        self.reports += 1
        if self.reports > MAX_REPORTS or report.seq <= track.last_seq:
            self.reports = min(self.reports, MAX_REPORTS)
            return
        track.last_seq = report.seq
        source, media_ms = self._source(report), _ms(report.media_s)
        before = source.runs.pop(report.side, None)
        if not 0 <= media_ms <= _ms(self.duration_s[report.side]) + END_SLACK_MS:
            return
        run = _Run(media_ms, source.last_ms, report.muted)
        if before is None and report.kind is not ReportKind.PLAY:
            return
        if not (before or run).muted:
            track.audible_ms = max(track.audible_ms, run.at_ms)
        if report.kind in _STARTS:
            track.settle(run.at_ms)
        elif before is not None:
            self._credit(report.side, before, run)
        if report.kind not in _ENDS:
            source.runs[report.side] = run

    def _source(self, report: Report) -> _Source:
        """The report's socket, with its clock moved on to the report."""
        at_ms = _ms(report.at_s)
        source = self.sources.get(report.source)
        if source is None:
            if len(self.sources) >= MAX_SOURCES:
                del self.sources[min(self.sources, key=lambda name: self.sources[name].last_ms)]
            shift_ms = max(0, self.latest_ms - at_ms)
            source = self.sources[report.source] = _Source(shift_ms, at_ms + shift_ms)
        source.last_ms = max(source.last_ms, at_ms + source.shift_ms)
        self.latest_ms = max(self.latest_ms, source.last_ms)
        return source

    def _credit(self, side: Side, before: _Run, run: _Run) -> None:
        """Earn what two reports in a row prove, and leave in `run.behind_ms` what may still be proven."""
        track = self.tracks[side]
        moved_ms, wall_ms = max(0, run.media_ms - before.media_ms), run.at_ms - before.at_ms
        track.pace(moved_ms, wall_ms, run.at_ms)
        if run.muted or before.muted or track.trusted_ms > run.at_ms:
            return
        proven_ms = min(moved_ms + before.behind_ms, wall_ms)
        end_ms = before.media_ms - before.behind_ms + proven_ms
        run.behind_ms = max(0, before.behind_ms + moved_ms - proven_ms)
        from_ms = max(before.at_ms, self.spent_ms, track.trusted_ms)
        earned_ms = min(proven_ms, run.at_ms - from_ms)
        if earned_ms > 0 and not self._drowned(_OTHER[side], before.at_ms):
            self.spent_ms = run.at_ms
            track.earn(end_ms - earned_ms, end_ms)

    def _drowned(self, other: Side, since_ms: int) -> bool:
        """Whether the other clip was audible too since then."""
        open_runs = (source.runs.get(other) for source in self.sources.values())
        return self.tracks[other].audible_ms > since_ms or any(
            run is not None and not run.muted and run.at_ms >= since_ms for run in open_runs
        )

    def coverage(self, side: Side) -> float:
        """The share of the clip that was heard at least once."""
        duration_s = self.duration_s[side]
        return min(1.0, self.tracks[side].covered_s / duration_s) if duration_s > 0 else 0.0

    def state(self) -> dict[str, Any]:
        """What must be kept to go on later, without `duration_s`: plain JSON, at most some kilobytes."""
        kept = asdict(self)
        del kept["duration_s"]
        return kept

    @classmethod
    def resumed(cls, duration_s: Mapping[Side, float], state: Mapping[str, Any]) -> "Ledger":
        """The ledger that `state` was taken from; a new one where it is empty."""
        if not state:
            return cls(duration_s)
        tracks = {side: Track(**state["tracks"][side]) for side in SIDES}
        for track in tracks.values():
            track.intervals = [(start, end) for start, end in track.intervals]
        sources = {
            name: _Source(one["shift_ms"], one["last_ms"], {side: _Run(**run) for side, run in one["runs"].items()})
            for name, one in state["sources"].items()
        }
        return cls(duration_s, tracks, state["reports"], state["spent_ms"], state["latest_ms"], sources)


def ledger_of(reports: Iterable[Report], duration_s: Mapping[Side, float]) -> Ledger:
    """The account of a whole log."""
    ledger = Ledger(duration_s)
    for report in reports:
        ledger.add(report)
    return ledger


def _ms(seconds: float) -> int:
    return round(seconds * 1000)

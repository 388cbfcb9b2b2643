"""What the arena counts for Prometheus: every metric that processes add to, in one place, as `DOORBELLS` lists tasks.

Label values come from closed sets (codes, classes, routes, ids of arenas and versions), never from what was typed.
"""

from typing import Final

from arena.common import connections
from arena.common.metrics import Counter, Gauge, Histogram

#: From what a visitor takes for immediate to what nobody waits for.
_WAIT_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
_CALL_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 240.0)
_HTTP_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

BATTLES_STARTED: Final = Counter("arena_battles_started", "Battles that visitors asked for.", ("arena",))
BATTLES_ENDED: Final = Counter(
    "arena_battles_ended", "Battles by the state that they ended in, and why.", ("arena", "state", "reason")
)
VOTES: Final = Counter("arena_votes", "Votes by what they said.", ("arena", "outcome"))
FIRST_FRAME_S: Final = Histogram(
    "arena_first_frame_seconds", "From a prompt to the first text that its visitor sees.", _WAIT_S, ("arena",)
)
FIRST_TEXT_S: Final = Histogram(
    "arena_first_text_seconds", "From the call of a system to its first text.", _WAIT_S, ("version",)
)
GENERATION_S: Final = Histogram(
    "arena_generation_seconds", "From the call of a system to the end of its answer.", _CALL_S, ("version",)
)
ERRORS: Final = Counter(
    "arena_generation_errors", "Calls of systems that failed, by class of error.", ("version", "error")
)
SPEND_USD: Final = Counter("arena_spend_usd", "What answers cost, as far as prices are known.", ("version",))
HTTP_REQUESTS: Final = Counter("arena_http_requests", "Requests answered.", ("method", "route", "status"))
HTTP_S: Final = Histogram("arena_http_request_seconds", "Time to the answer of a request.", _HTTP_S, ("route",))
SOCKETS: Final = Gauge("arena_websockets_open", "WebSockets that are open.")
DATABASE_BUSY: Final = Gauge(
    connections.BUSY,
    "Connections of the database pools that somebody uses.",
    measure=connections.database_busy,
)
DATABASE_MOST: Final = Gauge(
    connections.MOST,
    "Connections to PostgreSQL that processes may have at most.",
    measure=connections.database_most,
)

"""The text form of limits: `battle.voter=30/3600,vote.network=0`. Pure.

One entry is `action.scope=number/seconds`: at most `number` admissions in each window of `seconds`. `=0` switches
the limit off. The environment (`ARENA_LIMITS`) and tokens (`create_token --limits`) use the same form.
"""

from typing import Final, TypeAlias

from arena.accounts.errors import LimitsInvalid

ACTIONS: Final = ("consent", "battle", "turn", "vote", "report", "requirement")
#: Whom a limit counts: one voter, one network prefix, or all voters of one token together.
SCOPES: Final = ("voter", "network", "token")
#: Old counters are purged by age; a longer window would be forgotten before its end.
MAX_WINDOW_S: Final = 86_400
MAX_NUMBER: Final = 1_000_000_000

#: (number, window in seconds); number 0: no limit.
Limit: TypeAlias = tuple[int, int]


def _entry(text: str) -> tuple[str, str, Limit]:
    name, _equals, value = text.partition("=")
    action, _dot, scope = name.strip().partition(".")
    if action not in ACTIONS or scope not in SCOPES:
        raise LimitsInvalid(f"{text!r}: expected one of {'|'.join(ACTIONS)}, '.', one of {'|'.join(SCOPES)}, '='")
    number, slash, window = (part.strip() for part in value.partition("/"))
    if number == "0" and not slash:
        return action, scope, (0, MAX_WINDOW_S)
    if not (number.isascii() and number.isdigit() and window.isascii() and window.isdigit()):
        raise LimitsInvalid(f"{text!r}: expected number/seconds, or 0 for no limit")
    if int(number) > MAX_NUMBER or not 1 <= int(window) <= MAX_WINDOW_S:
        raise LimitsInvalid(f"{text!r}: at most {MAX_NUMBER} in a window of 1 to {MAX_WINDOW_S} seconds")
    return action, scope, (int(number), int(window))


def parse_limits(text: str) -> dict[str, dict[str, Limit]]:
    """Read limits: action → scope → (number, window in seconds).

    Raises:
        LimitsInvalid: an entry is malformed, unknown or named twice; the message shows it.
    """
    limits: dict[str, dict[str, Limit]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        action, scope, limit = _entry(part)
        if scope in limits.setdefault(action, {}):
            raise LimitsInvalid(f"{action}.{scope} is named twice")
        limits[action][scope] = limit
    return limits

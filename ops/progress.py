"""Lines for the person at the terminal: one for each step, with the seconds since the command was given."""

import time


class Progress:
    """A clock that prints."""

    def __init__(self, started: float | None = None) -> None:
        """Start the clock.

        Args:
            started: when the command was given, seconds since the epoch; None is now.
        """
        self._started = time.time() if started is None else started

    def say(self, text: str) -> None:
        """Print one line and flush it: somebody may wait for it through a pipe."""
        print(f"[{time.time() - self._started:6.1f} s] {text}", flush=True)

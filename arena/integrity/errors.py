"""Why an action is not admitted.

NotAdmitted
├── ConsentRequired         403: the visitor has not agreed to take part
└── LimitReached            429: too often; `retry_after_s`
    └── TooManyOpen         too many battles of this voter are still running
"""


class NotAdmitted(Exception):
    """Base of this package's errors."""


class ConsentRequired(NotAdmitted):
    """No research consent of this voter or token."""


class LimitReached(NotAdmitted):
    """Too often. `retry_after_s`: whole seconds until the window ends; `scope`: whose limit it is."""

    def __init__(self, retry_after_s: int, scope: str) -> None:
        super().__init__(f"limit of the {scope} reached; again in {retry_after_s} s")
        self.retry_after_s = retry_after_s
        self.scope = scope


class TooManyOpen(LimitReached):
    """As many battles of this voter are running as may run at once."""

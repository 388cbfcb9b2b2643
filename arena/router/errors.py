"""What can go wrong between a prompt and its pairing.

RouterError
├── PromptInvalid           422: the text or the requirement is not acceptable; `code`, `message`
├── GuardUnavailable        503: moderation gave no answer; the prompt is neither accepted nor refused
└── NoPair                  fewer than two systems can answer; `code`
"""


class RouterError(Exception):
    """Base of this package's errors."""


class PromptInvalid(RouterError):
    """The prompt or its requirement is not acceptable. `message` is for the visitor, in the active language."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message


class GuardUnavailable(RouterError):
    """Moderation gave no usable answer in time: try again later."""


class NoPair(RouterError):
    """Fewer than two systems can answer. `code`: `no_systems` (for anything) or `no_pair` (for this prompt)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

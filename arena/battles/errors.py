"""What can be wrong with a wish about a battle.

BattleError
├── BattleNotFound          unknown, or somebody else's: the two look alike
├── ArenaClosed             the arena takes no battles now
├── IdempotencyMismatch     the same key came with another prompt
├── PromptRefused           a follow-up was refused by moderation; `code`
├── WrongState              the battle is not where the wish needs it
│   ├── NotReady            answers are still being written, or the battle ended without
│   └── AlreadyVoted        nothing can follow a vote
├── TooManyTurns            the conversation is as long as it may be
└── AlreadyReported         this answer was reported before
"""


class BattleError(Exception):
    """A wish about a battle cannot be granted."""


class BattleNotFound(BattleError):
    """There is no such battle for this voter."""


class ArenaClosed(BattleError):
    """The arena takes no battles now."""


class IdempotencyMismatch(BattleError):
    """An Idempotency-Key was used before with another body."""


class PromptRefused(BattleError):
    """Moderation refused a follow-up; the battle stays as it was."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class WrongState(BattleError):
    """The battle is not in a state that allows this."""


class NotReady(WrongState):
    """The answers are not complete."""


class AlreadyVoted(WrongState):
    """The battle has its vote."""


class TooManyTurns(BattleError):
    """The conversation has reached its length."""


class AlreadyReported(BattleError):
    """This answer was reported before."""

"""What can go wrong with accounts.

AccountError
├── ConsentIncomplete       research consent or the age is missing: nobody may start without them
├── TokenNameTaken          a token of this name exists
├── ExternalIdInvalid       a program named its voter by nothing, by too much, or by control characters
└── LimitsInvalid           a limits text is not `action.scope=number/seconds,…`
"""


class AccountError(Exception):
    """Base of this package's errors."""


class ConsentIncomplete(AccountError):
    """Research consent and the minimum age are both required."""


class TokenNameTaken(AccountError):
    """A token of this name exists."""


class ExternalIdInvalid(AccountError):
    """`X-Voter` is empty, over 200 characters, or not printable."""


class LimitsInvalid(AccountError):
    """A limits text is malformed; the message says where."""

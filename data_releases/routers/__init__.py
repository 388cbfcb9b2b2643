"""Reference routers, fitted on a release's training part and judged on its held-out votes. Framework-free.

Exception
└── CannotTrain             nothing was trained; the sentence says what the release lacks
    ├── UnknownPolicy       none of `training.POLICIES`
    ├── NoPrompts           no prompt was published, so that there are no vectors
    ├── NoSplit             no counted vote is in the training part, or none in the test part
    ├── NoPropensities      a battle without the probability of its pair
    └── TooFewVotes         fewer than can teach or test anything
"""


class CannotTrain(Exception):
    """Nothing was trained."""


class UnknownPolicy(CannotTrain):
    """There is no such policy."""


class NoPrompts(CannotTrain):
    """No prompt of a counted vote was published."""


class NoSplit(CannotTrain):
    """A part has no vote."""


class NoPropensities(CannotTrain):
    """The probability of a pair is missing."""


class TooFewVotes(CannotTrain):
    """Fewer votes than can teach or test anything."""

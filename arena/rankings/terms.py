"""What the settings of a board may be, and the constants of its numbers. Pure.

Apart from the mathematics, so that pages and models know them without loading it.
"""

import math
from typing import Final, Literal, TypeAlias

Ties: TypeAlias = Literal["half", "davidson", "rao-kupper"]
BothBad: TypeAlias = Literal["tie", "exclude", "apart"]

TIES: Final[tuple[Ties, ...]] = ("half", "davidson", "rao-kupper")
BOTH_BAD: Final[tuple[BothBad, ...]] = ("tie", "exclude", "apart")

MEAN: Final = 1000.0
#: Rating points per natural-log unit of strength: 400 / ln 10.
SCALE: Final = 400.0 / math.log(10.0)
#: The solver stops after a step below this; Newton's next one would be about its square.
TOLERANCE: Final = 1e-10
#: Of intervals, where nobody says.
LEVEL: Final = 0.95

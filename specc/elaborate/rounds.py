"""The loops that are being elaborated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from specc.elaborate.scope import Naming
from specc.elaborate.values import LayerValue, Value
from specc.syntax import ast

_ROUND: Final = r"(^|\.)\d+\.$"
"""How the names of layers begin in a round of a loop that has a label."""


class Round:
    """A loop that is being elaborated: the `index` of the current iteration, the values of the loop variables in every
    iteration (`rows`; `None` for `repeat`), and the number of `calls` of blocks around the loop."""

    __slots__ = ("calls", "index", "loop", "rows")

    def __init__(self, loop: ast.For | ast.Repeat, rows: Sequence[tuple[Value, ...]] | None, calls: int) -> None:
        self.loop = loop
        self.rows = rows
        self.calls = calls
        self.index = 0


def of_this_round(written: ast.Expr, value: Value, naming: Naming) -> str | None:
    """What to say of `a[i - 1]` for a label of the loop's body, which is a list behind the loop alone."""
    if not isinstance(written, ast.Name) or not isinstance(value, LayerValue):
        return None
    if re.match(rf"(.*\.)?{written.id}\.\d+\.", value.layer):
        return (
            f"`{written.id}` is the value that the loop leaves behind: a label of a line within it, `y: ...`, is the "
            "list of all, `y[0]`"
        )
    called = f"{naming.prefix}{written.id}{naming.suffix}"
    if value.layer != called or not (naming.suffix or re.search(_ROUND, naming.prefix)):
        return None
    return (
        f"`{written.id}` is the value of this round, and a list behind the loop alone; a round begins with the last "
        "value of the one before: `let before = in` on its first line keeps it"
    )

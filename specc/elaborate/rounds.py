"""The loops that are being elaborated."""

from __future__ import annotations

from collections.abc import Sequence

from specc.elaborate.values import Value
from specc.syntax import ast


class Round:
    """A loop that is being elaborated, in so many `calls` of blocks: the iteration at `index`, and `rows` of what the
    names of all are bound to."""

    __slots__ = ("calls", "index", "loop", "rows")

    def __init__(self, loop: ast.For | ast.Repeat, rows: Sequence[tuple[Value, ...]] | None, calls: int) -> None:
        self.loop = loop
        self.rows = rows
        self.calls = calls
        self.index = 0

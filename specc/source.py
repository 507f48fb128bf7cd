"""Source text and places in it.  A `Span` is two offsets; rows and columns are derived when asked for."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


@dataclass(frozen=True, eq=False)
class Source:
    """The text of one file.  `name` is the path as the user wrote it, relative wherever it can be."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """The row and column of `offset`, both counted from 1, columns in characters."""
        row = bisect_right(self._line_starts, offset)
        return row, offset - self._line_starts[row - 1] + 1

    def line(self, row: int) -> str:
        """The text of `row` (from 1) without its line ending."""
        starts = self._line_starts
        end = starts[row] if row < len(starts) else len(self.text)
        return self.text[starts[row - 1] : end].rstrip("\r\n")


class Span(NamedTuple):
    """The half-open range `[start, end)` of `source.text`."""

    source: Source
    start: int
    end: int

    @property
    def row(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, other.end)

"""Source text and places in it.  A `Span` is two offsets; rows and columns are derived when asked for."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Final, NamedTuple


class Source:
    """The text of one file.  `name` is the path as the user wrote it, relative wherever it can be."""

    def __init__(self, name: str, text: str) -> None:
        self.name: Final = name
        self.text: Final = text

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n")[:-1])]

    def position(self, offset: int) -> tuple[int, int]:
        """The row and column of `offset`, both counted from 1, columns in characters."""
        row = self.row(offset)
        return row, offset - self._line_starts[row - 1] + 1

    def row(self, offset: int) -> int:
        """The row of `offset`, counted from 1."""
        return bisect_right(self._line_starts, offset)

    def line(self, row: int) -> str:
        """The text of `row` (from 1) without its line ending."""
        starts = self._line_starts
        end = starts[row] if row < len(starts) else len(self.text)
        return self.text[starts[row - 1] : end].rstrip("\r\n")


class Line(Source):
    """A line that is parsed by itself, and goes with the text around it from one version of a file to the next.

    To its parser it is a text of its own; it stands at `offset` of `whole`.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self.move(self, 0)

    def move(self, whole: Source, offset: int) -> None:
        self.whole = whole
        self.offset = offset


class Span(NamedTuple):
    """The half-open range `[start, end)` of `source.text`."""

    source: Source
    start: int
    end: int

    def at_rest(self) -> Span:
        """The same place as one that stays where it is."""
        return self

    @property
    def row(self) -> int:
        return self.source.row(self.start)

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """What is written there."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, other.end)


class LineSpan(Span):
    """A span made of a line and two offsets in it, that reads as one of the file that the line now stands in."""

    __slots__ = ()

    @property
    def _line(self) -> Line:
        line = self[0]
        assert isinstance(line, Line)
        return line

    @property
    def source(self) -> Source:
        return self._line.whole

    @property
    def start(self) -> int:
        return self[1] + self._line.offset

    @property
    def end(self) -> int:
        return self[2] + self._line.offset

    def at_rest(self) -> Span:
        return Span(self.source, self.start, self.end)

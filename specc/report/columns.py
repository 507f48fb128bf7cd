"""Text tables that line up: columns shrink, and less important ones go, until the table fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

from specc.textwidth import pad, printable, shorten, text_width, wrap

GAP = 2

_LEAST = 6  # cells, below which no column is shortened


@dataclass(frozen=True)
class Column:
    """A column of a text table.

    `least` is the width it may be shortened to (0: never shortened): long cells lose their `tails` (the ends that may
    be left out), then their middle, or go on in the next line if the column `wraps`.  The column with the highest
    `drop` goes first when the table is still too wide (0: never goes).
    """

    title: str
    cells: Sequence[str]
    right: bool = False
    least: int = 0
    drop: int = 0
    wraps: bool = False
    tails: Sequence[str] = ()

    @cached_property
    def width(self) -> int:
        return max(map(text_width, (self.title, *(cell + tail for cell, tail in self.parts))))

    @property
    def parts(self) -> Iterable[tuple[str, str]]:
        """Every cell and its tail."""
        return zip(self.cells, self.tails or [""] * len(self.cells), strict=True)


@dataclass(frozen=True, slots=True)
class Style:
    """How a table is drawn: with or without characters beyond ASCII, and with or without colour."""

    unicode: bool = True
    colour: bool = False

    @property
    def rule(self) -> str:
        return "─" if self.unicode else "-"

    @property
    def ellipsis(self) -> str:
        return "…" if self.unicode else "..."

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self.colour else text


def draw(columns: Sequence[Column], width: int, style: Style) -> Iterator[str]:
    """The lines of a table of at most `width` cells: title between two rules, the rows, and a rule."""
    fitted = fit([_clean(column) for column in columns], width)
    widths = [size for _, size in fitted]
    rule = style.dim(style.rule * (sum(widths) + GAP * (len(widths) - 1)))
    yield rule
    yield style.bold(_line([shorten(c.title, size, style.ellipsis) for c, size in fitted], fitted))
    yield rule
    columns_of_lines = [_lines(column, size, style) for column, size in fitted]
    for row in zip(*columns_of_lines, strict=True):
        for line in zip_longest(*row, fillvalue=""):
            yield _line(line, fitted)
    yield rule


def _clean(column: Column) -> Column:
    return replace(column, cells=list(map(printable, column.cells)), tails=list(map(printable, column.tails)))


def _lines(column: Column, width: int, style: Style) -> list[list[str]]:
    """The lines of every cell, each at most `width` cells wide."""
    return [_cell(cell, tail, column.wraps, width, style) for cell, tail in column.parts]


def _cell(cell: str, tail: str, wraps: bool, width: int, style: Style) -> list[str]:
    if wraps:
        return [shorten(line, width, style.ellipsis) for line in wrap(cell, width)]
    whole = cell + tail
    return [whole if text_width(whole) <= width else shorten(cell, width, style.ellipsis)]


def _line(cells: Sequence[str], fitted: list[tuple[Column, int]]) -> str:
    shown = (pad(cell, width, right=column.right) for cell, (column, width) in zip(cells, fitted, strict=True))
    return (" " * GAP).join(shown).rstrip()


def fit(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that stay, with their widths: shortened to their `least`, then dropped one by one, and at last
    shortened as far as anything can be read."""
    kept = list(columns)
    while sum(_shortened(kept, width, 0)) > _room(kept, width) and any(column.drop for column in kept):
        kept.remove(max(kept, key=lambda column: column.drop))
    tight = sum(_shortened(kept, width, 0)) > _room(kept, width)
    return list(zip(kept, _shortened(kept, width, _LEAST if tight else 0), strict=True))


def _room(columns: list[Column], width: int) -> int:
    return width - GAP * (len(columns) - 1)


def _shortened(columns: list[Column], width: int, least: int) -> list[int]:
    """Widths that fill `width` if they can, always taking from the widest column that may be shortened; `least`
    overrules the columns' own."""
    widths = [column.width for column in columns]
    floors = [
        min(width, least or max(column.least, text_width(column.title))) if column.least else width
        for column, width in zip(columns, widths, strict=True)
    ]
    for _ in range(sum(widths) - _room(columns, width)):
        index = max(range(len(widths)), key=lambda i: (widths[i] > floors[i], widths[i]))
        widths[index] -= widths[index] > floors[index]
    return widths

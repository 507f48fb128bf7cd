"""Text tables that line up: columns shrink, and less important ones go, until the table fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat, zip_longest
from operator import add
from typing import NamedTuple

from specc.textwidth import pad, printable, shorten, text_width, wrap

_GAP = "  "
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
        return max(text_width(self.title), max(map(len if self.plain else text_width, self.whole), default=0))

    @cached_property
    def plain(self) -> bool:
        """Whether every character takes one cell, which is much quicker to handle."""
        text = "".join(self.whole)
        return text.isascii() and text.isprintable()

    @cached_property
    def whole(self) -> Sequence[str]:
        """Every cell with its tail."""
        return list(map(add, self.cells, self.tails)) if self.tails else self.cells


class Style(NamedTuple):
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
    rule = style.dim(style.rule * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    yield rule
    titles = (pad(shorten(c.title, size, style.ellipsis), size, right=c.right) for c, size in fitted)
    yield style.bold(_GAP.join(titles).rstrip())
    yield rule
    for line in _lines(fitted, style):
        yield _GAP.join(line).rstrip()
    yield rule


def _lines(fitted: list[tuple[Column, int]], style: Style) -> Iterator[Sequence[str]]:
    """The cells of every line, each filled up to the width of its column."""
    if not any(column.wraps and column.width > size for column, size in fitted):
        yield from zip(*(_filled(column, size, style) for column, size in fitted), strict=True)
        return
    for row in zip(*(_wrapped(column, size, style) for column, size in fitted), strict=True):
        for line in zip_longest(*row, fillvalue=""):
            yield [pad(cell, size, right=column.right) for cell, (column, size) in zip(line, fitted, strict=True)]


def _filled(column: Column, width: int, style: Style) -> Iterable[str]:
    if column.width <= width and column.plain:
        return map(str.rjust if column.right else str.ljust, column.whole, repeat(width))
    return [pad(cell, width, right=column.right) for cell in _shortened_cells(column, width, style)]


def _wrapped(column: Column, width: int, style: Style) -> Iterable[list[str]]:
    """The lines of every cell."""
    if column.wraps:
        return ([shorten(line, width, style.ellipsis) for line in wrap(cell, width)] for cell in column.cells)
    return ([cell] for cell in _shortened_cells(column, width, style))


def _shortened_cells(column: Column, width: int, style: Style) -> Iterable[str]:
    return (
        whole if text_width(whole) <= width else shorten(cell, width, style.ellipsis)
        for cell, whole in zip(column.cells, column.whole, strict=True)
    )


def _clean(column: Column) -> Column:
    if column.plain:
        return column
    return replace(column, cells=list(map(printable, column.cells)), tails=list(map(printable, column.tails)))


def fit(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that stay, with their widths: shortened to their `least`, then dropped one by one, and at last
    shortened as far as anything can be read."""
    kept = list(columns)
    while sum(_shortened(kept, width, 0)) > _room(kept, width) and any(column.drop for column in kept):
        kept.remove(max(kept, key=lambda column: column.drop))
    tight = sum(_shortened(kept, width, 0)) > _room(kept, width)
    return list(zip(kept, _shortened(kept, width, _LEAST if tight else 0), strict=True))


def _room(columns: list[Column], width: int) -> int:
    return width - len(_GAP) * (len(columns) - 1)


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

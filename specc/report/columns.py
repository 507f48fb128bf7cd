"""Text tables that line up: columns shrink, and less important ones go, until the table fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from specc.textwidth import pad, printable, shorten, text_width

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a text table.

    `least` is the width it may be shortened to (0: never shortened); the column with the highest `drop` goes first
    when the table is still too wide (0: never goes).
    """

    title: str
    cells: Sequence[str]
    right: bool = False
    least: int = 0
    drop: int = 0

    @property
    def width(self) -> int:
        return max(map(text_width, (self.title, *self.cells)))


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
    yield style.bold(_line([c.title for c, _ in fitted], fitted, style))
    yield rule
    for row in zip(*(c.cells for c, _ in fitted), strict=True):
        yield _line(row, fitted, style)
    yield rule


def _clean(column: Column) -> Column:
    return replace(column, cells=[printable(cell) for cell in column.cells])


def _line(cells: Sequence[str], fitted: list[tuple[Column, int]], style: Style) -> str:
    shown = (
        pad(shorten(cell, width, style.ellipsis), width, right=column.right)
        for cell, (column, width) in zip(cells, fitted, strict=True)
    )
    return (" " * GAP).join(shown).rstrip()


def fit(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that stay, with their widths: shortened as far as they may be, then dropped one by one."""
    kept = list(columns)
    while True:
        widths = _shortened(kept, width - GAP * (len(kept) - 1))
        droppable = max(kept, key=lambda column: column.drop)
        if sum(widths) + GAP * (len(kept) - 1) <= width or not droppable.drop:
            return list(zip(kept, widths, strict=True))
        kept.remove(droppable)


def _shortened(columns: list[Column], room: int) -> list[int]:
    """Widths that add up to `room` if they can, always taking from the widest column that may be shortened."""
    widths = [column.width for column in columns]
    floors = [max(c.least, text_width(c.title)) if c.least else w for c, w in zip(columns, widths, strict=True)]
    for _ in range(sum(widths) - room):
        index = max(range(len(widths)), key=lambda i: (widths[i] > floors[i], widths[i]))
        widths[index] -= widths[index] > floors[index]
    return widths

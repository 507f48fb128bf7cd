"""Text tables that line up: columns shrink, and less important ones go, until the table fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import repeat, zip_longest
from operator import add
from typing import NamedTuple

from specc.frozen import changed, frozen
from specc.textwidth import abbreviate, pad, printable, shorten, shorten_name, text_width, wrap

_GAP = "  "
_LEAST = 6  # cells, below which no column is shortened
_PART = 5  # cells of a part of a name that can still be understood: `inv…1`
_WIDEST = 36  # cells that names and types may take from the columns behind them


@frozen
class Column:
    """A column of a text table.

    `least` is the width it may be shortened to (0: never shortened): long cells lose their middle; names of layers
    (`names`) are abbreviated, and lose their `tails` (what stands behind the names) where that is not enough.  If the
    column `wraps` its cells go on in the next line.  When the table is still too wide, columns stay in the order of
    `drop`, as many as fit (0: never goes); where the table does not fit even so, those go that can be `spared`, the
    highest first.
    """

    title: str
    cells: Sequence[str]
    right: bool = False
    least: int = 0
    drop: int = 0
    spared: int = 0
    wraps: bool = False
    names: bool = False
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

    @cached_property
    def floor(self) -> int:
        """The width that it has at least."""
        return min(self.width, max(self.least, text_width(self.title))) if self.least else self.width

    def shortened(self, text: str, width: int, ellipsis: str) -> str:
        """One text of the column in at most `width` cells."""
        return shorten_name(text, width, ellipsis) if self.names else shorten(text, width, ellipsis)


def names_with_types(names: Sequence[str], types: Sequence[str]) -> Column:
    """The column of a table about layers that names them, at least as wide as they need to be understood unless that
    is too much; `types` are such as ` (conv)`."""
    least = 0
    for name, kind in zip(names, types, strict=True):
        least = max(least, text_width(abbreviate(name, 0, least=_PART) + kind))
        if least > _WIDEST:
            break
    least = min(least, _WIDEST)
    return Column("Layer (type)", names, least=least, names=True, tails=types)


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


def draw(columns: Sequence[Column], width: int, style: Style, also: str = "") -> Iterator[str]:
    """The lines of a table of at most `width` cells: title between two rules, the rows, and a rule.

    Columns that are left out are named below it, with how to see them; `also` is another way, such as an option.
    """
    cleaned = [_clean(column) for column in columns]
    fitted = fit(cleaned, width)
    widths = [size for _, size in fitted]
    rule = style.dim(style.rule * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    yield rule
    titles = (pad(shorten(c.title, size, style.ellipsis), size, right=c.right) for c, size in fitted)
    yield style.bold(_GAP.join(titles).rstrip())
    yield rule
    for line in _lines(fitted, style):
        yield _GAP.join(line).rstrip()
    yield rule
    if also and len(fitted) < len(columns):
        yield from map(style.dim, wrap(_left_out(cleaned, fitted, also), width))


def _left_out(columns: Sequence[Column], fitted: list[tuple[Column, int]], also: str) -> str:
    """Names the columns that are not among the `fitted`, and says how to see them."""
    shown = [column.title for column, _ in fitted]
    missing = ", ".join(column.title for column in columns if column.title not in shown)
    least = _total([column.floor for column in columns])
    return f"No room for {missing}: use COLUMNS={least} or {also}"


def _lines(fitted: list[tuple[Column, int]], style: Style) -> Iterator[Sequence[str]]:
    """The cells of every line, each filled up to the width of its column."""
    if not any(column.wraps and column.width > size for column, size in fitted):
        yield from zip(*(_filled(column, size, style) for column, size in fitted), strict=True)
        return
    blank = [" " * size for _, size in fitted]
    for row in zip(*(_wrapped(column, size, style) for column, size in fitted), strict=True):
        for line in zip_longest(*row):
            yield [room if cell is None else cell for cell, room in zip(line, blank, strict=True)]


def _filled(column: Column, width: int, style: Style) -> Iterable[str]:
    if column.width <= width and column.plain:
        return map(str.rjust if column.right else str.ljust, column.whole, repeat(width))
    return [pad(cell, width, right=column.right) for cell in _shortened_cells(column, width, style)]


def _wrapped(column: Column, width: int, style: Style) -> Iterable[list[str]]:
    """The lines of every cell, each filled up."""
    if column.wraps and column.width > width:
        return (list(_broken(column, cell, width, style)) for cell in column.cells)
    return ([cell] for cell in _filled(column, width, style))


def _broken(column: Column, cell: str, width: int, style: Style) -> Iterator[str]:
    for line in wrap(cell, width):
        yield pad(column.shortened(line, width, style.ellipsis), width, right=column.right)


def _shortened_cells(column: Column, width: int, style: Style) -> Iterable[str]:
    return (
        whole if text_width(whole) <= width else _shortened_cell(column, cell, whole[len(cell) :], width, style)
        for cell, whole in zip(column.cells, column.whole, strict=True)
    )


def _shortened_cell(column: Column, cell: str, tail: str, width: int, style: Style) -> str:
    room = width - text_width(tail)
    short = abbreviate(cell, room, style.ellipsis) if tail else cell
    return short + tail if text_width(short) <= room else column.shortened(cell, width, style.ellipsis)


def _clean(column: Column) -> Column:
    if column.plain:
        return column
    return changed(column, cells=list(map(printable, column.cells)), tails=list(map(printable, column.tails)))


def table_width(columns: Sequence[Column]) -> int:
    """The cells that a table takes with nothing shortened."""
    return _total([column.width for column in columns])


def fit(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """The columns that stay, with their widths: the more important ones as long as they fit with their `least`, then
    all as wide as there is room; where even those that never go do not fit, shortened as far as anything can be read.
    """
    kept: set[int] = set()
    for index in sorted(range(len(columns)), key=lambda index: columns[index].drop):
        floors = [columns[i].floor for i in (*kept, index)]
        if not columns[index].drop or _total(floors) <= width:
            kept.add(index)
    chosen = [columns[index] for index in sorted(kept)]
    widths = _fitted(chosen, width)
    while _total(widths) > width and any(column.spared for column in chosen):
        chosen.remove(max(chosen, key=lambda column: column.spared))
        widths = _fitted(chosen, width)
    return list(zip(chosen, widths, strict=True))


def _fitted(columns: list[Column], width: int) -> list[int]:
    """Widths that fill `width` if they can, the columns' own floors kept if they can be."""
    tight = _total([column.floor for column in columns]) > width
    return _shortened(columns, width, _LEAST if tight else 0)


def _total(widths: Sequence[int]) -> int:
    """The width of a table whose columns have these."""
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _shortened(columns: list[Column], width: int, least: int) -> list[int]:
    """Widths that fill `width` if they can, always taking from the widest column that may be shortened; `least`
    overrules the columns' own."""
    widths = [column.width for column in columns]
    floors = [min(column.width, least) if least and column.least else column.floor for column in columns]
    for _ in range(_total(widths) - width):
        index = max(range(len(widths)), key=lambda i: (widths[i] > floors[i], widths[i]))
        widths[index] -= widths[index] > floors[index]
    return widths

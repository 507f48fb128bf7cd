"""Source lines with marks under them: the part of a rendered diagnostic between its headline and its notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from specc.source import Source, Span
from specc.textwidth import expand, printable, take, text_width, wrap

_NARROWEST_TEXT = 30  # a label is never wrapped to less than this many cells
_CUT = "..."
_LONG = 10_000  # characters of a line that are looked at


class Mark(NamedTuple):
    """What to draw under one line: characters `[start, end)` from 0, the label's text, and which kind of mark."""

    row: int
    start: int
    end: int
    text: str
    primary: bool


class Piece(NamedTuple):
    """A stretch of rendered text in one style: "plain", "gutter", "primary" or "secondary"."""

    text: str
    style: str = "plain"


Line = list[Piece]


def marks_of(span: Span, text: str, primary: bool) -> list[Mark]:
    """One mark for each line of `span` (of many lines, the first and the last); the text stands at the last."""
    source = span.source
    first, start = source.position(min(span.start, len(source.text)))
    last, end = source.position(min(max(span.end, span.start), len(source.text)))
    if last > first and end == 1:  # a span that ends with a line's end is over on that line
        last, end = last - 1, len(source.line(last - 1)) + 1
    if first == last:
        return [Mark(first, start - 1, max(end - 1, start), text, primary)]
    rows = range(first, last + 1) if last - first < 4 else (first, last)
    return [
        _mark_in_row(source, row, (first, start), (last, end), text if row == last else "", primary) for row in rows
    ]


def _mark_in_row(
    source: Source, row: int, begin: tuple[int, int], finish: tuple[int, int], text: str, primary: bool
) -> Mark:
    line = source.line(row)
    indent = len(line) - len(line.lstrip())
    start = begin[1] - 1 if row == begin[0] else indent
    end = finish[1] - 1 if row == finish[0] else len(line)
    return Mark(row, start, max(end, start + 1), text, primary)


def excerpt(source: Source, marks: Iterable[Mark], gutter: int, width: int) -> Iterator[Line]:
    """The marked lines of `source` in order, `gutter` cells of line numbers before them, at most `width` cells wide."""
    by_row: dict[int, list[Mark]] = {}
    for mark in marks:
        by_row.setdefault(mark.row, []).append(mark)
    previous = None
    for row in sorted(by_row):
        if previous is not None:
            yield from _between(source, previous, row, gutter, width)
        yield from _marked_line(source.line(row), row, by_row[row], gutter, width)
        previous = row


def _between(source: Source, previous: int, row: int, gutter: int, width: int) -> Iterator[Line]:
    if row == previous + 2:
        yield from _marked_line(source.line(previous + 1), previous + 1, [], gutter, width)
    elif row > previous + 2:
        yield [Piece(_CUT, "gutter")]


def _marked_line(line: str, row: int, marks: list[Mark], gutter: int, width: int) -> Iterator[Line]:
    line, marks = _near(line, marks)
    view = _View.of(line, marks, max(width - gutter - 3, 20))
    yield [Piece(f"{row:>{gutter}} |", "gutter"), *([Piece(f" {view.text}")] if view.text.strip() else [])]
    for layer in _layers(marks):
        for pieces in _underline(layer, view, max(width - gutter - 3, 20)):
            yield [Piece(f"{'':{gutter}} |", "gutter"), Piece(" "), *pieces]


def _near(line: str, marks: list[Mark]) -> tuple[str, list[Mark]]:
    """Of an endless line the part around its first (or primary) mark: measuring all of it takes too long."""
    if len(line) <= _LONG:
        return line, marks
    start = max(_focus(marks) - _LONG // 2, 0)
    moved = [
        m._replace(start=min(max(m.start - start, 0), _LONG), end=min(max(m.end - start, 0), _LONG)) for m in marks
    ]
    return line[start : start + _LONG], moved


def _focus(marks: list[Mark]) -> int:
    return min(marks, key=lambda mark: (not mark.primary, mark.start)).start if marks else 0


class _View(NamedTuple):
    """The part of a line that is shown: `text`, and the cell at which each character of the line stands in it."""

    text: str
    cells: list[int]

    @staticmethod
    def of(line: str, marks: list[Mark], room: int) -> _View:
        shown = expand(line)
        cells = [0]
        for piece in shown:
            cells.append(cells[-1] + text_width(piece))
        text = "".join(shown).rstrip()
        if text_width(text) <= room:
            return _View(text, cells)
        return _View(*_cropped(shown, cells, marks, room))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The cells `[from, to)` of the characters `[start, end)`; at least one."""
        first = self._cell(start)
        return first, max(self._cell(end), first + 1)

    def _cell(self, index: int) -> int:
        beyond = index - (len(self.cells) - 1)
        return self.cells[-1] + beyond if beyond > 0 else self.cells[index]


def _cropped(shown: list[str], cells: list[int], marks: list[Mark], room: int) -> tuple[str, list[int]]:
    """`room` cells of a long line around its first (or primary) mark, with `...` where something is left out."""
    at = cells[min(_focus(marks), len(cells) - 1)]
    left = 0 if at < room * 2 // 3 else at - room // 3
    left = min(left, max(cells[-1] + 1 - room, 0))
    first = next(index for index, cell in enumerate(cells) if cell >= left)
    left = cells[first]
    prefix = _CUT if left else ""
    suffix = _CUT if cells[-1] - left > room else ""
    middle = take("".join(shown[first:]), room - len(suffix)) + suffix
    text = prefix + middle[len(prefix) :] if middle[: len(prefix)].isascii() else prefix + middle.lstrip()
    return text, [min(max(cell - left, 0), room - 1) for cell in cells]


def _layers(marks: list[Mark]) -> Iterator[list[Mark]]:
    """The marks of one line split so that none overlap, from the left; primary marks first."""
    waiting = sorted(marks, key=lambda mark: (not mark.primary, mark.start))
    while waiting:
        layer: list[Mark] = []
        rest: list[Mark] = []
        for mark in waiting:
            free = all(mark.end <= other.start or other.end <= mark.start for other in layer)
            (layer if free else rest).append(mark)
        yield sorted(layer, key=lambda mark: mark.start)
        waiting = rest


def _underline(marks: list[Mark], view: _View, room: int) -> Iterator[Line]:
    """The carets, the last mark's text beside them, and the other texts hanging below, the last one first."""
    places = [view.place(mark.start, mark.end) for mark in marks]
    carets = _row([_carets(mark, *at) for mark, at in zip(marks, places, strict=True)])
    end = places[-1][1]
    texts = list(wrap(printable(marks[-1].text), max(room - end - 1, _NARROWEST_TEXT))) if marks[-1].text else []
    beside = bool(texts) and (end + _NARROWEST_TEXT <= room or text_width(texts[0]) + end < room)
    if beside:
        carets += [Piece(f" {texts[0]}", _style(marks[-1]))]
    yield carets
    hanging = [(mark, first) for mark, (first, _) in zip(marks, places, strict=True) if mark.text]
    if beside:
        hanging.pop()
        bars = [(first, "|", mark) for mark, first in hanging]
        for text in texts[1:]:
            yield _row([*[bar for bar in bars if bar[0] < end], (end + 1, text, marks[-1])])
    yield from _hang(hanging, room)


def _carets(mark: Mark, first: int, end: int) -> tuple[int, str, Mark]:
    return first, ("^" if mark.primary else "-") * (end - first), mark


def _hang(hanging: list[tuple[Mark, int]], room: int) -> Iterator[Line]:
    if hanging:
        yield _row([(first, "|", mark) for mark, first in hanging])
    while hanging:
        mark, at = hanging.pop()
        bars = [(first, "|", other) for other, first in hanging]
        for text in wrap(printable(mark.text), max(room - at, _NARROWEST_TEXT)):
            yield _row([*bars, (at, text, mark)])


def _row(items: list[tuple[int, str, Mark]]) -> Line:
    """Texts at their cells, spaces between; where two would collide the later one moves right."""
    pieces: Line = []
    at = 0
    for cell, text, mark in items:
        pieces += [Piece(" " * max(cell - at, 0)), Piece(text, _style(mark))]
        at = max(cell, at) + text_width(text)
    return pieces


def _style(mark: Mark) -> str:
    return "primary" if mark.primary else "secondary"
